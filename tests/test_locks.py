"""Only one at a time is at work on what runs share, and nobody takes up a place while waiting for it."""

import asyncio

import pytest

from tekton_integrations.errors import Throttled
from tekton_integrations.locks import Locks
from tekton_integrations.opening import Opening
from tekton_integrations.workqueue import WorkQueue
from tests import virtual_time


async def test_who_comes_second_is_sent_away_and_others_elsewhere_are_not() -> None:
    locks = Locks()
    async with locks.held("a"), locks.held("b"):
        with pytest.raises(Throttled) as caught:
            async with locks.held("a"):
                pytest.fail("two at once")
        at = caught.value.at
        assert at is not None
        assert (at.wait() > 0, at.openings()) == (True, 0)
    assert (at.wait(), at.openings()) == (0, 1)
    async with locks.held("a"):
        assert at.openings() == 0


async def test_a_lock_opens_however_the_work_ends() -> None:
    locks = Locks()
    with pytest.raises(ValueError, match="broken"):
        async with locks.held("a"):
            raise ValueError("broken")
    async with locks.held("a"):
        pass


async def test_a_lock_goes_with_the_last_who_wants_it() -> None:
    locks = Locks()
    async with locks.held("a"):
        with pytest.raises(Throttled) as parked:
            async with locks.held("a"):
                pytest.fail("two at once")
        assert len(locks) == 1
    assert len(locks) == 1
    del parked
    assert len(locks) == 0


def test_all_have_their_turn_in_their_order_and_no_worker_waits() -> None:
    async def story() -> None:
        locks, queue, order = Locks(), WorkQueue[int](), list[int]()

        async def work(name: int) -> None:
            closed: Opening | None = None
            try:
                async with locks.held("a"):
                    await asyncio.sleep(1)
                    order.append(name)
            except Throttled as error:
                closed = error.at
            queue.done(name)
            if closed:
                queue.park(name, closed)

        async def worker() -> None:
            while True:
                await work(await queue.get())

        for name in range(20):
            queue.add(name)
        workers = [asyncio.create_task(worker()) for _ in range(2)]
        while len(order) < 20:
            assert queue.parked + len(queue) + len(order) >= 18
            await asyncio.sleep(0.5)
        for task in workers:
            task.cancel()
        assert order == list(range(20))
        assert 20 <= asyncio.get_running_loop().time() <= 26

    virtual_time.run(story())
