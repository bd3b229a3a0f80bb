"""Names that a work queue knows, and lots where they are parked until something opens.

A lot lets go as many names as its Opening says, less those that were let go and have yet to ask: no stampede.
"""

import math
import sys
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from tekton_integrations.fair import Turns, Waiter
from tekton_integrations.opening import Opening, bounded

T = TypeVar("T", bound=Hashable)

# Seconds in which a name that was let go should have asked its Opening: until then, or until it is done, it counts.
_SETTLE = 1.0
# Seconds before others are let go after one came back: the Opening promised more than it has.
_PAUSE = 0.25
# Seconds; the shortest time until an Opening is asked again, whatever it says.
_STEP = 0.001


class Item(Waiter, Generic[T]):
    """A name that the queue knows. `deadline`: its place where it waits, infinite when it does not wait."""

    __slots__ = ("again", "came_from", "deadline", "insisted", "lot", "name", "place", "waited", "working")

    def __init__(self, name: T, group: Hashable) -> None:
        super().__init__(group)
        self.name = name
        self.deadline = math.inf
        self.working = False
        # Seconds for which it had been due when it was taken.
        self.waited = 0.0
        self.again = False
        # While it was in work, something changed that decides where it waits: it is not to be parked by what was.
        self.insisted = False
        self.lot: Lot[T] | None = None
        # The lot that let it go, and the place it had there: it has that again if it is refused, there or elsewhere.
        self.came_from: Lot[T] | None = None
        self.place = math.inf


class Lot(Waiter, Generic[T]):
    """Names parked at one Opening. It waits among the delayed names for its time to ask."""

    __slots__ = ("_finished", "_listening", "at", "not_before", "out", "waiting")

    def __init__(self, at: Opening) -> None:
        super().__init__()
        self.at = at
        self.waiting: Turns[Item[T]] = Turns(sys.maxsize)
        # Let go and perhaps yet to ask, and until when each counts.
        self.out: dict[Item[T], float] = {}
        self._finished: list[Item[T]] = []
        self.not_before = 0.0
        self._listening = False

    def take_in(self, item: Item[T], now: float, slack: float) -> None:
        """An item that waits nowhere else. One that was just let go keeps its age, wherever it is refused next."""
        item.deadline = min(item.deadline, now + slack)
        if item.came_from is not None:
            item.deadline = min(item.deadline, item.place)
            if item.came_from.at is self.at:
                self.not_before = now + _PAUSE
        item.lot, item.again = self, False
        self.waiting.put(item, item.deadline)

    def let_go(self, now: float) -> list[Item[T]]:
        """Those whose turn it is, as many as the Opening lets go besides those that have yet to ask it."""
        if not self.waiting or now < self.not_before or self.at.wait() > 0:
            return []
        while self.out and (first := next(iter(self.out.items())))[1] <= now:
            del self.out[first[0]]
        free = min(self.at.openings() - len(self.out), len(self.waiting))
        return [self._next(now) for _ in range(free)]

    def _next(self, now: float) -> Item[T]:
        item = self.waiting.take()
        assert item is not None
        self.waiting.free(item)
        item.lot, item.came_from, item.place = None, self, item.deadline
        self.out[item] = now + _SETTLE
        return item

    def over(self, item: Item[T]) -> None:
        """The work on it is done. Whether it comes back is seen a moment later."""
        self.out.pop(item, None)
        self._finished.append(item)

    def settled(self) -> list[Item[T]]:
        """Those that were done: what becomes of them is seen now."""
        settled, self._finished = self._finished, []
        for item in settled:
            if item.came_from is self:
                item.came_from = None
        return settled

    def listen(self, callback: Callable[["Lot[T]"], object]) -> None:
        """Calls it when the Opening frees before its time."""

        def opened() -> None:
            self._listening = False
            callback(self)

        if not self._listening:
            self._listening = True
            self.at.on_open(opened)

    def next_look(self, now: float) -> float:
        """When to ask the Opening again, if nothing happens before."""
        wait = bounded(self.at.wait()) or next(iter(self.out.values()), now + _SETTLE) - now
        return max(now + wait, now + _STEP, self.not_before)
