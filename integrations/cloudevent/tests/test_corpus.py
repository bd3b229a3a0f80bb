"""Whatever a run says: it ends no header and no string, and a receiver reads what was said."""

import json

import pytest
from tekton_integrations_cloudevent.attributes import About, attributes
from tekton_integrations_cloudevent.data import thin, within
from tekton_integrations_cloudevent.message import message

from integrations.cloudevent.tests.runs import milestone
from integrations.cloudevent.tests.test_message import MODES, read
from tekton_integrations import State
from tekton_integrations.testing import make_run
from tekton_integrations.testing.corpus import CORPUS
from tests.fakes.cloudevent import violations


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_nothing_that_a_run_says_is_more_than_a_value(text: str, mode: str) -> None:
    run = make_run(State.FAILED, message=text, reason="Failed", name=text[:60], namespace=text[:60], pipeline=text)
    manifest = {"metadata": {"annotations": {"x": text}}, "spec": {"params": [{"name": "x", "value": text}]}}
    about = About.run(run)
    for said in (within(manifest, thin(run))[0], thin(run)):
        given = attributes(about, milestone(), run.state)
        sent = message(dict(given), {about.key: said}, mode)
        assert violations(list(sent.headers.items()), sent.body) == []
        assert all(value.isascii() and value.isprintable() for value in sent.headers.values())
        assert read(sent) == (given, json.loads(json.dumps({about.key: said})))
