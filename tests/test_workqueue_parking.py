"""Names parked where it is closed: let go in turn, as many as there are openings. Time is virtual."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tekton_integrations.workqueue import WorkQueue
from tests.virtual_time import clock, run


@dataclass(eq=False)
class Door:
    """Open from `opens` on, for `room` at once."""

    opens: float = 0.0
    room: int = 1
    callbacks: list[Callable[[], None]] = field(default_factory=list)

    def wait(self) -> float:
        return max(0.0, self.opens - clock()) if self.room > 0 else 3600.0

    def openings(self) -> int:
        return 0 if self.wait() else self.room

    def on_open(self, callback: Callable[[], None]) -> None:
        self.callbacks.append(callback)

    def tell(self) -> None:
        callbacks, self.callbacks = self.callbacks, []
        for callback in callbacks:
            callback()


def team(name: str) -> str:
    return name.split("/", maxsplit=1)[0]


async def handed_out(queue: WorkQueue[str], count: int) -> list[tuple[str, float]]:
    """Names, and when they came."""
    seen = []
    for _ in range(count):
        name = await queue.get()
        seen.append((name, clock()))
        queue.done(name)
    return seen


async def nothing_within(queue: WorkQueue[str], seconds: float) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.get(), seconds)


def test_a_parked_name_waits_until_it_opens() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        queue.park("a/1", Door(opens=3600))
        assert (len(queue), queue.parked) == (0, 1)
        assert await handed_out(queue, 1) == [("a/1", 3600)]
        await nothing_within(queue, 10_000)

    run(scene())


def test_where_it_is_open_already_parking_costs_no_time() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        queue.park("a/1", Door())
        assert await handed_out(queue, 1) == [("a/1", 0)]

    run(scene())


def test_they_are_let_go_by_the_time_they_were_parked_plus_slack_and_groups_take_turns() -> None:
    async def scene() -> None:
        queue, door = WorkQueue[str](team), Door(opens=1000)
        for name, slack in (("a/look", 60), ("a/progress", 5), ("a/final", 0), ("b/1", 60)):
            queue.park(name, door, slack)
        await asyncio.sleep(58)
        queue.park("a/late", door)
        assert [name for name, _ in await handed_out(queue, 5)] == ["a/final", "b/1", "a/progress", "a/late", "a/look"]

    run(scene())


def test_no_more_are_let_go_at_once_than_there_are_openings() -> None:
    async def scene() -> None:
        queue, door = WorkQueue[str](team), Door(opens=10, room=3)
        for number in range(10):
            queue.park(f"a/{number}", door)
        await asyncio.sleep(10.1)
        assert (len(queue), queue.parked) == (3, 7)
        queue.done(await queue.get())  # who is done makes room
        await asyncio.sleep(0.1)
        assert (len(queue), queue.parked) == (3, 6)

    run(scene())


def test_who_was_let_go_and_takes_its_time_holds_up_the_others_for_a_second_only() -> None:
    async def scene() -> None:
        queue, door = WorkQueue[str](team), Door(opens=10)
        queue.park("a/1", door)
        queue.park("b/1", door)
        assert await queue.get() == "a/1"
        assert await handed_out(queue, 1) == [("b/1", 11)]
        queue.done("a/1")
        queue.park("a/2", door)
        assert await queue.get() == "a/2"
        queue.park("b/2", door)
        assert await handed_out(queue, 1) == [("b/2", 12)]

    run(scene())


def test_who_finds_it_closed_again_gets_its_place_back() -> None:
    async def scene() -> None:
        queue, door = WorkQueue[str](team), Door(opens=10)
        for number in range(3):
            queue.park(f"a/{number}", door, number)
        assert await handed_out(queue, 1) == [("a/0", 10)]
        queue.park("a/0", door)  # somebody else was faster
        door.opens = 20
        assert [name for name, _ in await handed_out(queue, 3)] == ["a/0", "a/1", "a/2"]

    run(scene())


def test_where_nobody_gets_in_though_it_is_said_to_be_open_they_are_let_go_slowly() -> None:
    async def scene() -> None:
        queue, door, tries = WorkQueue[str](team), Door(), 0
        for number in range(100):
            queue.park(f"a/{number}", door)
        while clock() < 60:
            name = await queue.get()
            queue.done(name)
            queue.park(name, door)
            tries += 1
        assert tries <= 60 / 0.25 + 2

    run(scene())


def test_a_parked_name_that_is_added_stays_parked() -> None:
    async def scene() -> None:
        queue, door = WorkQueue[str](team), Door(opens=100)
        queue.park("a/1", door)
        queue.add("a/1")
        queue.add_after("a/1", 5)
        assert await handed_out(queue, 1) == [("a/1", 100)]
        await nothing_within(queue, 1000)

    run(scene())


def test_a_parked_name_that_is_added_may_get_a_better_place() -> None:
    async def scene() -> None:
        queue, door = WorkQueue[str](team), Door(opens=100)
        queue.park("a/1", door, 5)
        queue.park("a/2", door, 60)
        queue.add("a/2", 0)
        queue.add("a/1", 50)
        assert [name for name, _ in await handed_out(queue, 2)] == ["a/2", "a/1"]

    run(scene())


def test_whatever_a_name_waited_for_parking_replaces_it() -> None:
    async def scene() -> None:
        queue, door = WorkQueue[str](team), Door(opens=100)
        queue.add("b/in-work")
        await queue.get()
        queue.add("b/in-work")  # again
        queue.add("a/queued")
        queue.add_after("a/delayed", 5)
        queue.park("a/elsewhere", Door(opens=7))
        for name in ("a/queued", "a/delayed", "a/elsewhere", "b/in-work"):
            queue.park(name, door)
        queue.done("b/in-work")
        assert (len(queue), queue.parked) == (0, 4)
        seen = dict(await handed_out(queue, 4))
        assert (len(seen), min(seen.values())) == (4, 100)
        await nothing_within(queue, 1000)

    run(scene())


def test_a_name_that_is_let_go_while_in_work_runs_again() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        queue.add("a/1")
        await queue.get()
        queue.park("a/1", Door(opens=5))
        await asyncio.sleep(10)
        assert len(queue) == 0
        queue.done("a/1")
        assert await handed_out(queue, 1) == [("a/1", 10)]

    run(scene())


def test_what_frees_before_its_time_is_used_at_once() -> None:
    async def scene() -> None:
        queue, door = WorkQueue[str](team), Door(room=0)
        queue.park("a/1", door)
        await asyncio.sleep(5)
        door.room = 1
        door.tell()
        assert await handed_out(queue, 1) == [("a/1", 5)]

    run(scene())


def test_one_closed_door_does_not_hold_up_another() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        queue.park("a/1", Door(opens=86_000))
        queue.park("a/2", Door(opens=10))
        queue.add("a/3")
        assert await handed_out(queue, 3) == [("a/3", 0), ("a/2", 10), ("a/1", 86_000)]

    run(scene())


def test_a_name_that_is_unparked_is_due_now() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        queue.park("a/1", Door(opens=100))
        queue.unpark("a/1")
        assert await handed_out(queue, 1) == [("a/1", 0)]
        await nothing_within(queue, 1000)

    run(scene())


def test_a_name_that_is_unparked_and_not_known_is_due_now_too() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](team)
        queue.unpark("a/1")
        assert await handed_out(queue, 1) == [("a/1", 0)]

    run(scene())


def test_clear_forgets_parked_names_and_they_may_be_parked_anew() -> None:
    async def scene() -> None:
        queue, door = WorkQueue[str](team), Door(opens=100)
        queue.park("a/1", door)
        await asyncio.sleep(1)
        queue.clear()
        door.tell()
        assert queue.parked == 0
        await nothing_within(queue, 200)
        door.opens = 1000
        queue.park("a/1", door)
        assert await handed_out(queue, 1) == [("a/1", 1000)]

    run(scene())


def test_a_name_that_is_let_go_and_refused_elsewhere_keeps_its_age() -> None:
    async def scene() -> None:
        queue, first, second = WorkQueue[str](), Door(opens=30.0), Door(opens=60.0)
        queue.park("old", first)
        await asyncio.sleep(10)
        for number in range(3):
            queue.park(f"young-{number}", second)
        name = await queue.get()
        assert (name, clock()) == ("old", 30.0)
        queue.done(name)
        queue.park(name, second)
        second.room = 1
        assert [name for name, _ in await handed_out(queue, 4)] == ["old", "young-0", "young-1", "young-2"]

    run(scene())
