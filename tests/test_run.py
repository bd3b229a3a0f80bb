"""What a run's condition means: by the status first, then by the reason, and an unknown reason falls back."""

import pytest

from tekton_integrations.run import _COULD_NOT_START, State, state_of


def test_without_a_condition_a_run_is_queued() -> None:
    assert state_of(None) is State.QUEUED


@pytest.mark.parametrize("reason", ["PipelineRunPending", "TaskRunPending", "Pending"])
def test_who_waits_to_begin_is_queued(reason: str) -> None:
    assert state_of("Unknown", reason) is State.QUEUED


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "Started",
        "Running",
        "ResolvingPipelineRef",
        "ResolvingTaskRef",
        "ToBeRetried",
        "PipelineRunStopping",
        "CancelledRunningFinally",
        "StoppedRunningFinally",
        "PipelineRunTimeoutRunningFinally",
        # Reasons of an end, but the status says that it has not come yet.
        "Cancelled",
        "Failed",
        "TaskRunTimeout",
        "SomethingNew",
    ],
)
def test_whatever_the_reason_it_runs_until_the_status_says_otherwise(reason: str) -> None:
    assert state_of("Unknown", reason) is State.RUNNING


@pytest.mark.parametrize("reason", ["Succeeded", "Completed", "SomethingNew", ""])
def test_true_is_success_whatever_the_reason(reason: str) -> None:
    assert state_of("True", reason) is State.SUCCEEDED


@pytest.mark.parametrize("reason", ["Succeeded", "Completed"])
def test_a_run_that_ran_nothing_was_skipped(reason: str) -> None:
    assert state_of("True", reason, ran_nothing=True) is State.SKIPPED


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("Cancelled", State.CANCELLED),
        ("TaskRunCancelled", State.CANCELLED),
        ("CustomRunCancelled", State.CANCELLED),
        ("PipelineRunTimeout", State.TIMED_OUT),
        ("TaskRunTimeout", State.TIMED_OUT),
        ("CustomRunTimedOut", State.TIMED_OUT),
        ("FailureIgnored", State.FAILURE_IGNORED),
        ("Failed", State.FAILED),
        ("StepFailed", State.FAILED),
        ("StepOOM", State.FAILED),
        ("PodEvicted", State.FAILED),
        ("TaskRunImagePullFailed", State.FAILED),
        ("TaskRunResultLargerThanAllowedLimit", State.FAILED),
        ("SomethingNew", State.FAILED),
        ("", State.FAILED),
    ],
)
@pytest.mark.parametrize("began", [True, False])
def test_false_is_refined_by_the_reason(reason: str, state: State, began: bool) -> None:
    assert state_of("False", reason, began=began) is state


@pytest.mark.parametrize(
    "reason",
    sorted(
        {
            "CouldntGetPipeline",
            "CouldntGetTask",
            "CreateRunFailed",
            "InvalidWorkspaceBindings",
            "ParameterMissing",
            "PipelineInvalidGraph",
            "PipelineValidationFailed",
            "TaskRunResolutionFailed",
            "TaskRunValidationFailed",
        }
        | _COULD_NOT_START
    ),
)
def test_an_error_before_anything_began_means_that_it_could_not_start(reason: str) -> None:
    assert state_of("False", reason, began=False) is State.COULD_NOT_START
    assert state_of("False", reason, began=True) is State.FAILED


def test_what_runs_or_waits_is_not_final() -> None:
    assert {state for state in State if not state.final} == {State.QUEUED, State.RUNNING}


def test_red_is_what_a_person_should_look_at() -> None:
    assert {state for state in State if state.red} == {State.FAILED, State.COULD_NOT_START, State.TIMED_OUT}
    assert all(state.final for state in State if state.red)


def test_users_see_states_as_words() -> None:
    assert str(State.TIMED_OUT) == f"{State.TIMED_OUT}" == "TimedOut"
