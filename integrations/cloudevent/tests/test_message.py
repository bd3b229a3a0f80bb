"""Both modes carry the same CloudEvent, and nothing in a run can end a header or make one."""

from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from tekton_integrations_cloudevent.attributes import About, attributes
from tekton_integrations_cloudevent.data import thin, within
from tekton_integrations_cloudevent.message import message

from integrations.cloudevent.tests.runs import manifest, milestone
from tekton_integrations.posting import Message
from tests.fakes.cloudevent import violations
from tests.hostile import HOSTILE, hostile

MODES = ("binary", "structured")


def read(sent: Message) -> tuple[dict[str, Any], Any]:
    cloud_event = from_http(HTTPMessage(dict(sent.headers), sent.body), JSONFormat())
    return cloud_event.get_attributes(), cloud_event.get_data()


def made(name: str, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    run, found = manifest(name)
    about = About.run(run)
    return attributes(about, milestone(), run.state) | changes, {about.key: within(found, thin(run))[0]}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["success", "failure", "taskrun"])
def test_what_is_sent_is_what_a_receiver_reads(name: str, mode: str) -> None:
    said, data = made(name)
    sent = message(dict(said), data, mode)
    assert read(sent) == (said, data)
    assert violations(list(sent.headers.items()), sent.body) == []


def test_attributes_are_headers_in_binary_mode_and_in_the_body_in_the_other() -> None:
    said, data = made("success")
    binary, structured = (message(dict(said), data, mode) for mode in MODES)
    assert binary.headers["content-type"] == "application/json"
    assert binary.headers["ce-sequence"] == "0000000001"
    assert binary.headers["ce-time"] == "2027-01-15T08:01:04.250000Z"
    assert structured.headers == {"content-type": "application/cloudevents+json"}
    assert binary.media.endswith("/mode to structured")
    assert structured.media.endswith("/mode to binary")


def test_letters_are_sent_as_they_are_and_not_as_six_each() -> None:
    said, _ = made("success")
    for mode in MODES:
        assert "Grüße 🚀".encode() in message(dict(said), {"pipelineRun": {"text": "Grüße 🚀"}}, mode).body


@given(text=st.one_of(hostile(), st.text(min_size=1, max_size=40)).filter(bool), mode=st.sampled_from(MODES))
@settings(max_examples=150, deadline=None)
def test_no_text_gets_out_of_its_header(text: str, mode: str) -> None:
    said, data = made("success", subject=text, trimmed=text)
    sent = message(dict(said), data, mode)
    assert violations(list(sent.headers.items()), sent.body) == []
    assert read(sent) == (said, data)


@pytest.mark.parametrize("text", [*HOSTILE, "a\r\nx-evil: 1", 'a"b%c d'])
def test_values_are_percent_encoded_as_the_binding_says(text: str) -> None:
    said, data = made("success", subject=text)
    value = message(said, data, "binary").headers["ce-subject"]
    assert value.isascii()
    assert not set(value) & set(' "\r\n\x1b')
