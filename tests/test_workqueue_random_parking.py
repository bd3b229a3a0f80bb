"""Whatever is asked in whatever order: no name is lost, none is in work twice, and parked names come back."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.workqueue import WorkQueue
from tests.calm import calmly
from tests.virtual_time import clock, run

NAMES = ("a/1", "a/2", "a/3", "b/1", "b/2")
CAP = 2


@dataclass(eq=False)
class Door:
    """Opens every `every` seconds for one second, for `room` at once. Tells nobody."""

    every: int
    room: int
    let_in: int = 0

    def wait(self) -> float:
        rest = clock() % self.every
        return 0.0 if rest < 1 else self.every - rest

    def openings(self) -> int:
        return 0 if self.wait() else self.room

    def on_open(self, callback: Callable[[], None]) -> None:
        pass


@dataclass(frozen=True)
class Ask:
    """After `pause` seconds."""

    pause: int
    what: str
    name: str
    delay: int
    slack: int
    door: int


class Shop:
    """Workers whose work takes `seconds`, and ends with what the script says next for that name."""

    def __init__(self, seconds: int, endings: list[Ask]) -> None:
        self.queue = WorkQueue[str](lambda name: name[0], cap=CAP)
        self.doors = [Door(7, 1), Door(30, 2)]
        self.seconds = seconds
        self.endings = list(endings)
        self.working = Counter[str]()
        # When each name was last asked for, and when work on it last began.
        self.asked: dict[str, float] = {}
        self.began: dict[str, float] = {}

    def ask(self, ask: Ask) -> None:
        self.asked[ask.name] = clock()
        if ask.what == "add":
            self.queue.add(ask.name, ask.slack)
        elif ask.what == "add_after":
            self.queue.add_after(ask.name, ask.delay, ask.slack)
        elif ask.what == "park":
            self.queue.park(ask.name, self.doors[ask.door], ask.slack)
        else:
            self.queue.unpark(ask.name)

    async def work(self) -> None:
        while True:
            name = await self.queue.get()
            self.working[name] += 1
            assert self.working[name] == 1, "in work twice"
            groups = Counter(each[0] for each in self.working.elements())
            assert max(groups.values()) <= CAP
            self.began[name] = clock()
            await asyncio.sleep(self.seconds)
            self.working[name] -= 1
            ending = self.endings.pop() if self.endings else None
            if ending is not None and ending.delay % 2:
                self.ask(Ask(0, ending.what, name, ending.delay, ending.slack, ending.door))
                ending = None
            self.queue.done(name)
            if ending is not None:
                self.ask(Ask(0, ending.what, name, ending.delay, ending.slack, ending.door))


asks = st.lists(
    st.builds(
        Ask,
        st.integers(0, 4),
        st.sampled_from(["add", "add_after", "park", "park", "unpark"]),
        st.sampled_from(NAMES),
        st.integers(-1, 8),
        st.sampled_from([0, 5, 60]),
        st.integers(0, 1),
    ),
    max_size=25,
)


@calmly
@given(asks, asks, st.integers(0, 5), st.integers(1, 6), st.integers(0, 60))
def test_no_name_is_lost_or_twice_in_work(
    script: list[Ask], endings: list[Ask], seconds: int, workers: int, clear_at: int
) -> None:
    async def scene() -> None:
        shop = Shop(seconds, endings)
        tasks = [asyncio.create_task(shop.work()) for _ in range(workers)]
        for ask in script:
            await asyncio.sleep(ask.pause)
            shop.ask(ask)
            if clock() == clear_at:
                shop.queue.clear()
                shop.asked.clear()
        await asyncio.sleep(3000)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [error for error in results if not isinstance(error, asyncio.CancelledError)] == []
        late = {name for name, at in shop.asked.items() if shop.began.get(name, -1.0) < at}
        assert (late, len(shop.queue), shop.queue.parked) == (set(), 0, 0)

    run(scene())
