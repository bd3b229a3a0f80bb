"""Whatever a run says: a body is JSON, or a form, and what was said is a value in it."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from tekton_integrations_webhook.bodies import VARIABLES, filled
from tekton_integrations_webhook.facts import of_run
from tekton_integrations_webhook.payload import encoded, full, thin

from integrations.webhook.tests.helpers import milestone
from tekton_integrations import State, Step
from tekton_integrations.testing import make_child, make_run
from tekton_integrations.testing.corpus import CORPUS, unfit

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_our_own_body_says_it_as_a_line_of_text(text: str) -> None:
    task = make_child(text, State.FAILED, Step(name=text, exit_code=1, reason=text), message=text)
    for state in (State.FAILED, State.RUNNING, State.SUCCEEDED, State.COULD_NOT_START):
        run = make_run(state, message=text, reason="Failed", pipeline=text)
        body = thin(of_run(run, [task], ""), milestone())
        said = json.loads(encoded(body))
        assert said["data"]["state"] == str(state)
        assert said == json.loads(json.dumps(said))
        for value in (said["data"].get("message", ""), said["data"].get("title", "")):
            assert unfit(value) == []
            assert "\n" not in value
        manifest = {"metadata": {"annotations": {"x": text}}, "spec": {"params": [{"name": "x", "value": text}]}}
        whole: dict[str, Any] = json.loads(full(body, manifest))
        assert whole["data"]["object"] == manifest


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_a_body_in_the_users_words_has_it_as_a_value(text: str) -> None:
    values = dict.fromkeys(VARIABLES, text)
    assert json.loads(filled('{"a": "x$(title)", "b": "$(message)"}', JSON, values)) == {"a": f"x{text}", "b": text}
    assert parse_qs(filled("a=x$(title)&b=y", FORM, values).decode()) == {"a": [f"x{text}"], "b": ["y"]}
