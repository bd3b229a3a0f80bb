"""Whose turn it is: groups one after the other, the oldest or most urgent name of a group first. Time is virtual."""

import asyncio
import math
from collections.abc import Callable

import pytest

from tekton_integrations.workqueue import WorkQueue
from tests.test_workqueue_parking import Door
from tests.virtual_time import clock, run

DOOR = Door(opens=5)


def team(name: str) -> str:
    return name.split("/", maxsplit=1)[0]


async def handed_out(queue: WorkQueue[str], count: int) -> list[str]:
    names = []
    for _ in range(count):
        names.append(await queue.get())
        queue.done(names[-1])
    return names


def test_one_name_waits_for_at_most_one_of_a_hundred_thousand() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        for number in range(100_000):
            queue.add(f"big/{number}")
        await handed_out(queue, 10)
        queue.add("small/1")
        assert "small/1" in await handed_out(queue, 2)

    run(scene())


def test_groups_take_turns() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        for name in ("a/1", "a/2", "a/3", "b/1", "b/2", "c/1"):
            queue.add(name)
        assert await handed_out(queue, 6) == ["a/1", "b/1", "c/1", "a/2", "b/2", "a/3"]

    run(scene())


def test_within_a_group_the_urgent_goes_first() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        for name, slack in (("a/look", 60), ("a/progress", 5), ("a/final", 0)):
            queue.add(name, slack)
        assert await handed_out(queue, 3) == ["a/final", "a/progress", "a/look"]

    run(scene())


def delayed_by_nothing(queue: WorkQueue[str], name: str, **slack: float) -> None:
    queue.add_after(name, 0, **slack)


def delayed(queue: WorkQueue[str], name: str, **slack: float) -> None:
    queue.add_after(name, 5, **slack)


def parked(queue: WorkQueue[str], name: str, **slack: float) -> None:
    queue.park(name, DOOR, **slack)


def unparked(queue: WorkQueue[str], name: str, **slack: float) -> None:
    queue.park(name, DOOR, 60)
    queue.unpark(name, **slack)


@pytest.mark.parametrize("way", [WorkQueue.add, delayed_by_nothing, delayed, parked, unparked])
def test_a_name_of_which_nothing_is_said_is_urgent(way: Callable[..., None]) -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        way(queue, "a/may-wait", slack=0.5)
        way(queue, "a/plain")
        await asyncio.sleep(6)
        assert await handed_out(queue, 2) == ["a/plain", "a/may-wait"]

    run(scene())


def test_what_waited_longer_than_its_slack_goes_before_what_is_urgent() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        queue.add("a/look", 60)
        await asyncio.sleep(59)
        queue.add("a/before", 0)
        await asyncio.sleep(2)
        queue.add("a/after", 0)
        assert await handed_out(queue, 3) == ["a/before", "a/look", "a/after"]

    run(scene())


def test_nothing_starves_behind_urgent_names_that_keep_coming() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        queue.add("a/look", 60)
        queue.add("a/final", 0)
        while "a/look" not in await handed_out(queue, 1):
            await asyncio.sleep(1)
            queue.add(f"a/final-{clock()}", 0)
        assert clock() == 60

    run(scene())


@pytest.mark.parametrize(
    ("slacks", "first"), [((60, 0), "a/1"), ((0, 60), "a/1"), ((60, 30), "a/2"), ((20, 20), "a/1")]
)
def test_a_name_that_is_added_again_keeps_its_better_place(slacks: tuple[float, float], first: str) -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        queue.add("a/1", slacks[0])
        queue.add("a/2", 20)
        queue.add("a/1", slacks[1])
        assert (await handed_out(queue, 2))[0] == first
        assert len(queue) == 0

    run(scene())


def test_a_delayed_name_has_its_place_from_when_it_is_due() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        queue.add_after("a/late", 10, slack=1)
        queue.add("a/look", 20)
        await asyncio.sleep(15)
        queue.add("a/now")
        assert await handed_out(queue, 3) == ["a/late", "a/now", "a/look"]

    run(scene())


def test_a_name_that_runs_again_has_the_place_of_when_it_was_added() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        queue.add("a/1")
        await queue.get()
        queue.add("a/1", 5)
        queue.add("a/2", 10)
        await asyncio.sleep(100)
        queue.done("a/1")
        assert await handed_out(queue, 2) == ["a/1", "a/2"]

    run(scene())


def test_a_group_has_no_more_in_work_than_its_cap_while_others_go_on() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team, cap=2)
        for name in ("a/1", "a/2", "a/3", "b/1"):
            queue.add(name)
        assert sorted([await queue.get() for _ in range(3)]) == ["a/1", "a/2", "b/1"]
        waiting = asyncio.create_task(queue.get())
        await asyncio.sleep(100)
        assert (waiting.done(), len(queue)) == (False, 1)
        queue.done("b/1")
        await asyncio.sleep(100)
        assert not waiting.done()
        queue.done("a/1")
        assert await waiting == "a/3"

    run(scene())


def test_all_workers_stay_busy_under_a_cap() -> None:
    async def work(queue: WorkQueue[str], busy: dict[str, int], peaks: dict[str, int]) -> None:
        while True:
            name = await queue.get()
            group = team(name)
            busy[group] = busy.get(group, 0) + 1
            peaks[group] = max(peaks.get(group, 0), busy[group])
            await asyncio.sleep(1)
            busy[group] -= 1
            queue.done(name)

    async def scene() -> None:
        queue, peaks = WorkQueue[str](team, cap=3), dict[str, int]()
        busy = dict[str, int]()
        workers = [asyncio.create_task(work(queue, busy, peaks)) for _ in range(8)]
        for number in range(300):
            queue.add(f"a/{number}")
            queue.add(f"b/{number}")
        await asyncio.sleep(101)
        assert (len(queue), peaks) == (0, {"a": 3, "b": 3})
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    run(scene())


def test_after_clear_only_what_is_in_work_is_known() -> None:
    async def scene() -> None:
        depths: list[int] = []
        queue = WorkQueue[str](team, cap=1, depth=depths.append)
        queue.add("a/working")
        await queue.get()
        queue.add("a/working")
        queue.add("a/queued")
        queue.add_after("b/delayed", 5)
        queue.clear()
        assert (len(queue), depths[-1]) == (0, 0)
        queue.add("a/new")
        waiting = asyncio.create_task(queue.get())
        await asyncio.sleep(100)
        assert not waiting.done()  # the cap still counts what is in work
        queue.done("a/working")
        assert await waiting == "a/new"
        queue.done("a/new")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(queue.get(), 100)

    run(scene())


@pytest.mark.parametrize("delay", [1e9, math.inf])
def test_no_delay_is_longer_than_a_day(delay: float) -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add_after("a", delay)
        assert (await queue.get(), clock()) == ("a", 86400)

    run(scene())


def test_a_delay_of_which_nothing_can_be_told_is_a_minute() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add_after("a", math.nan)
        assert (await queue.get(), clock()) == ("a", 60)

    run(scene())


def test_delayed_names_that_come_due_together_get_ready_in_portions() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        for number in range(10_000):
            queue.add_after(f"a/{number}", 60)
        await asyncio.sleep(59.9)
        while (before := len(queue)) < 10_000:
            await asyncio.sleep(0 if before else 0.1)
            assert len(queue) <= before + 1000
        assert clock() == 60

    run(scene())
