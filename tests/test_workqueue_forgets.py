"""The queue keeps nothing of names that are over. Time is virtual."""

import asyncio
import gc
import tracemalloc
import weakref
from collections.abc import Callable

import pytest

from tekton_integrations.workqueue import WorkQueue
from tests.virtual_time import clock, run


class Group:
    """May be watched, other than a string."""


class Name:
    def __init__(self) -> None:
        self.group = Group()


class Door:
    """Opens at 10, for 1 at once."""

    def wait(self) -> float:
        return max(0.0, 10 - clock())

    def openings(self) -> int:
        return 0 if self.wait() else 1

    def on_open(self, callback: Callable[[], None]) -> None:
        pass


TOGETHER = Door()


def added(queue: WorkQueue[Name], name: Name) -> None:
    queue.add(name)


def delayed(queue: WorkQueue[Name], name: Name) -> None:
    queue.add_after(name, 5)


def parked(queue: WorkQueue[Name], name: Name) -> None:
    queue.park(name, Door())


def parked_together(queue: WorkQueue[Name], name: Name) -> None:
    queue.park(name, TOGETHER)


def parked_from_the_queue(queue: WorkQueue[Name], name: Name) -> None:
    queue.add(name)
    queue.park(name, Door())


def parked_and_unparked(queue: WorkQueue[Name], name: Name) -> None:
    queue.park(name, Door())
    queue.unpark(name)


def cleared(queue: WorkQueue[Name], name: Name) -> None:
    queue.add(name)
    queue.clear()


def parked_and_cleared(queue: WorkQueue[Name], name: Name) -> None:
    queue.park(name, Door())
    queue.clear()


WAYS = [
    added,
    delayed,
    parked,
    parked_together,
    parked_from_the_queue,
    parked_and_unparked,
    cleared,
    parked_and_cleared,
]


async def work(queue: WorkQueue[Name], seconds: float) -> None:
    while True:
        name = await queue.get()
        await asyncio.sleep(seconds)
        queue.done(name)
        del name


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("seconds", [0, 5])
def test_a_name_that_is_over_is_forgotten_and_so_is_its_group(
    way: Callable[[WorkQueue[Name], Name], None], seconds: float
) -> None:
    async def scene() -> None:
        queue = WorkQueue[Name](lambda name: name.group)
        watched: list[weakref.ref[Name] | weakref.ref[Group]] = []
        for _ in range(20):
            name = Name()
            watched += [weakref.ref(name), weakref.ref(name.group)]
            way(queue, name)
        del name
        workers = [asyncio.create_task(work(queue, seconds)) for _ in range(3)]
        await asyncio.sleep(200)
        gc.collect()
        assert [each for each in watched if each() is not None] == []
        for worker in workers:
            worker.cancel()

    run(scene())


def test_a_name_is_forgotten_though_all_that_were_parked_with_it_were_over_before() -> None:
    async def scene() -> None:
        queue, door, slow = WorkQueue[Name](), Door(), Name()
        queue.park(slow, door)
        await asyncio.sleep(1)
        for _ in range(3):
            queue.park(Name(), door)
        assert await queue.get() is slow
        worker = asyncio.create_task(work(queue, 0))
        await asyncio.sleep(100)
        queue.done(slow)
        watched = weakref.ref(slow)
        del slow
        await asyncio.sleep(1)
        gc.collect()
        assert watched() is None
        worker.cancel()

    run(scene())


def test_places_that_change_all_the_time_take_no_more_room() -> None:
    async def change(queue: WorkQueue[str], rounds: range) -> None:
        for number in rounds:
            queue.add("a", 1e6 - number)
            queue.add_after("b", 80_000 - number)
            queue.add_after("c", 80_000)
            queue.add("c")
            queue.done(await queue.get())
            await asyncio.sleep(0)

    async def scene() -> None:
        queue = WorkQueue[str]()
        tracemalloc.start()
        await change(queue, range(1000))
        before, _ = tracemalloc.get_traced_memory()
        await change(queue, range(1000, 5000))
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert after - before < 50_000

    run(scene())


def test_after_clear_a_name_in_work_that_is_added_has_a_new_place() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        await queue.get()
        queue.add("a")
        await asyncio.sleep(10)
        queue.clear()
        queue.add("a", 60)
        queue.add("b")
        queue.done("a")
        assert [await queue.get() for _ in range(2)] == ["b", "a"]

    run(scene())
