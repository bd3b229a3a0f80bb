"""Controllers that are killed or paused at the worst moments, before a GitHub that is slow and cuts connections.

Every run ends right, with one check run; what a cut call left besides is concluded, none is stale.
"""

import asyncio
import random
from collections.abc import Iterator

import pytest

from hack.controller import Controller
from hack.testbed.api import polled
from tests.e2e.stage import REPOSITORY, Stage
from tests.fakes.github import Call, CheckRun, LaggingList, LateWrite

# Whoever is started again in the pod of a killed holder need not wait until its Lease expires.
SAME_POD = "--identity=controller-0"
RECORDINGS = ("success", "failure", "cancelled", "not-found", "skipped")
ENDS = {
    "success": "success",
    "failure": "failure",
    "cancelled": "cancelled",
    "not-found": "failure",
    "skipped": "success",
}
CREATE = "^POST /repos/acme/api/check-runs$"
LIST = "^GET .*/commits/.*/check-runs$"
# A call in doubt is settled within 30 s, and once more looked at 20 s later.
REPAIR = 150


def sha_of(number: int) -> str:
    return f"{number + 1:040x}"


def mistakes(stage: Stage, count: int) -> Iterator[str]:
    """What is not right about the runs 0..count-1 at GitHub."""
    for number in range(count):
        checks = stage.checks(sha_of(number))
        wanted = ENDS[RECORDINGS[number % len(RECORDINGS)]]
        if not checks:
            yield f"run {number} is not shown"
        elif checks[-1].conclusion != wanted:
            yield f"run {number} shows {checks[-1].status} {checks[-1].conclusion}, not {wanted}"
        if any(check.status != "completed" for check in checks):
            yield f"run {number} has a check that is still open"
        if len({check.external_id for check in checks}) > 1:
            yield f"run {number} has several ids"
        if [check for check in checks[:-1] if check.conclusion not in ("cancelled", wanted)]:
            yield f"run {number} has a stale twin"


def twins(stage: Stage, count: int) -> list[CheckRun]:
    return [check for number in range(count) for check in stage.checks(sha_of(number))[:-1]]


async def play(stage: Stage, namespace: str, count: int, speed: float) -> None:
    plays = [
        stage.player.play(
            RECORDINGS[number % len(RECORDINGS)],
            namespace=namespace,
            name=f"run-{number}",
            sha=sha_of(number),
            speed=speed,
            events=False,
        )
        for number in range(count)
    ]
    await asyncio.gather(*plays)


async def all_settled(stage: Stage, namespace: str, count: int) -> None:
    """Every record says True, waits for nothing more, and goes with its run."""

    async def probe() -> bool:
        records = await stage.records(namespace)
        return len(records) == count and all("ownerReferences" in r["metadata"] for r in records)

    await polled(probe, REPAIR)


