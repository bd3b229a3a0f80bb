"""The outcome in a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.github.tests.helpers import child, run
from tekton_integrations import Child, Run, State, Step
from tekton_integrations.outcome import title
from tests.calm import calmly
from tests.hostile import hostile
from tests.recorded import recorded

STEP = Step(name="integration", exit_code=2, reason="Error")
FAILED = child("test", State.FAILED, Step(name="unit", exit_code=0, reason="Completed"), STEP)
PULL = child("build", State.FAILED, reason="TaskRunImagePullFailed", message='the image "ghcr.io/x:1" failed')
TASK = {"kind": "TaskRun", "name": "build-x7k2p-test"}


@pytest.mark.parametrize(
    ("shown", "children", "text"),
    [
        (run(State.QUEUED), [], "Queued"),
        (run(State.QUEUED, reason="PipelineRunPending"), [], "Queued: on hold until its spec.status is changed"),
        (run(State.RUNNING), [], "0 of 1 task done"),
        (run(State.RUNNING, message=""), [], "Running"),
        (run(State.RUNNING, message=""), [child("a", State.SUCCEEDED), child("b", State.RUNNING)], "1 of 2 tasks done"),
        (
            run(State.RUNNING, message="Tasks Completed: 2 (Failed: 1, Cancelled 0), Incomplete: 1, Skipped: 0"),
            [],
            "2 of 3 tasks done, 1 failed",
        ),
        (run(State.RUNNING, reason="ResolvingPipelineRef", message=""), [], "Fetching the pipeline"),
        (run(State.RUNNING, reason="CancelledRunningFinally"), [], "Being cancelled: 0 of 1 task done"),
        (
            run(State.RUNNING),
            [child("build", State.RUNNING, reason="PullImageFailed", message='pulling image "ghcr.io/x:1"')],
            "0 of 1 task done; build: image can't be pulled: ghcr.io/x:1",
        ),
        (run(State.SUCCEEDED), [], "Succeeded in 1 min 3 s"),
        (run(State.SUCCEEDED, started=None), [], "Succeeded"),
        (
            run(State.SUCCEEDED),
            [child("lint", State.FAILURE_IGNORED)],
            "Succeeded in 1 min 3 s (lint failed, which is ignored)",
        ),
        (run(State.SKIPPED), [], "Skipped: no task had to run"),
        (run(State.FAILED), [FAILED], "test failed: step integration exited with code 2"),
        (run(State.FAILED), [FAILED, PULL], "build: image can't be pulled: ghcr.io/x:1 (and 1 more)"),
        (
            run(State.FAILED, message="Tasks Completed: 3 (Failed: 1, Cancelled 0), Skipped: 1"),
            [],
            "Failed: 1 of 3 tasks failed",
        ),
        (run(State.FAILED, message="", reason="SomethingBroke"), [], "Failed: something broke"),
        (run(State.FAILURE_IGNORED, message="it rained"), [], "Failed: it rained (ignored)"),
        (
            run(State.COULD_NOT_START, message='pipelines.tekton.dev "x" not found', reason="CouldntGetPipeline"),
            [],
            'Could not start: Pipeline "x" not found in namespace "team-a"',
        ),
        (run(State.CANCELLED), [child("a", State.CANCELLED)], "Cancelled after 1 min 3 s"),
        (run(State.TIMED_OUT), [], "Timed out after 1 min 3 s"),
        (run(State.TIMED_OUT), [child("build", State.CANCELLED)], "Timed out after 1 min 3 s in task build"),
        (
            run(State.TIMED_OUT),
            [child(name, State.CANCELLED) for name in "abcde"],
            "Timed out after 1 min 3 s in tasks a, b, c and 2 more",
        ),
        (
            run(State.TIMED_OUT),
            [child("build", State.CANCELLED, message="x\nPrevious status: [ExceededNodeResources] no"), FAILED],
            "Timed out after 1 min 3 s in task build: no node takes its pod; "
            "test failed: step integration exited with code 2",
        ),
        (run(State.FAILED, **TASK), [FAILED], "Failed: step integration exited with code 2"),
        (run(State.FAILED, **TASK), [child("test", State.FAILED, reason="PodEvicted")], "Its pod was evicted"),
        (
            run(State.TIMED_OUT, **TASK),
            [child("test", State.TIMED_OUT, STEP)],
            "Timed out after 1 min 3 s in step integration",
        ),
        (run(State.RUNNING, **TASK), [child("test", State.RUNNING, STEP)], "1 of 1 step done"),
    ],
)
def test_the_title_is_the_outcome_in_a_line(shown: Run, children: list[Child], text: str) -> None:
    assert title(shown, children) == text


@calmly
@given(st.sampled_from(State), hostile() | st.text(max_size=600), st.lists(st.sampled_from(State), max_size=3))
def test_any_title_is_one_short_line_in_words(state: State, text: str, states: list[State]) -> None:
    children = [child(text, each, message=text) for each in states]
    line = title(run(state, message=text, reason=""), children)
    assert 0 < len(line) <= 255
    assert len(line.splitlines()) == 1
    for word in (State.COULD_NOT_START, State.TIMED_OUT, State.FAILURE_IGNORED):
        assert str(word) not in title(run(state, message="", reason=str(word)), [])


@pytest.mark.parametrize(
    ("recording", "text"),
    [
        ("success", "Succeeded in 2 s"),
        ("failure", "test failed: step integration exited with code 2"),
        ("retries", "flaky failed in all 3 tries: step run exited with code 1"),
        ("timeout", "Timed out after 2 s in task slow"),
        ("cancelled", "Cancelled after 3 s"),
        ("not-found", 'Could not start: Pipeline "no-such-pipeline" not found in namespace "default"'),
        ("skipped", "Succeeded in 1 s"),
        ("taskrun", "Succeeded in less than a second"),
        ("annotated-pipeline", "Succeeded in less than a second"),
        ("remote-pipeline", "Succeeded in 1 s"),
    ],
)
def test_each_recording_ends_as_people_expect(recording: str, text: str) -> None:
    assert title(*recorded(recording)) == text
