"""Bodies that users write: whatever stands in for a variable, JSON stays JSON and a form a form."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tekton_integrations_webhook.bodies import LIMIT, VARIABLES, check, filled, of_run
from tekton_integrations_webhook.facts import of_run as facts_of
from tekton_integrations_webhook.facts import values

from integrations.webhook.tests.helpers import DONE, milestone
from tekton_integrations import PermanentError
from tests.calm import calmly
from tests.hostile import hostile

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
NAME = "webhook.integrations.tekton.dev/template: "


def refusal(template: str, content_type: str = JSON) -> str:
    with pytest.raises(PermanentError) as caught:
        check(template, content_type)
    assert caught.value.reason == "InvalidAnnotation"
    assert caught.value.message.startswith(NAME)
    return caught.value.message.removeprefix(NAME)


@calmly
@given(hostile())
def test_no_value_gets_out_of_its_string_in_json(value: str) -> None:
    body = filled('{"a": "<$(title)>", "b": ["$(title)"]}', JSON, {"title": value})
    assert json.loads(body) == {"a": f"<{value}>", "b": [value]}


@calmly
@given(hostile())
def test_no_value_gets_out_of_its_field_in_a_form(value: str) -> None:
    body = filled("text=x$(title)&channel=C1", FORM, {"title": value})
    assert parse_qs(body.decode()) == {"text": [f"x{value}"], "channel": ["C1"]}


def test_any_other_type_has_values_as_they_are() -> None:
    assert filled("$(title)\n", "text/plain; charset=utf-8", {"title": 'a "b" ü'}) == 'a "b" ü\n'.encode()


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.acme.v1+json"])
def test_other_names_of_json_are_json(content_type: str) -> None:
    assert filled('["$(title)"]', content_type, {"title": '"'}) == b'["\\""]'


def test_every_variable_has_a_value_and_no_other_is_known() -> None:
    assert set(values(facts_of(DONE, [], ""), milestone())) == set(VARIABLES)
    check("".join(f"$({name})" for name in VARIABLES), "text/plain")
    assert refusal('"$(nmae)"').startswith("unknown variable $(nmae); known: $(id), $(type), ")


def test_what_is_no_json_is_told_before_there_is_anything_to_tell() -> None:
    cure = "what the template becomes is no JSON; put variables between double quotes"
    assert refusal('{"text": $(name)}') == cure
    assert refusal('{"text": "$(name)"') == cure
    assert refusal("hello") == cure
    check('{"n": $(sequence), "count": $(params.count)}', JSON)


def test_a_body_that_gets_too_large_is_refused() -> None:
    with pytest.raises(PermanentError) as caught:
        filled("$(params.a)" * 100, "text/plain", {"params.a": "x" * 1000})
    assert f"over {LIMIT} characters" in caught.value.message


def test_a_value_that_looks_like_a_variable_stays_as_it_is() -> None:
    assert filled('"$(title)"', JSON, {"title": "$(name)", "name": "secret"}) == b'"$(name)"'


def test_parameters_and_results_are_those_of_the_run() -> None:
    manifest: dict[str, Any] = {
        "spec": {"params": [{"name": "sha", "value": "3f78"}, {"name": "os", "value": ["linux", "mac"]}]},
        "status": {"results": [{"name": "image.digest", "value": "sha256:1"}, {"name": "o", "value": {"a": "b"}}]},
    }
    found = of_run(manifest)
    assert found == {
        "params.sha": "3f78",
        "params.os": '["linux","mac"]',
        "results.image.digest": "sha256:1",
        "results.o": '{"a":"b"}',
    }
    assert filled('"$(params.sha) $(results.image.digest)"', JSON, found) == b'"3f78 sha256:1"'


@pytest.mark.parametrize("manifest", [None, {}, {"spec": {}, "status": {}}, {"spec": {"params": None}}])
def test_what_the_run_has_not_is_empty(manifest: dict[str, Any] | None) -> None:
    assert filled('"$(params.sha)$(results.x)"', JSON, of_run(manifest)) == b'""'


@calmly
@given(st.text(st.sampled_from('$(){}"name.param:x\\ '), min_size=1, max_size=40))
def test_whatever_passes_the_check_makes_json_of_hostile_values(template: str) -> None:
    try:
        check(template, JSON)
    except PermanentError:
        return
    hostile_values = {**dict.fromkeys(VARIABLES, '"}]\n\\'), "sequence": "3"}
    with suppress(PermanentError):  # a parameter without quotes, which may be a number
        json.loads(filled(template, JSON, hostile_values))
