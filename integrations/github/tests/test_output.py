"""What GitHub shows of a run: every state, every recording, and text that nobody should trust."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tekton_integrations_github import output

from hack.recording import load
from integrations.github.tests.helpers import child, run
from tekton_integrations import Child, Run, State, Step
from tekton_integrations.kube.runs_json import decode_child, decode_run
from tests.calm import calmly
from tests.fakes.github.markdown import markdown

HOSTILE = "@acme/everyone https://evil.example ![x](https://evil.example/p.png) `tick` **bold** <img src=evil>"
FAILED_STEP = Step(name="integration", exit_code=2, reason="Error")


def shown(html: str) -> str:
    """What is on the page outside of code."""
    return re.sub(r"<code>.*?</code>", "", html, flags=re.S)


@pytest.mark.parametrize(
    ("state", "title"),
    [
        (State.QUEUED, "Queued"),
        (State.RUNNING, "Running"),
        (State.SUCCEEDED, "Succeeded in 1 min 3 s"),
        (State.SKIPPED, "Skipped: no task had to run"),
        (State.FAILED, "Failed: It was Failed."),
        (State.FAILURE_IGNORED, "Failed: It was FailureIgnored."),
        (State.COULD_NOT_START, "Could not start: It was CouldNotStart."),
        (State.CANCELLED, "Cancelled after 1 min 3 s"),
        (State.TIMED_OUT, "Timed out after 1 min 3 s"),
    ],
)
def test_the_title_is_the_outcome_in_a_line(state: State, title: str) -> None:
    assert output.title(run(state), []) == title
    assert output.commit_status(run(state), [])["description"] == title


@pytest.mark.parametrize("state", State)
def test_every_state_makes_a_check_run_and_a_status(state: State) -> None:
    payload = output.check_run(run(state), [])
    assert (payload["status"] == "completed") == state.final == ("conclusion" in payload) == ("completed_at" in payload)
    assert (output.commit_status(run(state), [])["state"] == "pending") == (not state.final)
    assert f"**{state}**" in payload["output"]["summary"]


@pytest.mark.parametrize("state", [each for each in State if each.red])
def test_what_is_red_never_satisfies_a_required_check(state: State) -> None:
    assert output.check_run(run(state), [])["conclusion"] not in ("success", "neutral", "skipped")
    assert output.commit_status(run(state), [])["state"] in ("failure", "error")


def test_what_was_settled_never_satisfies_a_required_check() -> None:
    assert output.settled_check_run()["conclusion"] == "cancelled"
    assert output.twin_check_run("2026-11-21T09:00:00Z", 7)["conclusion"] == "cancelled"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "less than a second"),
        (1, "1 s"),
        (59.7, "1 min"),
        (60, "1 min"),
        (3600, "1 h"),
        (3725, "1 h 2 min 5 s"),
        (90061, "25 h 1 min 1 s"),
    ],
)
def test_a_duration_is_told_in_words(seconds: float, text: str) -> None:
    ended = run(State.SUCCEEDED, started=1000.0, finished=1000.0 + seconds)
    assert output.title(ended, []) == f"Succeeded in {text}"


@pytest.mark.parametrize("times", [{"started": None}, {"finished": None}])
def test_without_both_times_no_duration_is_told(times: dict[str, None]) -> None:
    assert output.title(run(State.SUCCEEDED, **times), []) == "Succeeded"


def test_times_are_those_of_the_run() -> None:
    payload = output.check_run(run(State.SUCCEEDED), [])
    assert (payload["started_at"], payload["completed_at"]) == ("2027-01-15T08:00:01Z", "2027-01-15T08:01:04Z")


def test_a_run_that_never_started_has_ended_when_it_was_made() -> None:
    payload = output.check_run(run(State.COULD_NOT_START, started=None, finished=None), [])
    assert payload["completed_at"] == "2027-01-15T08:00:00Z"
    assert "started_at" not in payload


def test_the_failing_step_is_named() -> None:
    failing = child("test", State.FAILED, Step(name="unit", exit_code=0, reason="Completed"), FAILED_STEP)
    assert output.title(run(State.FAILED), [failing]) == "test failed: step integration exited with code 2"


def test_all_that_failed_are_counted_in_the_title_and_named_in_the_summary() -> None:
    children = [child("a", State.SUCCEEDED), child("b", State.FAILED, FAILED_STEP), child("c", State.TIMED_OUT)]
    assert output.title(run(State.FAILED), children) == "b failed: step integration exited with code 2 (and 1 more)"
    summary = output.summary(run(State.FAILED), children)
    assert "- `b`: `step integration exited with code 2`\n- `c`: `TimedOut`" in summary
    assert "`a`" not in summary


@pytest.mark.parametrize(
    ("failing", "cause"),
    [
        (child("t", State.FAILED, Step(name="run", exit_code=137, reason="OOMKilled")), "code 137 (OOMKilled)"),
        (child("t", State.FAILED, Step(name="run", exit_code=1, reason="")), "step run exited with code 1"),
        (child("t", State.FAILED, reason="TaskRunImagePullFailed", message="no such image"), "no such image"),
        (child("t", State.FAILED, reason="PodEvicted"), "t failed: PodEvicted"),
    ],
)
def test_the_cause_is_the_step_s_or_tekton_s(failing: Child, cause: str) -> None:
    assert cause in output.title(run(State.FAILED), [failing])


def test_a_step_that_may_fail_is_not_blamed_for_a_later_one() -> None:
    steps = [
        {"name": "lint", "terminated": {"exitCode": 1, "reason": "Completed"}, "terminationReason": "Continued"},
        {"name": "unit", "terminated": {"exitCode": 1, "reason": "Error"}, "terminationReason": "Error"},
    ]
    raw = json.dumps({"metadata": _metadata(), "status": {"conditions": [_failed()], "steps": steps}}).encode()
    assert output.cause(decode_child(raw)[1]) == "step unit exited with code 1"


@calmly
@given(st.text(max_size=3000), st.text(max_size=300), st.sampled_from(State))
def test_no_text_exceeds_what_github_takes(message: str, task: str, state: State) -> None:
    ended = run(state, message=message, reason=task)
    children = [child(task, State.FAILED, message=message)] * 40
    shown = output.check_run(ended, children)["output"]
    assert len(shown["title"]) <= 255
    assert len(shown["summary"].encode()) <= 65_535
    description = output.commit_status(ended, children)["description"]
    assert len(description) <= 140
    assert all(ord(character) <= 0xFFFF for character in description)


@pytest.mark.parametrize("letter", ["x", "é", "測", "🚀"])
def test_the_longest_summary_is_within_the_limit_in_any_script(letter: str) -> None:
    children = [child("test", State.FAILED, message=letter * 2000)] * 100
    summary = output.summary(run(State.FAILED), children)
    assert 60_000 < len(summary.encode()) <= 65_535


def test_text_of_others_is_shown_as_code_only() -> None:
    hostile = child(HOSTILE, State.FAILED, message=HOSTILE)
    ended = run(State.FAILED, message=HOSTILE, reason=HOSTILE, name=HOSTILE, namespace=HOSTILE)
    page = shown(markdown(output.summary(ended, [hostile, hostile])))
    assert "evil" not in page
    assert "@acme" not in page
    assert "bold" not in page


@calmly
@given(st.text(alphabet="`~\n\r\t *@a\\\u202e\u2028", min_size=1, max_size=60))
def test_nothing_breaks_out_of_its_code_span(text: str) -> None:
    span = output.code(text)
    assert (span[0], span[-1]) == ("`", "`")
    assert not re.search(r"[`\n\r\u2028\u202e]", span[1:-1])


def test_a_summary_that_was_cut_shows_text_of_others_as_code_only() -> None:
    children = [child("test", State.FAILED, message=HOSTILE * 15)] * 60
    page = shown(markdown(output.summary(run(State.FAILED), children)))
    assert "@acme" not in page


def test_a_title_is_one_line_without_control_characters() -> None:
    title = output.title(run(State.FAILED, message="a\x1b[31m\r\nb\u202ec"), [])
    assert title == "Failed: a [31m b c"


def _recorded(name: str) -> tuple[Run, list[Child]]:
    """The last state of the recorded run, and of its children."""
    last = {
        step.uid: json.dumps(step.object).encode() for step in load(name) if step.kind in ("PipelineRun", "TaskRun")
    }
    run = decode_run(last[load(name)[0].uid])
    return run, [one for parent, one in map(decode_child, last.values()) if parent == run.uid]


@pytest.mark.parametrize(
    ("recording", "conclusion", "title"),
    [
        ("success", "success", r"Succeeded in \d+ s"),
        ("failure", "failure", "test failed: step integration exited with code 2"),
        ("retries", "failure", "flaky failed: step run exited with code 1"),
        ("timeout", "timed_out", r"Timed out after \d+ s"),
        ("cancelled", "cancelled", r"Cancelled after \d+ s|Cancelled after less than a second"),
        ("not-found", "failure", r"Could not start: .*no-such-pipeline.*"),
        ("skipped", "success", r"Succeeded in \d+ s|Succeeded in less than a second"),
        ("taskrun", "success", r"Succeeded in \d+ s|Succeeded in less than a second"),
        ("annotated-pipeline", "success", r"Succeeded in \d+ s|Succeeded in less than a second"),
    ],
)
def test_each_recording_ends_as_people_expect(recording: str, conclusion: str, title: str) -> None:
    payload = output.check_run(*_recorded(recording))
    assert payload["conclusion"] == conclusion
    assert re.fullmatch(title, payload["output"]["title"])


def _metadata() -> dict[str, str]:
    return {"name": "t", "uid": "u", "resourceVersion": "1", "creationTimestamp": "2026-11-21T09:00:00Z"}


def _failed() -> dict[str, str]:
    return {"type": "Succeeded", "status": "False", "reason": "Failed"}
