"""For every recording: the check, the Events and the records that a user finds at the run's end, word for word.

Each is played until it is shown as running, then to its end, so that all have the same history on any machine.
"""

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hack.controller import Controller
from hack.player import PlayedRun
from hack.recording import DATA, Step, load
from hack.testbed import TestBed
from hack.testbed.api import polled
from tekton_integrations import annotations
from tests.e2e import snapshots
from tests.e2e.kinds import Made, Wanted, alone, asking
from tests.e2e.stage import Stage, condition
from tests.fakes.github import CheckRun

# As `load()` takes them; those in the folder `made` are recordings of what is no doing of Tekton's.
RECORDINGS = sorted(
    str(path.relative_to(DATA).with_suffix(""))
    for path in DATA.rglob("*.ndjson")
    if not path.stem.startswith("tekton-cloudevents")
)
# A TaskRun of a recorded PipelineRun, as if it had been made without one: name → recording and TaskRun.
ALONE = {"retried-taskrun": ("retries", "retries-flaky")}
WAITING = ("Pending", None)


@pytest.fixture(scope="module")
async def stage(bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with Stage.set(bed, Path(tmp_path_factory.mktemp("logs"))) as stage:
        yield stage


@pytest.fixture(scope="module")
async def controller(stage: Stage) -> AsyncIterator[Controller]:
    async with stage.controller("--queued-after", "3600") as controller:
        yield controller


def name_of(recording: str) -> str:
    return Path(recording).name


def played(recording: str, folder: Path) -> str | Path:
    """What `load()` takes."""
    return alone(*ALONE[recording], folder) if recording in ALONE else recording


def asked(recording: str | Path) -> set[str]:
    """The integrations that the recorded run asks for at its end."""
    steps = load(recording)
    last = [step.object for step in steps if step.uid == steps[0].uid][-1]
    return set(annotations.by_integration(last["metadata"]["annotations"]))


async def shown_as_running(stage: Stage, run: PlayedRun, sha: str) -> None:
    """Plays on until the run goes on, and waits until this is shown; a run that never does is only played so far."""

    def begins(step: Step) -> bool:
        return step.uid == run.steps[0].uid and step.reason not in WAITING

    await run.to_end(until=begins)
    assert run.next is not None
    if run.next.status != "Unknown":
        return
    await run.step()

    async def probe() -> bool:
        records = [record["status"].get("observedState") for record in await stage.records(run.namespace)]
        return "Running" in records and bool(stage.checks(sha))

    await polled(probe)


async def settled(stage: Stage, namespace: str, integrations: set[str]) -> None:
    """Waits until each integration has said its last word: the record is written, and then the Event."""

    async def probe() -> bool:
        records = await stage.records(namespace)
        said = {record["spec"]["integration"] for record in records if condition(record)["status"] != "Unknown"}
        messages = [event["message"] for event in await stage.events(namespace)]
        told = [condition(record)["message"] for record in records]
        return said == integrations and all(any(each in message for message in messages) for each in told)

    await polled(probe)


@pytest.mark.parametrize("recording", [*RECORDINGS, *ALONE])
async def test_a_user_finds_what_the_snapshot_says(
    stage: Stage, controller: Controller, namespace: str, recording: str, tmp_path: Path
) -> None:
    sha = hashlib.sha1(recording.encode()).hexdigest()
    source = played(recording, tmp_path)
    run = await stage.player.start(source, namespace=namespace, sha=sha)
    await shown_as_running(stage, run, sha)
    await run.to_end()
    await settled(stage, namespace, asked(source))

    known = {stage.github.url: "<GitHub>", namespace: "<namespace>", sha: "<commit>", run.uid: "<uid of the run>"}
    text = snapshots.snapshot(
        known,
        checks=stage.checks(sha),
        records=await stage.records(namespace),
        events=await stage.events(namespace),
    )
    if os.environ.get(snapshots.SWITCH) == "write":
        snapshots.write(name_of(recording), text)
    if problem := snapshots.problem(name_of(recording), text):
        pytest.fail(problem, pytrace=False)


async def test_a_run_whose_annotations_come_late_still_has_its_moment(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    """Tekton takes over those of the Pipeline before it gives the run a condition."""
    await running(stage, await Made.create(stage.bed, wanted(namespace, "before")))  # so the controller is in charge
    late = await Made.create(stage.bed, wanted(namespace, "late"))
    await late.annotate(name="Unit tests")
    await running(stage, await Made.create(stage.bed, wanted(namespace, "after")))  # so it was its turn, if it had one
    check = await running(stage, late)
    assert [write.after.status for write in check.history] == ["in_progress"]


def wanted(namespace: str, name: str) -> Wanted:
    return Wanted(namespace=namespace, name=name, annotations=asking(hashlib.sha1(name.encode()).hexdigest()))


async def running(stage: Stage, run: Made) -> CheckRun:
    """Its check, once that is there."""
    await run.says("Unknown", "Running")

    async def probe() -> CheckRun | None:
        return next(iter(stage.checks(hashlib.sha1(run.name.encode()).hexdigest())), None)

    return await polled(probe)


def test_each_snapshot_is_of_a_recording() -> None:
    found = {path.stem for path in snapshots.FOLDER.iterdir()}
    assert found <= {name_of(recording) for recording in [*RECORDINGS, *ALONE]}, "remove those whose recording is gone"
