"""TaskRuns and CustomRuns are shown like PipelineRuns; runs that wait for somebody else than Tekton as queued."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hack.controller import Controller
from hack.player import PlayedRun
from hack.testbed import TestBed
from hack.testbed.api import polled
from tests.e2e.kinds import Made, Wanted, alone, asking, watched_step
from tests.e2e.stage import USER, WRITES, Stage, condition
from tests.fakes.github import CheckRun

SHAS = (f"{number:040x}" for number in range(1, 1000))


@pytest.fixture(scope="module")
async def stage(bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with Stage.set(bed, Path(tmp_path_factory.mktemp("logs"))) as stage:
        yield stage


@pytest.fixture(scope="module")
async def controller(stage: Stage) -> AsyncIterator[Controller]:
    async with stage.controller() as controller:
        yield controller


@pytest.fixture
def sha() -> str:
    """A commit of the test's own."""
    return next(SHAS)


def history(check: CheckRun) -> list[tuple[str, str | None]]:
    """Status and conclusion after each call."""
    return [(write.after.status, write.after.conclusion) for write in check.history]


async def shown_as(stage: Stage, sha: str, status: str) -> CheckRun:
    """The only check of the commit, once it has that status."""

    async def probe() -> CheckRun | None:
        checks = stage.checks(sha)
        assert len(checks) <= 1
        return checks[0] if checks and checks[0].status == status else None

    return await polled(probe)


async def half_way(stage: Stage, recording: str | Path, namespace: str, sha: str) -> PlayedRun:
    """A TaskRun that is shown as running."""
    run = await stage.player.start(recording, namespace=namespace, sha=sha, name="unit")
    await run.to_end(until=lambda step: step.reason == "Running" and step.kind == "TaskRun")
    await run.step()
    await shown_as(stage, sha, "in_progress")
    return run


async def test_a_task_run_is_shown_from_running_to_success(
    stage: Stage, controller: Controller, namespace: str, sha: str
) -> None:
    run = await half_way(stage, "taskrun", namespace, sha)
    await run.to_end()
    record = await stage.reported(namespace)
    [check] = stage.checks(sha)
    assert history(check)[-2:] == [("in_progress", None), ("completed", "success")]
    assert check.name == "Tekton / unit"
    assert record["metadata"]["labels"]["tekton.dev/taskRun"] == "unit"
    assert record["metadata"]["ownerReferences"][0]["kind"] == "TaskRun"
    assert {event["involvedObject"]["kind"] for event in await stage.told(namespace)} == {"TaskRun"}


async def test_the_check_of_a_failed_task_run_names_the_step(
    stage: Stage, controller: Controller, namespace: str, sha: str, tmp_path: Path
) -> None:
    recording = alone("failure", "failure-test", tmp_path)
    await stage.player.play(recording, namespace=namespace, sha=sha, name="unit", speed=1)
    await stage.reported(namespace)
    [check] = stage.checks(sha)
    assert check.conclusion == "failure"
    assert "step integration exited with code 2" in str(check.output.title)


async def test_a_task_run_that_is_tried_again_has_one_check_that_ends_with_the_last_try(
    stage: Stage, controller: Controller, namespace: str, sha: str, tmp_path: Path
) -> None:
    run = await half_way(stage, alone("retries", "retries-flaky", tmp_path), namespace, sha)
    tries = []
    while run.next and run.next.status == "Unknown":
        tries.append(run.next.reason)
        await watched_step(run, controller)
    assert tries.count("ToBeRetried") == 2
    assert tries.count("Pending") == 2
    [check] = stage.checks(sha)
    assert history(check)[-1] == ("in_progress", None)
    calls = len(check.history)

    await run.to_end()
    await stage.reported(namespace)
    [check] = stage.checks(sha)
    assert history(check)[calls:] == [("completed", "failure")]
    assert check.started_at == check.history[0].after.started_at
    assert "step run exited with code 1" in str(check.output.title)


async def test_a_cancelled_task_run_is_shown_as_cancelled(
    stage: Stage, controller: Controller, namespace: str, sha: str, tmp_path: Path
) -> None:
    run = await half_way(stage, alone("cancelled", "cancelled-slow", tmp_path), namespace, sha)
    await run.to_end()
    await stage.reported(namespace)
    [check] = stage.checks(sha)
    assert check.conclusion == "cancelled"
    assert str(check.output.title).startswith("Cancelled after")


