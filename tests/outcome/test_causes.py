"""Why a task failed, in words that a person understands, with what to do about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.github.tests.helpers import child, run
from tekton_integrations import Child, State, Step
from tekton_integrations.outcome import Rank, cause_of, cause_of_run, invalid, platform
from tekton_integrations.run import _CANCELLED, _COULD_NOT_START, _QUEUED, _TIMED_OUT, state_of
from tests.calm import calmly
from tests.hostile import hostile

SCHEDULED = (
    'pod status "PodScheduled":"False"; message: "0/3 nodes are available: 3 Insufficient cpu. preemption: none"'
)
PULL = (
    'the step "run" in TaskRun "x" failed to pull the image "". The pod errored with the message: '
    '"Back-off pulling image "ghcr.io/acme/app:1".."'
)
CONFIG = 'the step "run" in TaskRun "x" failed to start. The pod errored with the message: "{}."'
QUOTA = 'pods "x" is forbidden: exceeded quota: team, requested: pods=1, used: pods=5, limited: pods=5'


def failing(reason: str, message: str = "", *steps: Step, state: State = State.FAILED) -> Child:
    return child("t", state, *steps, reason=reason, message=message)


def step(code: int, reason: str = "Error", name: str = "run") -> Step:
    return Step(name=name, exit_code=code, reason=reason)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (1, "step run exited with code 1"),
        (126, "step run exited with code 126 (its command can't be executed)"),
        (127, "step run exited with code 127 (command not found)"),
        (137, "step run exited with code 137 (killed, often for want of memory)"),
        (139, "step run exited with code 139 (crashed: segmentation fault)"),
        (143, "step run exited with code 143 (terminated from outside)"),
        (133, "step run exited with code 133 (killed by signal 5)"),
        (255, "step run exited with code 255"),
    ],
)
def test_a_step_is_blamed_by_its_exit_code_in_words(code: int, text: str) -> None:
    cause = cause_of(failing("StepFailed", "", step(code)), "team-a")
    assert (cause.rank, cause.text, cause.log) == (Rank.STEP, text, True)


@pytest.mark.parametrize(
    ("failed", "text", "advice"),
    [
        (failing("StepOOM", "", step(137, "OOMKilled")), "step run ran out of memory", "raise the step's memory limit"),
        (
            failing("StepFailed", "", step(0, "OOMKilled")),
            "step run ran out of memory",
            "raise the step's memory limit",
        ),
        (
            failing("SidecarOOM", '"sidecar-db" exited with code 137: OOMKilled', step(0)),
            "sidecar db ran out of memory",
            "raise the sidecar's memory limit",
        ),
        (failing("Failed", "OOMKilled"), "a step ran out of memory", "raise the step's memory limit"),
        (
            failing("TaskRunImagePullFailed", PULL),
            "image can't be pulled: ghcr.io/acme/app:1",
            "check its name and tag, and the pull secret",
        ),
        (
            failing("TaskRunImagePullFailed", PULL.replace("Back-off", "401 Unauthorized: Back-off")),
            "image can't be pulled: ghcr.io/acme/app:1",
            "check the pull secret, and its name",
        ),
        (
            failing("PodEvicted", "The node was low on resource: memory."),
            "its pod was evicted: The node was low on resource: memory",
            "raise what it requests, then run it again",
        ),
        (
            failing("CreateContainerConfigError", CONFIG.format('secret "token" not found')),
            'Secret "token" is missing',
            "create it, or correct the name",
        ),
        (
            failing("CreateContainerConfigError", CONFIG.format("couldn't find key user in ConfigMap team-a/settings")),
            'key "user" is missing in ConfigMap "settings"',
            "add it, or correct the name",
        ),
        (
            failing("CreateContainerConfigError", CONFIG.format("no user")),
            "a container can't be configured: no user",
            "check the ConfigMaps and Secrets it names",
        ),
        (
            failing("PodCreationFailed", QUOTA, state=State.COULD_NOT_START),
            "the namespace's quota is used up (team, requested pods=1)",
            "wait for others to end, or raise the ResourceQuota",
        ),
        (
            failing("PodCreationFailed", 'failed to create task run pod "x": no such volume. Maybe invalid TaskSpec'),
            "its pod can't be made: no such volume",
            "check the task's steps and volumes",
        ),
        (
            failing("PodAdmissionFailed", "denied by policy", state=State.COULD_NOT_START),
            "the cluster refused its pod: denied by policy",
            "see the cluster's admission policies",
        ),
        (
            failing("Failed", '"step-run" exited because the step exceeded the specified timeout limit', step(1)),
            "step run ran longer than it may",
            "see its timeout",
        ),
        (failing("TaskRunTimeout", "x", step(1), state=State.TIMED_OUT), "timed out after 1 s", ""),
        (
            failing("TaskRunTimeout", f"x\nPrevious status: [Pending] {SCHEDULED}", state=State.TIMED_OUT),
            "timed out after 1 s: no node takes its pod: 3 Insufficient cpu. preemption: none",
            "lower its requests, or add nodes",
        ),
        (failing("TaskRunCancelled", "x", step(1), state=State.CANCELLED), "still running when the time was up", ""),
    ],
)
def test_what_the_cluster_did_is_told_in_plain_words(failed: Child, text: str, advice: str) -> None:
    cause = cause_of(failed, "team-a")
    assert (cause.rank, cause.text, cause.advice) == (Rank.PLATFORM, text, advice)


@pytest.mark.parametrize(
    ("failed", "text"),
    [
        (failing("SidecarFailed", '"sidecar-db" exited with code 3: Error', step(1)), "sidecar db exited with code 3"),
        (
            failing("InitContainerFailed", 'init container failed, "p" exited with code 1'),
            "init container p exited with code 1",
        ),
        (failing("Failed", '"step-run" exited with code 2: Error'), "step run exited with code 2"),
        (failing("PodBroke"), "pod broke"),
        (failing("Failed"), "no reason was given"),
        (failing("MyCustomReason", "it rained"), "it rained"),
    ],
)
def test_without_a_failed_step_the_message_or_reason_is_told(failed: Child, text: str) -> None:
    cause = cause_of(failed, "team-a")
    assert (cause.rank, cause.text) == (Rank.STEP, text)


@pytest.mark.parametrize(
    ("reason", "message", "text"),
    [
        (
            "PullImageFailed",
            'build step "step-run" is pending with reason "Back-off pulling image \\"a/b:1\\""',
            "a/b:1",
        ),
        ("ExceededNodeResources", "TaskRun Pod exceeded available resources", "no node takes its pod"),
        ("ExceededResourceQuota", f"TaskRun Pod exceeded available resources: {QUOTA}", "quota is used up"),
        ("Pending", SCHEDULED, "no node takes its pod: 3 Insufficient cpu"),
    ],
)
def test_what_a_task_waits_for_is_told_while_it_waits(reason: str, message: str, text: str) -> None:
    cause = platform(failing(reason, message, state=State.RUNNING))
    assert cause is not None
    assert text in cause.text


def test_a_pod_that_only_starts_waits_for_nothing() -> None:
    message = 'pod status "Ready":"False"; message: "containers with unready status: [step-run]"'
    assert platform(failing("Pending", message, state=State.RUNNING)) is None


def test_what_a_step_wrote_is_not_taken_for_the_cluster_s_word() -> None:
    talk = failing("StepFailed", '"step-run" exited with code 1: 0/3 nodes are available: exceeded quota', step(1))
    assert cause_of(talk, "team-a").text == "step run exited with code 1"


@pytest.mark.parametrize("reason", sorted(_COULD_NOT_START))
def test_a_validation_error_is_known_as_one(reason: str) -> None:
    assert invalid(reason) or reason in ("PodAdmissionFailed", "PodCreationFailed")


@pytest.mark.parametrize(
    "reason", ["StepFailed", "Failed", "TaskRunTimeout", "CouldntGetPipelineResult", "TaskRunResultsVerificationFailed"]
)
def test_what_went_wrong_later_is_no_validation_error(reason: str) -> None:
    assert not invalid(reason)


REASONS = sorted(_COULD_NOT_START | _QUEUED | _TIMED_OUT | _CANCELLED | {"", "Failed", "FailureIgnored", "Unheard_of"})


@calmly
@given(st.sampled_from(REASONS) | st.text(max_size=30), st.text(max_size=80) | hostile(), st.booleans())
def test_every_reason_has_a_cause_in_words(reason: str, message: str, began: bool) -> None:
    state = state_of("False", reason, began=began)
    ended = run(state, reason=reason, message=message)
    cause = cause_of_run(ended)
    assert cause.text
    assert len(cause.text) <= 800
    assert cause_of(child("t", state, reason=reason, message=message), "team-a").text