class Killer:
    """Keeps a controller running and kills it: at random, or between GitHub's write and our record of it."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.kills = 0
        self.aimed = 0
        self._stage = stage
        self._random = random.Random(seed)
        self._armed = False
        self._wrote = asyncio.Event()
        stage.github.on_write(self._on_write)

    async def _on_write(self, call: Call) -> None:
        """GitHub has written and nobody has heard of it yet: kill before the answer."""
        if self._armed:
            self._armed = False
            self.aimed += 1
            await self.controller.kill()
            self._wrote.set()

    async def start(self) -> None:
        """Before any run: what had ended before the installation is not reported."""
        self.controller = await self._stage.start_controller(SAME_POD)
        await self.controller.ready()

    async def reign(self, times: int) -> Controller:
        """Kills `times` controllers, every other one by aim; returns the one that survives."""
        for number in range(times):
            await self.controller.ready()
            if number % 2:
                await asyncio.sleep(self._random.uniform(0.05, 0.8))  # the random moment itself
                await self.controller.kill()
            else:
                self._wrote.clear()
                self._armed = True
                await self._wrote.wait()
            self.kills += 1
            self.controller = await self._stage.start_controller(SAME_POD)
        await self.controller.ready()
        return self.controller


@pytest.mark.parametrize("seed", [1])
async def test_fifty_runs_survive_ten_kills_late_writes_and_lagging_lists(
    stage: Stage, namespace: str, seed: int
) -> None:
    stage.github.faults.add(LIST, LaggingList(3), times=None)
    stage.github.faults.add(CREATE, LateWrite(12), times=3)
    killer = Killer(stage, seed)
    await killer.start()
    # Slow enough that there is something to interrupt until the last kill.
    playing = asyncio.create_task(play(stage, namespace, 50, speed=0.15))
    controller = await killer.reign(10)
    try:
        await playing
        await all_settled(stage, namespace, 50)
        await stage.github.late_writes()
        assert list(mistakes(stage, 50)) == []
        assert (killer.kills, killer.aimed) == (10, 5)
        assert all(check.conclusion in ("cancelled", *ENDS.values()) for check in twins(stage, 50))
    finally:
        await controller.stop()


async def test_fifty_runs_survive_a_process_that_is_paused_for_twenty_seconds(stage: Stage, namespace: str) -> None:
    stage.github.faults.add(LIST, LaggingList(3), times=None)
    stage.github.faults.add(CREATE, LateWrite(12), times=2)
    async with stage.controller() as controller:
        playing = asyncio.create_task(play(stage, namespace, 50, speed=1))
        written = asyncio.Event()

        async def pause(_: Call) -> None:
            if not written.is_set():
                controller.pause()
                written.set()

        stage.github.on_write(pause)
        await written.wait()
        await asyncio.sleep(20)  # the pause is the subject
        controller.resume()
        await playing
        await all_settled(stage, namespace, 50)
        await stage.github.late_writes()
        assert list(mistakes(stage, 50)) == []


async def test_a_write_that_lands_after_the_client_gave_up_is_adopted_not_doubled(stage: Stage, namespace: str) -> None:
    stage.github.faults.add(CREATE, LateWrite(12), times=1)
    stage.github.faults.add(LIST, LaggingList(3), times=None)
    async with stage.controller():
        await stage.player.play("success", namespace=namespace, speed=1)
        record = await stage.until_record(namespace, lambda r: r["status"]["conditions"][0]["reason"] == "MaybeSent")
        assert record["status"]["intent"]["deadline"]
        await stage.reported(namespace, seconds=60)
    checks = stage.github.check_runs(REPOSITORY, "3f786850e387550fdab836ed7e6dc881de23001b")
    assert [check.conclusion for check in checks] == ["success"]


async def test_a_write_that_lands_after_we_made_another_leaves_one_right_and_one_concluded(
    stage: Stage, namespace: str
) -> None:
    # Later than any client timeout and the quarantine together: two check runs come to be.
    stage.github.faults.add(CREATE, LateWrite(36), times=1)
    async with stage.controller():
        await stage.player.play("success", namespace=namespace, speed=1)
        await all_settled(stage, namespace, 1)
    await stage.github.late_writes()
    checks = stage.checks()
    assert len(checks) == 2
    assert checks[-1].conclusion == "success"
    assert all(check.status == "completed" for check in checks)


async def test_after_an_update_was_cut_the_check_is_looked_at_once_more(stage: Stage, namespace: str) -> None:
    # Landing late, the cut update could bring "in progress" back over the result.
    stage.github.faults.add("^PATCH /repos/acme/api/check-runs/", LateWrite(6), times=1)
    async with stage.controller():
        await stage.player.play("success", namespace=namespace, speed=1)
        record = await stage.reported(namespace)
        assert record["status"]["verifyTime"]
        await stage.github.late_writes()
        await all_settled(stage, namespace, 1)
    [check] = stage.checks()
    assert (check.conclusion, check.history[-1].body["conclusion"]) == ("success", "success")
