"""Controllers that are killed or paused at the worst moments, before a GitHub that is slow and cuts connections.

Every run ends right, with one check run; what a cut call left besides is concluded, none is stale.
"""

import asyncio
import random

import pytest

from hack.controller import Controller
from tests.e2e.aftermath import CREATE, ENDS, LIST, all_settled, mistakes, play, twins
from tests.e2e.stage import Stage
from tests.fakes.github import Call, LaggingList, LateWrite

pytestmark = pytest.mark.long

# Whoever is started again in the pod of a killed holder need not wait until its Lease expires.
SAME_POD = "--identity=controller-0"
# How long a kill waits for a write to aim at.
PATIENCE = 30
RUNS, KILLS = 50, 10


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

    async def _aim(self) -> None:
        """On a machine so slow that all runs have ended before the last kill, nothing may be written any more."""
        self._wrote.clear()
        self._armed = True
        try:
            await asyncio.wait_for(self._wrote.wait(), PATIENCE)
        except TimeoutError:
            self._armed = False
            await self.controller.kill()

    async def reign(self, times: int) -> Controller:
        """Kills `times` controllers, every other one by aim; returns the one that survives."""
        for number in range(times):
            await self.controller.ready()
            if number % 2:
                await asyncio.sleep(self._random.uniform(0.05, 0.8))  # the random moment itself
                await self.controller.kill()
            else:
                await self._aim()
            self.kills += 1
            self.controller = await self._stage.start_controller(SAME_POD)
        await self.controller.ready()
        return self.controller


@pytest.mark.parametrize("seed", [1])
async def test_runs_survive_kills_late_writes_and_lagging_lists(stage: Stage, namespace: str, seed: int) -> None:
    stage.github.faults.add(LIST, LaggingList(3), times=None)
    stage.github.faults.add(CREATE, LateWrite(12), times=3)
    killer = Killer(stage, seed)
    await killer.start()
    # Slow enough that there is something to interrupt until the last kill.
    playing = asyncio.create_task(play(stage, namespace, RUNS, speed=0.15))
    controller = await killer.reign(KILLS)
    try:
        await playing
        await all_settled(stage, namespace, RUNS)
        await stage.github.late_writes()
        assert list(mistakes(stage, RUNS)) == []
        assert killer.kills == KILLS
        assert killer.aimed >= 3
        assert all(check.conclusion in ("cancelled", *ENDS.values()) for check in twins(stage, RUNS))
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
