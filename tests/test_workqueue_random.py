"""Against a model: whatever is asked in whatever order, each name is given out when it is due, and once.

Parked names are in test_workqueue_random_parking.py.
"""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.workqueue import WorkQueue
from tests.calm import calmly
from tests.virtual_time import run

NAMES = ("a", "b", "c")


@dataclass(frozen=True)
class Ask:
    """After `pause` seconds: a name, due after `delay` seconds; None is a plain `add`."""

    pause: int
    name: str
    delay: int | None


@dataclass
class Model:
    """What each name is due at; it is forgotten when it is given out, and then it must be due."""

    due: dict[str, float] = field(default_factory=dict)
    working: set[str] = field(default_factory=set)
    free_since: dict[str, float] = field(default_factory=dict)

    def asked(self, name: str, due: float) -> None:
        self.due[name] = min(due, self.due.get(name, due))

    def given(self, name: str, at: float) -> None:
        assert name in self.due, "given out though nobody asked"
        assert name not in self.working, "in work twice"
        # There is a worker for each name, so nothing but its own work can make it late.
        assert at == max(self.due.pop(name), self.free_since.get(name, 0.0))
        self.working.add(name)

    def done(self, name: str, at: float) -> None:
        self.working.discard(name)
        self.free_since[name] = at


def now() -> float:
    return asyncio.get_running_loop().time()


async def work(queue: WorkQueue[str], model: Model, seconds: float) -> None:
    while True:
        name = await queue.get()
        model.given(name, now())
        await asyncio.sleep(seconds)
        model.done(name, now())
        queue.done(name)


async def restless(queue: WorkQueue[str], pauses: list[int]) -> None:
    """A worker that is cancelled again and again while it waits: it must not take a wake-up with it."""
    for pause in pauses:
        task = asyncio.create_task(queue.get())
        await asyncio.sleep(pause)
        if task.done():  # it got a name: hand it back as a worker would that has nothing to do
            queue.done(task.result())
            queue.add(task.result())
        else:
            task.cancel()


asks = st.lists(st.builds(Ask, st.integers(0, 4), st.sampled_from(NAMES), st.none() | st.integers(-1, 8)), max_size=30)


@calmly
@given(asks, st.integers(0, 5))
def test_each_name_is_given_out_when_it_is_due_and_once(script: list[Ask], seconds: int) -> None:
    async def scene() -> None:
        queue, model = WorkQueue[str](), Model()
        workers = [asyncio.create_task(work(queue, model, seconds)) for _ in NAMES]
        for ask in script:
            await asyncio.sleep(ask.pause)
            model.asked(ask.name, now() + max(ask.delay or 0, 0))
            queue.add(ask.name) if ask.delay is None else queue.add_after(ask.name, ask.delay)
        await asyncio.sleep(100)
        for worker in workers:
            worker.cancel()
        results = await asyncio.gather(*workers, return_exceptions=True)
        assert [error for error in results if not isinstance(error, asyncio.CancelledError)] == []
        assert (model.due, model.working, len(queue)) == ({}, set(), 0)

    run(scene())


@calmly
@given(asks, st.lists(st.integers(0, 3), max_size=20))
def test_no_name_is_lost_to_workers_that_are_cancelled(script: list[Ask], pauses: list[int]) -> None:
    async def scene() -> None:
        queue, given_out = WorkQueue[str](), set[str]()
        leaving = asyncio.create_task(restless(queue, pauses))
        for ask in script:
            await asyncio.sleep(ask.pause)
            queue.add(ask.name)
        await leaving
        expected = {ask.name for ask in script}
        while given_out != expected:
            given_out.add(await asyncio.wait_for(queue.get(), 10))
        assert len(queue) == 0

    run(scene())
