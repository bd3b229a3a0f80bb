"""A name that is unparked while it is in work is looked at again: what its work found closed may not concern it any
more. Time is virtual."""

import asyncio

import pytest

from tekton_integrations.limits import Cost, Limits
from tekton_integrations.opening import Opening
from tekton_integrations.quota import Quota
from tekton_integrations.workqueue import WorkQueue
from tests.virtual_time import clock, run


def closed() -> Opening:
    """For an hour."""
    quota = Quota(Limits(), clock)
    quota.block(3600)
    return quota.at(Cost())


async def looked_at(queue: WorkQueue[str]) -> tuple[str, float]:
    async with asyncio.timeout(10_000):
        return await queue.get(), clock()


@pytest.mark.parametrize("done_first", [True, False])
def test_a_name_that_is_unparked_in_work_is_due_though_its_work_ends_with_parking(done_first: bool) -> None:
    async def scene() -> None:
        queue, quota = WorkQueue[str](), closed()
        queue.add("run")
        await queue.get()
        queue.unpark("run")
        if done_first:
            queue.done("run")
        queue.park("run", quota)
        queue.done("run")
        assert queue.parked == 0
        assert await looked_at(queue) == ("run", 0)

    run(scene())


def test_when_that_look_finds_it_closed_too_it_is_parked() -> None:
    async def scene() -> None:
        queue, quota = WorkQueue[str](), closed()
        queue.add("run")
        await queue.get()
        queue.unpark("run")
        for _ in range(2):
            queue.done("run")
            queue.park("run", quota)
            name, at = await looked_at(queue)
        assert (name, at) == ("run", 3600)

    run(scene())


def test_what_was_insisted_on_before_the_queue_was_cleared_is_forgotten() -> None:
    async def scene() -> None:
        queue, quota = WorkQueue[str](), closed()
        queue.add("run")
        await queue.get()
        queue.unpark("run")
        queue.clear()
        queue.park("run", quota)
        queue.done("run")
        assert (len(queue), queue.parked) == (0, 1)

    run(scene())
