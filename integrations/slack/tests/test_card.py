"""What a card and its reply say of recorded runs, and that nothing in them is more than text, or too much of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tekton_integrations_slack import blocks
from tekton_integrations_slack.card import Message, Page, card, plain, settled
from tekton_integrations_slack.looks import LOOKS
from tekton_integrations_slack.reply import reply

from integrations.slack.tests.helpers import annotated
from tekton_integrations import Child, Excerpt, Record, Run, State, Step
from tekton_integrations.record import RunRef
from tekton_integrations.testing import make_child, make_run
from tests.fakes.slack.blocks import check, size
from tests.hostile import HOSTILE, hostile
from tests.recorded import RECORDINGS, recorded

# recording → part of what its card must say in the end
SAYS = {
    "annotated-pipeline": "Succeeded in",
    "cancelled": "Cancelled after",
    "failure": "test failed: step integration exited with code 2",
    "not-found": 'Could not start: Pipeline "no-such-pipeline" not found',
    "remote-pipeline": "Succeeded in",
    "retries": "flaky failed in all 3 tries: step run exited with code 1",
    "skipped": "Succeeded in",
    "success": "Succeeded in",
    "taskrun": "Succeeded in",
    "timeout": "Timed out after",
}
LIVE = {"link", "user", "usergroup", "broadcast", "channel", "emoji", "team"}


def texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["text"]] if isinstance(node.get("text"), str) else []
        return own + [text for key, value in node.items() if key != "style" for text in texts(value)]
    return [text for each in node for text in texts(each)] if isinstance(node, list) else []


def shown(message: Message) -> str:
    return " ".join(texts([message["blocks"], message["attachments"]]))


def live(node: Any) -> list[str]:
    """Kinds of all elements that are more than text."""
    if isinstance(node, dict):
        own = [node["type"]] if node.get("type") in LIVE | {"mrkdwn"} else []
        return own + [kind for value in node.values() for kind in live(value)]
    return [kind for each in node for kind in live(each)] if isinstance(node, list) else []


@pytest.mark.parametrize("name", RECORDINGS)
def test_each_recording_s_card_says_how_it_ended_and_why(name: str) -> None:
    run, children = recorded(name)
    message = card(run, Page(children=children))
    check(message)
    assert SAYS[name] in shown(message)
    assert SAYS[name] in message["text"].replace("&amp;", "&")
    assert message["attachments"][0]["color"] == LOOKS[run.state].color


@pytest.mark.parametrize("name", RECORDINGS)
def test_each_moment_of_a_recording_makes_a_card_that_slack_takes(name: str) -> None:
    for until in range(1, 30):
        run, children = recorded(name, until)
        check(card(run, Page(children=children)))


def test_a_failure_s_reply_names_what_failed_and_shows_the_log() -> None:
    run, children = recorded("failure")
    log = Excerpt(step="integration", lines=("one", "two"), omitted=None)
    message = reply(run, Page(children=children), {child.name: log for child in children})
    check(message)
    assert "test" in shown(message)
    assert "one\ntwo" in shown(message)


def test_what_to_do_about_the_cause_is_said() -> None:
    child = make_child("test", State.FAILED, reason="PodEvicted", message="The node was low on memory.")
    said = shown(card(make_run(State.FAILED), Page(children=[child])))
    assert "Raise what it requests, then run it again." in said


def test_what_else_failed_is_named_and_the_rest_counted() -> None:
    children = [make_child(f"task-{number}") for number in range(9)]
    said = shown(card(make_run(State.FAILED), Page(children=children)))
    assert "Also failed:" in said
    assert "5 more tasks" in said


def test_the_commit_is_shown_where_the_run_says_it_to_github_s_integration() -> None:
    said = {
        f"github.integrations.tekton.dev/{key}": value
        for key, value in {"owner": "acme", "repo": "api", "sha": "3f786850e387550fdab836ed7e6dc881de23001b"}.items()
    }
    assert "acme/api@3f786850e387" in shown(card(annotated(said), Page()))
    copied = annotated(said, ignored=("github.integrations.tekton.dev/sha",))
    assert "acme/api" not in shown(card(copied, Page()))


def test_a_run_that_is_gone_has_a_card_that_says_so() -> None:
    ref = RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name="build-x7k2p", uid="1")
    message = settled(Record(namespace="team-a", name="r", run=ref, integration="slack"))
    check(message)
    assert "outcome unknown" in shown(message)


@pytest.mark.parametrize(
    "evil", [*HOSTILE, "<!channel>", "<@U024BE91L>", "@here", "<https://evil.example|click>", "&lt;!here&gt;"]
)
def test_text_of_others_is_only_text(evil: str) -> None:
    run = make_run(State.FAILED, message=evil, pipeline=evil)
    child = make_child(evil, State.FAILED, Step(name=evil, exit_code=1, reason=evil), message=evil)
    excerpt = Excerpt(step=evil, lines=(evil,))
    for message in (card(run, Page(children=[child])), reply(run, Page(children=[child]), {child.name: excerpt})):
        assert live(message) == []
        assert "<" not in message["text"]
        assert ">" not in message["text"]


@given(name=hostile(), said=hostile(), log=st.lists(hostile(), max_size=5), count=st.integers(0, 12))
def test_whatever_a_run_says_slack_takes_it_and_nobody_is_called(
    name: str, said: str, log: list[str], count: int
) -> None:
    run = make_run(State.FAILED, message=said, pipeline=name or "p")
    children = [make_child(name or "t", State.FAILED, message=said, name=f"{n}") for n in range(count)]
    excerpts = {child.name: Excerpt(lines=tuple(log), withheld="" if log else said) for child in children}
    for message in (card(run, Page(children=children)), reply(run, Page(children=children), excerpts)):
        check(message)
        assert live(message) == []
        assert not set("<>") & set(message["text"])


@given(st.text(max_size=300) | hostile(), st.integers(1, 300))
def test_an_escaped_text_fits_and_none_of_its_escapes_is_cut(text: str, limit: int) -> None:
    shown = blocks.escaped(text, limit)
    assert len(shown) <= max(limit, 1)
    plainly = shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert not set("&<>") & set(plainly)


@pytest.mark.parametrize("letter", ["x", "👩‍👩‍👧‍👦", "漢", "<", "\n", "é"])
def test_however_long_all_is_a_message_stays_below_slack_s_limits(letter: str) -> None:
    long = letter * 20_000
    run = make_run(State.FAILED, message=long, pipeline=long, name="r" * 63, namespace="n" * 63)
    children: list[Child] = [
        make_child(long, State.FAILED, Step(name=long, exit_code=2, reason=long), message=long, name=f"c{n}")
        for n in range(200)
    ]
    excerpts = {child.name: Excerpt(step=long, lines=(long,) * 50) for child in children[:2]}
    url = "https://tekton.example.com/" + "x" * 2000
    page = Page(children=children, details_url=url, mentions=("here",))
    for message in (card(run, page), reply(run, page, excerpts), plain(run, page)):
        check(message)
        assert size(message) <= blocks.MAX_MESSAGE
        assert blocks.size(message) == size(message)
        assert len(json.dumps(message)) < 100_000


def test_a_letter_of_several_signs_is_not_torn_at_the_cut() -> None:
    family = "👩‍👩‍👧‍👦"
    for before in range(12):
        said = blocks.escaped("x" * before + family * 50, 40)
        assert said.removesuffix("…").replace(family, "").strip("x") == ""


def test_the_end_of_a_log_is_kept_and_what_is_left_out_is_counted() -> None:
    run = make_run(State.FAILED)
    child = make_child("test", State.FAILED, Step(name="unit", exit_code=1, reason="Error"))
    lines = tuple(f"line {number} {'x' * 40}" for number in range(500))
    said = shown(reply(run, Page(children=[child]), {child.name: Excerpt(step="unit", lines=lines, omitted=10)}))
    assert "line 499" in said
    assert "line 1 " not in said
    kept = said.count("xxxx line") + 1
    assert f"{510 - kept} lines before it" in said or "lines before it" in said


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "ftp://x", "https://" + "x" * 4000])
def test_an_address_that_is_none_is_no_link(url: str) -> None:
    message = card(make_run(State.SUCCEEDED), Page(details_url=url))
    assert "link" not in live(message["blocks"])


def test_nothing_that_passes_by_itself_is_on_a_card_that_goes_on() -> None:
    """Else it would be changed for ever."""
    run: Run = make_run(State.RUNNING)
    assert card(run, Page()) == card(replace(run, resource_version="2"), Page())
