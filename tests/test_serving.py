"""The turn of one integration: what is to be looked at then comes bit by bit, and is taken up meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from hack.testbed.api import polled
from tekton_integrations.kube.lease import Lease
from tekton_integrations.provider import Provider
from tekton_integrations.record import Record
from tekton_integrations.requests import Asked, Request
from tekton_integrations.run import Run
from tekton_integrations.serving import LATE, Serving
from tekton_integrations.workqueue import Wait
from tests.reconciling import ForEver, Noting, World


class Looking:
    """A worker that notes what it was given."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.first = asyncio.Event()

    async def reconcile(self, request: Request) -> Wait | None:
        self.seen.append(request.name)
        self.first.set()
        return None

    def settled(self, run: Run, request: Request, wanted: Asked, *, gone: bool = False) -> bool:
        return False

    def edited(self, record: Record) -> None:
        """Nothing is remembered."""

    def wake(self, record: Record) -> None:
        """Nothing waits."""

    def forget(self, gone: Provider) -> None:
        """Nothing is remembered."""


class Held(Lease):
    """From the beginning, until the test takes it."""

    taken = False

    @property
    def held(self) -> bool:
        return not self.taken

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def acquired(self) -> None:
        await (asyncio.Event().wait() if self.taken else asyncio.sleep(0))

    async def lost(self) -> None:
        await asyncio.Event().wait()


def name(number: int) -> Request:
    return Request("slack", "", "PipelineRun", "team-a", f"run-{number}", f"uid-{number}")


@asynccontextmanager
async def turn(serving: Serving) -> AsyncIterator[None]:
    task = asyncio.create_task(serving.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.made(Noting()) as world:
        yield world


async def test_the_first_name_is_taken_up_before_the_last_is_found(world: World) -> None:
    looking, lease = Looking(), Held(world.client, "controller", "lease", "me")
    serving = Serving("slack", looking, ForEver(lease), world.cluster, 1)
    found = 0

    def refill() -> Iterator[None]:
        nonlocal found
        while not looking.first.is_set() and found < 1_000_000:  # all of them, if nobody works meanwhile
            serving.add(name(found), 0.0)
            found += 1
            yield

    serving.refill = refill
    async with turn(serving):
        await asyncio.wait_for(looking.first.wait(), 10)
    assert looking.seen[0] == "run-0"
    assert found < 1_000_000


async def test_who_loses_the_lease_while_names_are_found_stops_finding(world: World) -> None:
    looking, lease = Looking(), Held(world.client, "controller", "lease", "me")
    serving = Serving("slack", looking, ForEver(lease), world.cluster, 1)
    found = 0

    def refill() -> Iterator[None]:
        nonlocal found
        while True:
            found += 1
            lease.taken = found >= 5
            yield

    serving.refill = refill

    async def five() -> bool:
        return found >= 5

    async with turn(serving):
        await polled(five, 10)
    assert found == 5


class Refusing(Looking):
    """Sends away all names but those of team-b, and counts those that it is given while it is at one of these."""

    def __init__(self) -> None:
        super().__init__()
        self.done = asyncio.Event()
        self.met = 0

    async def reconcile(self, request: Request) -> Wait | None:
        await super().reconcile(request)
        if request.namespace == "team-b":
            before = len(self.seen)
            for _ in range(10):
                await asyncio.sleep(0)
            self.met = len(self.seen) - before
            self.done.set()
        return Wait(60.0)


async def test_thousands_that_have_been_due_for_long_hold_up_no_other_teams_report(world: World) -> None:
    refusing, lease = Refusing(), Held(world.client, "controller", "lease", "me")
    serving = Serving("slack", refusing, ForEver(lease), world.cluster, 32)

    def refill() -> Iterator[None]:
        for number in range(5000):
            serving.add(name(number), -2 * LATE)
            yield

    serving.refill = refill
    async with turn(serving):
        await asyncio.wait_for(refusing.first.wait(), 10)
        serving.add(name(0)._replace(namespace="team-b"), 0.0)
        await asyncio.wait_for(refusing.done.wait(), 10)
    assert len(refusing.seen) < 5000
    # One in each turn of the loop would be ten; as many as there are workers, 160.
    assert refusing.met <= 3
