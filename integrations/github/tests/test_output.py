"""The payloads that GitHub gets: for every state, every recording, and text that nobody should trust."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tekton_integrations_github import output
from tekton_integrations_github.output import Page

from integrations.github.tests.helpers import child, run
from tekton_integrations import Excerpt, Skipped, State, Step
from tests.calm import calmly
from tests.fakes.github.check_rules import checked
from tests.hostile import hostile
from tests.recorded import recorded

STEP = Step(name="integration", exit_code=2, reason="Error")
FAILED = child("test", State.FAILED, STEP)
LOG = Excerpt(step="integration", lines=("src/a.py:3: error: x", "2 failed"))


@pytest.mark.parametrize("state", State)
def test_every_state_makes_what_github_takes(state: State) -> None:
    payload = output.check_run(run(state), [FAILED], Page(excerpts={FAILED.name: LOG}))
    assert (payload["status"] == "completed") == state.final == ("conclusion" in payload) == ("completed_at" in payload)
    checked(payload, creating=False)
    assert (output.commit_status(run(state), [])["state"] == "pending") == (not state.final)
    assert output.deployment_state(run(state))[1]


def test_the_page_has_title_summary_and_text_but_no_annotations() -> None:
    shown = output.check_run(run(State.FAILED), [FAILED], Page(excerpts={FAILED.name: LOG}))["output"]
    assert shown["title"] == "test failed: step integration exited with code 2"
    assert shown["summary"].startswith("PipelineRun `build-x7k2p`")
    assert "2 failed" in shown["text"]
    assert set(shown) == {"title", "summary", "text"}


def test_findings_that_are_left_out_are_counted_in_the_summary() -> None:
    many = Excerpt(lines=tuple(f"a.py:{number}: x" for number in range(1, 200)))
    page = Page(excerpts={FAILED.name: many}, notes=("One of ours.",))
    summary = output.check_run(run(State.FAILED), [FAILED], page)["output"]["summary"]
    assert summary.endswith("One of ours.\n\n49 more findings in the log are not shown.")
    assert len(output.annotations(run(State.FAILED), page.excerpts).shown) == 150


def test_while_a_run_goes_on_nothing_is_annotated_that_could_not_be_taken_back() -> None:
    assert output.annotations(run(State.RUNNING), {"x": LOG}).shown == ()


def test_a_page_of_its_own_is_linked_where_there_is_one() -> None:
    link = "https://tekton.example/runs/1"
    assert output.check_run(run(), [], Page(details_url=link))["details_url"] == link
    assert output.commit_status(run(), [], link)["target_url"] == link
    assert "details_url" not in output.check_run(run(), [], Page(details_url="javascript:x"))
    assert "target_url" not in output.commit_status(run(), [])


def test_times_are_those_of_the_run() -> None:
    payload = output.check_run(run(State.SUCCEEDED), [])
    assert (payload["started_at"], payload["completed_at"]) == ("2027-01-15T08:00:01Z", "2027-01-15T08:01:04Z")


def test_a_run_that_never_started_has_ended_when_it_was_made() -> None:
    payload = output.check_run(run(State.COULD_NOT_START, started=None, finished=None), [])
    assert payload["completed_at"] == "2027-01-15T08:00:00Z"
    assert "started_at" not in payload


def test_what_was_settled_never_satisfies_a_required_check() -> None:
    assert output.settled_check_run()["conclusion"] == "cancelled"
    assert output.is_settled(output.settled_check_run())
    assert output.twin_check_run("2026-11-21T09:00:00Z", 7)["conclusion"] == "cancelled"


def test_a_task_has_a_check_of_its_own() -> None:
    payload = output.task_check(run(State.FAILED, skipped=(Skipped("x"),)), FAILED, Page(excerpts={FAILED.name: LOG}))
    assert (payload["conclusion"], payload["completed_at"]) == ("failure", "2027-01-15T08:00:03Z")
    assert payload["output"]["title"] == "Failed: step integration exited with code 2"
    assert payload["output"]["summary"].startswith("TaskRun `build-x7k2p-test` in namespace `team-a` failed after 1 s.")
    assert "| `integration` | ❌ Failed |" in payload["output"]["summary"]
    assert "2 failed" in payload["output"]["text"]
    checked(payload, creating=False)


def test_what_is_said_of_all_tasks_stands_in_the_run_s_check_alone() -> None:
    many = Excerpt(lines=tuple(f"a.py:{number}: x" for number in range(1, 200)))
    page = Page(excerpts={FAILED.name: LOG, "another": many}, notes=("Without a check of their own: 3 more tasks.",))
    summary = output.task_check(run(State.FAILED), FAILED, page)["output"]["summary"]
    assert "more tasks" not in summary
    assert "more findings" not in summary


@pytest.mark.parametrize("kind", ["CustomRun", "PipelineRun"])
def test_other_children_have_theirs_too(kind: str) -> None:
    payload = output.task_check(run(State.FAILED), child("wait", State.FAILED, kind=kind, message="it rained"))
    assert "it rained" in payload["output"]["title"]
    checked(payload, creating=False)


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_a_task_that_its_ended_run_left_open_is_concluded(state: State) -> None:
    left = child("slow", state, finished=None, started=None)
    payload = output.task_check(run(State.TIMED_OUT), left)
    assert (payload["conclusion"], payload["completed_at"]) == ("cancelled", "2027-01-15T08:01:04Z")
    assert output.task_check(run(State.RUNNING), left)["status"] != "completed"


@calmly
@given(hostile() | st.text(max_size=3000), hostile() | st.text(max_size=300), st.sampled_from(State))
def test_github_takes_whatever_the_text_is(message: str, task: str, state: State) -> None:
    ended = run(state, message=message, reason=task)
    children = [child(task, State.FAILED, message=message, name=f"{task}{number}") for number in range(40)]
    page = Page(excerpts={children[0].name: Excerpt(lines=(message, task))}, notes=(message,), details_url=task)
    payload = output.check_run(ended, children, page)
    checked(payload, creating=False)
    assert len(payload["output"]["title"]) <= 255
    for description in (output.commit_status(ended, children)["description"], output.deployment_state(ended)[1]):
        assert len(description) <= 140
        assert all(ord(character) <= 0xFFFF for character in description)
    json.dumps(payload).encode()


@pytest.mark.parametrize(
    ("recording", "conclusion"),
    [
        ("success", "success"),
        ("failure", "failure"),
        ("retries", "failure"),
        ("timeout", "timed_out"),
        ("cancelled", "cancelled"),
        ("not-found", "failure"),
        ("skipped", "success"),
        ("taskrun", "success"),
        ("annotated-pipeline", "success"),
        ("remote-pipeline", "success"),
    ],
)
def test_each_recording_is_concluded_rightly(recording: str, conclusion: str) -> None:
    payload = output.check_run(*recorded(recording))
    assert payload["conclusion"] == conclusion
    checked(payload, creating=False)


def test_a_deployment_says_what_became_of_it() -> None:
    assert output.deployment_state(run(State.SUCCEEDED)) == ("success", "Succeeded in 1 min 3 s")
    assert output.deployment_state(run(State.FAILED))[0] == "failure"
    assert output.deployment_state(replace(run(State.SKIPPED)))[0] == "inactive"


def test_a_run_of_five_hundred_tasks_is_shown_fast_enough() -> None:
    children = [child(f"t{number}", State.FAILED, STEP, message="x" * 500) for number in range(500)]
    excerpts = {one.name: LOG for one in children[:5]}
    shown = output.check_run(run(State.FAILED), children, Page(excerpts=excerpts))["output"]
    assert "`t499`" in shown["summary"]