CUSTOM = {"customRef": {"apiVersion": "example.dev/v1", "kind": "Approval", "name": "release"}}


# The last condition → conclusion and title.
ENDS = {
    ("True", "Approved", "by somebody"): ("success", "Succeeded in 2 min 5 s"),
    ("False", "Rejected", "somebody said no"): ("failure", "Failed: somebody said no"),
    ("False", "CustomRunTimedOut", "nobody answered"): ("timed_out", "Timed out after 2 min 5 s"),
    ("False", "CustomRunCancelled", "no longer needed"): ("cancelled", "Cancelled after 2 min 5 s"),
}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end[1])
async def test_a_custom_run_is_shown_from_running_to_its_end(
    stage: Stage, controller: Controller, namespace: str, sha: str, end: tuple[str, str, str]
) -> None:
    wanted = Wanted(namespace=namespace, kind="CustomRun", name="gate-x7k2p", annotations=asking(sha), spec=CUSTOM)
    run = await Made.create(stage.bed, wanted)
    await run.says("Unknown", "Waiting", "for somebody", startTime="2099-01-01T00:00:00Z")
    await shown_as(stage, sha, "in_progress")
    await run.says(*end, completionTime="2099-01-01T00:02:05Z")
    record = await stage.reported(namespace)
    [check] = stage.checks(sha)
    assert history(check) == [("in_progress", None), ("completed", check.conclusion)]
    assert (check.conclusion, check.output.title) == ENDS[end]
    assert check.name == "Tekton / release"
    assert record["metadata"]["labels"]["tekton.dev/customRun"] == "gate-x7k2p"


async def test_a_run_that_somebody_else_manages_is_shown_as_queued_until_it_runs(
    stage: Stage, controller: Controller, namespace: str, sha: str
) -> None:
    spec = {"managedBy": "kueue.x-k8s.io/multikueue", "pipelineRef": {"name": "release"}}
    wanted = Wanted(namespace=namespace, kind="PipelineRun", annotations=asking(sha), spec=spec)
    run = await Made.create(stage.bed, wanted)
    await shown_as(stage, sha, "queued")
    await run.says("Unknown", "Running")
    await shown_as(stage, sha, "in_progress")
    await run.says("True", "Succeeded")
    await stage.reported(namespace)
    [check] = stage.checks(sha)
    assert history(check) == [("queued", None), ("in_progress", None), ("completed", "success")]


async def test_a_run_that_kueue_holds_back_is_shown_as_queued_until_it_is_let_go(
    stage: Stage, controller: Controller, namespace: str, sha: str
) -> None:
    spec = {"status": "PipelineRunPending", "pipelineRef": {"name": "release"}}
    labels = {"kueue.x-k8s.io/queue-name": "main"}
    wanted = Wanted(namespace=namespace, kind="PipelineRun", annotations=asking(sha), labels=labels, spec=spec)
    run = await Made.create(stage.bed, wanted)
    await run.says("Unknown", "PipelineRunPending", 'PipelineRun "unit" is pending')
    await shown_as(stage, sha, "queued")
    await run.patch({"spec": {"status": None}})
    await run.says("Unknown", "Running")
    await shown_as(stage, sha, "in_progress")
    await run.says("True", "Succeeded")
    await stage.reported(namespace)
    [check] = stage.checks(sha)
    assert history(check) == [("queued", None), ("in_progress", None), ("completed", "success")]


async def test_a_kind_that_is_not_asked_for_makes_neither_call_nor_record(
    stage: Stage, controller: Controller, namespace: str, sha: str
) -> None:
    silent = Wanted(namespace=namespace, name="silent", annotations={})
    run = await Made.create(stage.bed, silent)
    await run.says("True", "Succeeded")
    loud = await Made.create(stage.bed, Wanted(namespace=namespace, name="loud", annotations=asking(sha)))
    await loud.says("True", "Succeeded")
    record = await stage.reported(namespace)
    assert record["spec"]["runRef"]["name"] == "loud"
    assert condition(record)["reason"] == "Reported"
    assert len(stage.checks(sha)) == 1


async def test_nothing_was_written_to_any_run(stage: Stage, controller: Controller) -> None:
    writes = stage.bed.audit(user=USER, verbs=WRITES)
    assert writes
    assert [each for each in writes if each["objectRef"].get("apiGroup") == "tekton.dev"] == []
