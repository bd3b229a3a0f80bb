"""What the controller's own event loop does otherwise than asyncio's."""

import asyncio

import uvloop

from tekton_integrations.event_loop import new_event_loop
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
