"""Whatever a run says: in Slack it calls nobody, links nowhere and looks like nothing but text."""

import json

import pytest
from tekton_integrations_slack.card import Page, card, plain, settled
from tekton_integrations_slack.reply import reply

from integrations.slack.tests.test_card import live, texts
from tekton_integrations import Excerpt, Record, State, Step
from tekton_integrations.record import RunRef
from tekton_integrations.testing import make_child, make_run
from tekton_integrations.testing.corpus import CORPUS, unfit
from tests.fakes.slack.blocks import check


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_nothing_that_a_run_says_is_more_than_text(text: str) -> None:
    task = make_child(text, State.FAILED, Step(name=text, exit_code=1, reason=text), message=text)
    ref = RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name=text, uid="1")
    said = [settled(Record(namespace=text, name="r", run=ref, integration="slack"))]
    for state in State:
        run = make_run(state, message=text, reason=text, name=text, namespace=text, pipeline=text)
        page = Page(children=[task])
        excerpts = {task.name: Excerpt(step=text, lines=(text, text))}
        said += [card(run, page), plain(run, page), reply(run, page, excerpts)]
        said.append(reply(run, page, {task.name: Excerpt(withheld=text)}))
    for message in said:
        check(message)
        assert live(message) == []
        assert not set("<>") & set(message["text"])
        assert unfit("".join([*texts([message["blocks"], message["attachments"]]), message["text"]])) == []
        assert json.loads(json.dumps(message)) == message
