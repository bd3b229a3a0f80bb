"""How the queue of names ends its work. Time is virtual."""

import asyncio

from tekton_integrations.workqueue import WorkQueue
from tests.virtual_time import run


def now() -> float:
    return asyncio.get_running_loop().time()


def test_draining_waits_for_what_is_in_work() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        queue.add("b")
        for delay in (3, 5):
            asyncio.get_running_loop().call_later(delay, queue.done, await queue.get())
        await queue.drain()
        assert now() == 5

    run(scene())


def test_draining_an_idle_queue_is_done_at_once() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        await queue.drain()
        assert now() == 0

    run(scene())


def test_a_queue_that_was_idle_before_still_waits_for_its_work() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        for delay in (1, 2):  # the first leaves the queue idle for once
            queue.add("a")
            asyncio.get_running_loop().call_later(delay, queue.done, await queue.get())
            if delay == 1:
                await asyncio.sleep(1)
        await queue.drain()
        assert now() == 3

    run(scene())


def test_a_drained_queue_gives_out_nothing() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        worker = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        await queue.drain()
        queue.add("a")
        queue.add_after("b", 5)
        await asyncio.sleep(10)
        assert not worker.done()
        worker.cancel()

    run(scene())


def test_a_name_that_is_to_run_again_does_not_hold_up_draining() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        await queue.get()
        queue.add("a")
        asyncio.get_running_loop().call_later(1, queue.done, "a")
        await queue.drain()
        assert now() == 1

    run(scene())
