"""For every recording of a real run: what GitHub shows at its end, and what it cost."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hack.controller import Controller
from hack.testbed import TestBed
from tests.e2e.stage import Stage, condition

# recording → (conclusion, part of the title)
ENDS = {
    "success": ("success", "Succeeded in"),
    "failure": ("failure", "test failed: step integration exited with code 2"),
    "retries": ("failure", "flaky failed in all 3 tries: step run exited with code 1"),
    "timeout": ("timed_out", "Timed out after"),
    "cancelled": ("cancelled", "Cancelled after"),
    "not-found": ("failure", 'Could not start: Pipeline "no-such-pipeline" not found'),
    "skipped": ("success", "Succeeded in"),
    "annotated-pipeline": ("success", "Succeeded in"),
    "remote-pipeline": ("success", "Succeeded in"),
}


@pytest.fixture(scope="module")
async def stage(bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with Stage.set(bed, Path(tmp_path_factory.mktemp("logs"))) as stage:
        yield stage


@pytest.fixture(scope="module")
async def controller(stage: Stage) -> AsyncIterator[Controller]:
    async with stage.controller() as controller:
        yield controller


def sha_of(recording: str) -> str:
    return f"{list(ENDS).index(recording):040x}"


@pytest.mark.parametrize("recording", ENDS)
async def test_github_shows_what_the_run_is_for_few_writes(
    stage: Stage, controller: Controller, namespace: str, recording: str
) -> None:
    conclusion, title = ENDS[recording]
    calls = len(stage.calls)
    await stage.player.play(recording, namespace=namespace, sha=sha_of(recording), speed=1)
    await stage.reported(namespace)

    [check] = stage.checks(sha_of(recording))
    assert (check.status, check.conclusion) == ("completed", conclusion)
    assert title in str(check.output.title)
    # A machine so slow that the run had no condition for a second shows it as queued first.
    queued = check.history[0].after.status == "queued"
    # TaskRuns carry copies of the annotations: had one been reported, there would be further calls.
    made = [call.method for call in stage.calls[calls:] if "check-runs" in call.path]
    assert made in (["POST"], ["POST", "PATCH"], *([["POST", "PATCH", "PATCH"]] if queued else []))
    for resource in ("pipelineruns", "taskruns", "customruns"):
        assert stage.writes(namespace, resource) == []
    github = [e for e in stage.writes(namespace, "integrationstatuses") if "-github-" in e["objectRef"].get("name", "")]
    assert len(github) <= 3 + queued
    assert 1 <= len(await stage.told(namespace, "Normal")) <= 2


async def test_kubectl_wait_returns_when_the_final_state_was_accepted(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    run = await stage.player.start("failure", namespace=namespace, sha="a" * 40, speed=1)
    await run.to_end(until=4)
    await stage.record(namespace)
    await run.to_end(until=len(run.steps))
    wait = ("wait", "--for=condition=Succeeded", "integrationstatus", "-l", "tekton.dev/pipelineRun=failure")
    said = await stage.bed.kubectl(*wait, "-n", namespace, "--timeout=20s")
    assert "condition met" in said
    [check] = stage.checks("a" * 40)
    assert check.conclusion == "failure"


async def test_kubectl_describe_tells_what_was_reported_and_where(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.player.play("failure", namespace=namespace, sha="b" * 40, speed=1)
    await stage.reported(namespace)
    told = await stage.bed.kubectl("describe", "pipelinerun", "failure", "-n", namespace)
    assert "of acme/api: test failed: step integration exited with code 2" in told
    assert f"{stage.github.url}/acme/api/runs/" in told
    table = await stage.bed.kubectl("get", "integrationstatuses", "-n", namespace)
    assert table.split("\n")[0].split()[1:] == ["RUN", "INTEGRATION", "REPORTED", "REASON", "STATE", "AGE"]
    assert table.split("\n")[1].split()[1:6] == ["failure", "github", "True", "Reported", "Failed"]


async def test_a_remotely_resolved_pipeline_does_not_choose_where_its_runs_are_shown(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.player.play("remote-pipeline", namespace=namespace, sha="c" * 40)
    for integration in ("slack", "webhook"):
        record = await stage.failed(namespace, "InheritedAnnotationIgnored", integration=integration)
        assert "remotely resolved Pipeline" in condition(record)["message"]


async def test_annotations_of_a_local_pipeline_count_and_an_absent_integration_is_said(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.player.play("annotated-pipeline", namespace=namespace, sha="d" * 40)
    record = await stage.failed(namespace, "NotInstalled", integration="slack")
    _, _, others = condition(record)["message"].partition("(installed: ")
    assert "github" in others.partition(")")[0].split(", ")  # and what former controllers brought
