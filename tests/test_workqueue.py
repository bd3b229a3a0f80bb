"""The queue of names: once queued, once in work, never lost. Time is virtual."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.workqueue import WorkQueue, backoff
from tests.calm import calmly
from tests.test_workqueue_parking import Door
from tests.virtual_time import Stuck, run


def now() -> float:
    return asyncio.get_running_loop().time()


async def taken(queue: WorkQueue[str], within: float = 0.001) -> str | None:
    """The next name, or None if there is none for so long."""
    try:
        return await asyncio.wait_for(queue.get(), within)
    except TimeoutError:
        return None


def test_names_come_out_in_the_order_in_which_they_went_in() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        for name in ("a", "b", "c"):
            queue.add(name)
        assert [await queue.get() for _ in range(3)] == ["a", "b", "c"]

    run(scene())


def test_a_name_that_is_added_twice_comes_out_once() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        queue.add("a")
        assert len(queue) == 1
        assert await queue.get() == "a"
        queue.done("a")
        assert await taken(queue) is None

    run(scene())


def test_a_name_that_is_added_while_in_work_runs_again_once_it_is_done() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        await queue.get()
        queue.add("a")
        queue.add("a")
        assert await taken(queue) is None
        queue.done("a")
        assert await taken(queue) == "a"
        queue.done("a")
        assert await taken(queue) is None

    run(scene())


def test_other_names_are_given_out_while_one_is_in_work() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        await queue.get()
        queue.add("a")
        queue.add("b")
        assert await taken(queue) == "b"

    run(scene())


def test_a_delayed_name_comes_out_when_it_is_due() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add_after("a", 30)
        assert len(queue) == 0
        assert (await queue.get(), now()) == ("a", 30)

    run(scene())


def test_delayed_names_come_out_in_the_order_in_which_they_are_due() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        for name, delay in (("c", 3), ("a", 1), ("b", 2)):
            queue.add_after(name, delay)
        assert [(await queue.get(), now()) for _ in range(3)] == [("a", 1), ("b", 2), ("c", 3)]

    run(scene())


@pytest.mark.parametrize("delays", [(5, 50), (50, 5)])
def test_of_two_delays_the_earlier_counts(delays: tuple[float, float]) -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        for delay in delays:
            queue.add_after("a", delay)
        assert (await queue.get(), now()) == ("a", 5)
        queue.done("a")
        assert await taken(queue, within=100) is None

    run(scene())


def test_a_name_that_is_due_now_no_longer_waits_for_its_delay() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add_after("a", 5)
        queue.add("a")
        assert (await queue.get(), now()) == ("a", 0)
        queue.done("a")
        assert await taken(queue, within=100) is None

    run(scene())


def test_a_name_that_is_delayed_again_for_as_long_keeps_its_place() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        for name in ("a", "b", "a"):
            queue.add_after(name, 5)
        assert [await queue.get() for _ in range(2)] == ["a", "b"]

    run(scene())


@pytest.mark.parametrize("slack", [0, 60])
def test_a_delay_does_not_hold_up_a_name_that_is_queued_already(slack: float) -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a", slack)
        queue.add_after("a", 5)
        assert (await queue.get(), now()) == ("a", 0)
        queue.done("a")
        assert await taken(queue, within=100) is None

    run(scene())


def test_a_delay_does_not_hold_up_a_name_that_is_to_run_again() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        await queue.get()
        queue.add("a")
        queue.add_after("a", 5)
        queue.done("a")
        assert (await queue.get(), now()) == ("a", 0)
        queue.done("a")
        assert await taken(queue, within=100) is None

    run(scene())


def test_a_name_that_comes_due_in_work_runs_again() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        await queue.get()
        queue.add_after("a", 5)
        await asyncio.sleep(10)
        queue.done("a")
        assert (await queue.get(), now()) == ("a", 10)

    run(scene())


@pytest.mark.parametrize("delay", [0, -1])
def test_no_delay_means_now(delay: float) -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add_after("a", delay)
        assert (await queue.get(), now()) == ("a", 0)

    run(scene())


def test_a_worker_that_is_cancelled_leaves_its_wake_up_to_the_next() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        first, second = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.add("a")  # wakes the first, which is cancelled before it has taken the name
        first.cancel()
        assert await second == "a"
        assert first.cancelled()

    run(scene())


def test_a_worker_that_gave_up_waiting_is_not_woken() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        assert await taken(queue, within=1) is None
        second = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.add("a")
        assert await second == "a"

    run(scene())


def test_the_depth_is_told_at_every_change() -> None:
    async def scene() -> None:
        depths: list[int] = []
        queue = WorkQueue[str](depth=depths.append)
        queue.add("a")
        queue.add("b")
        queue.add("b")
        await queue.get()
        await queue.get()
        assert depths == [1, 2, 1, 0]
        queue.add("c")
        queue.park("c", Door(opens=5))
        assert depths[4:] == [1, 0]

    run(scene())


def test_a_name_that_is_done_though_it_is_not_in_work_changes_nothing() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](cap=1)
        queue.done("unknown")
        queue.add("a")
        queue.add("b")
        queue.done("a")
        assert await queue.get() == "a"
        assert await taken(queue) is None

    run(scene())


def test_waiting_for_an_empty_queue_never_ends() -> None:
    async def scene() -> None:
        await WorkQueue[str]().get()

    with pytest.raises(Stuck):
        run(scene())


@calmly
@given(st.integers(min_value=1, max_value=5000), st.floats(0.01, 10), st.floats(10, 1000))
def test_backoff_doubles_up_to_the_ceiling_and_is_spread_by_half(failures: int, base: float, ceiling: float) -> None:
    full = min(ceiling, base * 2 ** min(failures - 1, 30))
    assert full / 2 <= backoff(failures, base=base, ceiling=ceiling) <= full


def test_backoff_is_not_the_same_for_all_that_failed_together() -> None:
    assert len({backoff(5) for _ in range(20)}) > 1
