"""Whatever a run says: what GitHub is sent is text where it shows text, and code elsewhere."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tekton_integrations_github import output
from tekton_integrations_github.comment_text import comment
from tekton_integrations_github.page import Page

from integrations.github.tests.helpers import child, run
from tekton_integrations import Excerpt, Skipped, State, Step
from tekton_integrations.testing.corpus import CORPUS, unfit
from tests.fakes.github.markdown import markdown
from tests.hostile import outside

MARKER = "<!-- tekton-integrations: 0f0f -->"
STATES = [State.QUEUED, State.RUNNING, State.SUCCEEDED, State.FAILED, State.CANCELLED, State.COULD_NOT_START]
MARKUP = re.compile(r"<a |<img|<em|<del>|<h\d|<script|<li>\[|@\w|://|#\d|javascript:")


def payloads(text: str, state: State) -> Iterator[Any]:
    """All that is sent of a run that says it wherever it can."""
    step = Step(name=text, exit_code=1, reason=text)
    tasks = [
        child(text, State.FAILED, step, message=text, reason=text, name="one"),
        child(text, State.FAILURE_IGNORED, message=text, name="two"),
    ]
    skipped = (Skipped(text, text),)
    shown = run(state, message=text, reason=text, name=text, namespace=text, pipeline=text, skipped=skipped)
    excerpts = {"one": Excerpt(step=text, lines=(text, f"main.go:7: {text}")), "two": Excerpt(withheld=text)}
    page = Page(excerpts=excerpts, notes=(text,), name=text, sha=text)
    yield output.check_run(shown, tasks, page)["output"]
    yield from (output.task_check(shown, each, page)["output"] for each in tasks)
    yield output.skipped_check(shown, skipped[0], page)["output"]
    yield output.commit_status(shown, tasks)
    yield {"description": output.deployment_state(shown)[1]}
    yield {"annotations": [dict(note) for note in output.annotations(shown, excerpts).shown]}
    yield {"comment": comment(shown, tasks, page, MARKER)}


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_nothing_that_a_run_says_is_more_than_text(text: str) -> None:
    for state in STATES:
        for payload in payloads(text, state):
            assert unfit("".join(_strings(payload))) == []
            assert json.loads(json.dumps(payload).encode()) == payload
            for field in payload.keys() & {"summary", "text", "comment"}:
                html = outside(re.sub(r"<pre>.*?</pre>", "", markdown(payload[field] or ""), flags=re.DOTALL))
                assert not MARKUP.search(re.sub(r"<h\d>|</?details>", "", html))


def _strings(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [each for value in node.values() for each in _strings(value)]
    if isinstance(node, list | tuple):
        return [each for value in node for each in _strings(value)]
    return [node] if isinstance(node, str) else []


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_nothing_that_a_run_says_is_a_command_in_a_comment(text: str) -> None:
    for state in STATES:
        *_, last = payloads(text, state)
        body = last["comment"]
        assert body.count("<!--") == 1
        lines = [line.strip(" \t>`~*-+|'\"0123456789.)\ufeff\u200b\u200c") for line in body.splitlines()]
        assert not [line for line in lines if line.startswith("/")]
        assert not re.search(r"@\w", body.removesuffix(MARKER))
