"""How long a name had been due when it was taken: who was late anyway may give way. Time is virtual."""

import asyncio

import pytest

from tekton_integrations.workqueue import WorkQueue
from tests.test_workqueue_parking import Door
from tests.virtual_time import run


def test_it_is_counted_from_when_it_was_due_and_its_slack_is_no_delay() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        queue.add_after("b", 2)
        await asyncio.sleep(3)
        queue.add("c", slack=5)
        for _ in range(3):
            await queue.get()
        assert {name: queue.waited(name) for name in "abc"} == pytest.approx({"a": 3, "b": 1, "c": -5})

    run(scene())


def test_a_parked_name_has_been_due_since_it_was_parked_and_a_new_one_only_now() -> None:
    async def scene() -> None:
        queue = WorkQueue[str]()
        queue.add("a")
        await queue.get()
        queue.done("a")
        queue.park("a", Door(opens=60))
        await queue.get()
        assert queue.waited("a") == pytest.approx(60)
        queue.done("a")
        queue.add("a")
        await queue.get()
        assert queue.waited("a") == pytest.approx(0)

    run(scene())
