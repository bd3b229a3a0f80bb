"""What the controller's own event loop does otherwise than asyncio's."""

import asyncio

import pytest
import uvloop

from tekton_integrations.event_loop import happened, new_event_loop
from tekton_integrations.workqueue import WorkQueue


def test_the_controller_runs_on_uvloop() -> None:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert isinstance(runner.get_loop(), uvloop.Loop)


def test_names_come_due_in_their_order_also_where_a_timer_does_not_tell_its_time() -> None:
    async def given() -> list[str]:
        queue: WorkQueue[str] = WorkQueue()
        # Less than the loop's resolution: uvloop makes no timer of it.
        for name, delay in (("c", 0.02), ("a", 1e-6), ("b", 0.01)):
            queue.add_after(name, delay)
        return [await queue.get() for _ in range(3)]

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert runner.run(asyncio.wait_for(given(), 5)) == ["a", "b", "c"]


@pytest.mark.parametrize("moment", range(4))
def test_what_waits_for_an_event_can_be_stopped_also_in_the_moment_of_the_event(moment: int) -> None:
    async def stopped() -> bool:
        event = asyncio.Event()

        async def work() -> None:
            while True:
                event.clear()
                await happened(event, 60)

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        event.set()
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=1)
        task.cancel()
        return bool(done)

    for factory in (asyncio.new_event_loop, new_event_loop):
        with asyncio.Runner(loop_factory=factory) as runner:
            assert runner.run(stopped())


def test_a_wait_ends_when_its_time_is_over_and_says_whether_it_happened() -> None:
    async def waited() -> tuple[bool, bool]:
        event = asyncio.Event()
        before = await happened(event, 0.01)
        event.set()
        return before, await happened(event, None)

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert runner.run(waited()) == (False, True)
