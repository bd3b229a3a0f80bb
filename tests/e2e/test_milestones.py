"""Each transition of a run is told once and in order, whatever happens to the controller and to the receiver."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hack.controller import NAMESPACE, Controller, Place
from hack.recording import Object
from hack.testbed.api import polled
from tests.e2e.stage import GROUP, Stage
from tests.fakes.echo import Cut, Receiver, Refusal, ShownRun, Silence, asking, installed, provider

MINE = ("--integrations", "milestones")
RETRIED = ["created", "started", "retried", "retried", "finished"]
PLAIN = ["created", "started", "finished"]
# A killed controller's Lease has to end first.
PATIENCE = 60.0
GITHUB = "github.integrations.tekton.dev"
ASKING: dict[str, str | None] = {
    **asking("milestones"),
    **{f"{GITHUB}/{key}": None for key in ("owner", "repo", "sha")},
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(environment=installed(tmp_path / "site"))


@pytest.fixture
async def receiver(stage: Stage) -> AsyncIterator[Receiver]:
    async with Receiver.started() as receiver:
        await stage.bed.apply(provider(NAMESPACE, "echo", endpoint=receiver.url))
        yield receiver
        await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/echo")


def retries(found: Object | None) -> int:
    return len((found or {}).get("status", {}).get("retriesStatus", ()))


async def told(receiver: Receiver, run: str, names: list[str]) -> ShownRun:
    """The run, once it has been told of so much; and no milestone twice, none left out, none too early."""

    async def probe() -> bool:
        return any(each.run == run and len(each.milestones) >= len(names) for each in receiver.runs.values())

    await polled(probe, PATIENCE)
    shown = receiver.of(run)
    assert shown.names == names
    assert shown.sequence == list(range(1, len(names) + 1))
    assert len({each.payload["id"] for each in shown.milestones}) == len(names)
    return shown


async def test_each_try_of_a_task_run_is_told(
    stage: Stage, namespace: str, place: Place, receiver: Receiver, flaky: Path
) -> None:
    async with stage.controller(*MINE, place=place):
        await stage.player.play(flaky, namespace=namespace, name="flaky", annotations=ASKING, speed=1)
        shown = await told(receiver, "flaky", RETRIED)
    assert shown.milestones[-1].payload["state"] == "Failed"
    assert not receiver.repeats


async def test_a_pipeline_run_is_told_too_and_its_tasks_are_not(
    stage: Stage, namespace: str, place: Place, receiver: Receiver
) -> None:
    async with stage.controller(*MINE, place=place):
        await stage.player.play("retries", namespace=namespace, annotations=ASKING)
        await stage.player.play("success", namespace=namespace, annotations=ASKING)
        await told(receiver, "retries", PLAIN)
        await told(receiver, "success", PLAIN)
    assert len(receiver.runs) == 2
    assert not receiver.repeats


async def test_what_happened_while_no_controller_ran_is_told_by_the_next(
    stage: Stage, namespace: str, place: Place, receiver: Receiver, flaky: Path
) -> None:
    run = await stage.player.start(flaky, namespace=namespace, name="flaky", annotations=ASKING)
    # Tekton takes startTime away until the next try begins.
    await run.to_end(until=lambda step: retries(step.previous) == 1)
    async with stage.controller(*MINE, place=place):
        await told(receiver, "flaky", RETRIED[:3])
    await run.to_end()
    async with stage.controller(*MINE, place=place):
        await told(receiver, "flaky", RETRIED)
    assert not receiver.repeats


async def killed_in_the_midst(receiver: Receiver, controller: Controller) -> None:
    """With -9, when the receiver has accepted a milestone and nobody knows it yet."""
    rule = receiver.faults.add(Silence(when="after"), times=1)

    async def accepted() -> bool:
        return rule.hits == 1

    await polled(accepted)
    await controller.kill()
    receiver.faults.remove(rule)


@pytest.mark.long
async def test_after_a_kill_the_same_milestone_comes_again_under_its_id_and_the_next_follow(
    stage: Stage, namespace: str, place: Place, receiver: Receiver, flaky: Path
) -> None:
    controller = await stage.start_controller(*MINE, place=place)
    await controller.ready()
    run = await stage.player.start(flaky, namespace=namespace, name="flaky", annotations=ASKING)
    await run.to_end(until=lambda step: retries(step.object) == 1)
    await told(receiver, "flaky", RETRIED[:2])
    await run.step()
    await killed_in_the_midst(receiver, controller)
    await run.to_end()
    async with stage.controller(*MINE, place=place):
        shown = await told(receiver, "flaky", RETRIED)
    assert receiver.repeats == {shown.milestones[2].payload["id"]: 1}


async def test_a_receiver_that_fails_for_a_while_is_told_all_of_it_in_order(
    stage: Stage, namespace: str, place: Place, receiver: Receiver, flaky: Path
) -> None:
    async with stage.controller(*MINE, place=place):
        receiver.faults.add(Refusal(status=503), seconds=2)
        receiver.faults.add(Refusal(status=429, retry_after=1), times=1)
        receiver.faults.add(Cut(when="after"), times=1)
        await stage.player.play(flaky, namespace=namespace, name="flaky", annotations=ASKING, speed=1)
        await told(receiver, "flaky", RETRIED)
    # Only the one that was cut after it had been accepted.
    assert sum(receiver.repeats.values()) == 1


async def test_a_dead_receiver_is_told_when_it_lives(
    stage: Stage, namespace: str, place: Place, receiver: Receiver
) -> None:
    async with stage.controller(*MINE, place=place):
        await receiver.die()
        await stage.player.play("success", namespace=namespace, annotations=ASKING)
        await stage.until_record(namespace, lambda r: r["status"].get("attempts", 0) > 0, integration="milestones")
        await receiver.revive()
        await told(receiver, "success", PLAIN)
    assert not receiver.repeats
