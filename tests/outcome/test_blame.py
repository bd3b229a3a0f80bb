"""Which tasks a person should look at, the root of the failure first."""

import random

from msgspec.structs import replace

from integrations.github.tests.helpers import child, run
from tekton_integrations import Child, State, Step
from tekton_integrations.outcome import culprits, labels, run_to_blame


def step(finished: float | None = None) -> Step:
    return Step(name="run", exit_code=1, reason="Error", finished=finished)


INVALID = child("invalid", State.COULD_NOT_START, reason="TaskRunValidationFailed", finished=90.0)
PULL = child("pull", State.FAILED, reason="TaskRunImagePullFailed", finished=80.0)
EARLY = child("early", State.FAILED, step(10.0), reason="StepFailed", finished=70.0)
LATE = child("late", State.FAILED, step(20.0), reason="StepFailed", finished=60.0)
FINE = child("fine", State.SUCCEEDED)


def tasks(found: list[Child], state: State = State.FAILED) -> list[str]:
    return [culprit.child.task for culprit in culprits(run(state), found)]


def test_the_root_cause_comes_first() -> None:
    children = [LATE, FINE, EARLY, PULL, INVALID]
    for seed in range(20):
        random.Random(seed).shuffle(children)
        assert tasks(children) == ["invalid", "pull", "early", "late"]


def test_a_step_whose_end_is_not_known_counts_by_its_task() -> None:
    assert tasks([child("b", State.FAILED, step(), finished=50.0), EARLY]) == ["early", "b"]


def test_only_of_what_ran_a_log_is_wanted() -> None:
    found = culprits(run(State.FAILED), [INVALID, PULL, EARLY])
    assert [culprit.wants_log for culprit in found] == [False, False, True]


def test_what_was_cut_off_by_the_run_s_time_is_to_blame_for_it() -> None:
    cut_off = child("slow", State.CANCELLED, reason="TaskRunCancelled")
    assert tasks([FINE, cut_off], State.TIMED_OUT) == ["slow"]
    assert tasks([FINE, cut_off], State.CANCELLED) == []


def test_a_failure_that_is_ignored_is_nobody_s_fault() -> None:
    assert tasks([child("lint", State.FAILURE_IGNORED, step()), EARLY]) == ["early"]


def test_the_log_of_a_task_run_whose_failure_is_ignored_is_wanted() -> None:
    lint = child("lint", State.FAILURE_IGNORED, step(), name="lint-1")
    [culprit] = culprits(run(State.FAILURE_IGNORED, kind="TaskRun", name="lint-1"), [lint])
    assert culprit.wants_log


def test_all_tries_are_told() -> None:
    [culprit] = culprits(run(State.FAILED), [replace(EARLY, retries=2)])
    assert culprit.sentence == "early failed in all 3 tries: step run exited with code 1"
    assert culprit.alone == "Failed in all 3 tries: step run exited with code 1"


def test_an_invalid_run_is_its_own_cause_but_not_of_a_result_that_a_failed_task_owes() -> None:
    found = culprits(run(State.FAILED), [EARLY])
    assert run_to_blame(run(State.FAILED, reason="InvalidWorkspaceBindings"), found)
    assert not run_to_blame(run(State.FAILED, reason="InvalidTaskResultReference"), found)
    assert run_to_blame(run(State.FAILED, reason="InvalidTaskResultReference"), [])


def test_tasks_of_a_matrix_are_told_apart() -> None:
    children = [child("test", name="build-x7k2p-test-0"), child("test", name="build-x7k2p-test-1"), FINE]
    assert list(labels(run(), children).values()) == ["test-0", "test-1", "fine"]
