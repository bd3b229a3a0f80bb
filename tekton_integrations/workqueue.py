"""A queue of names: each at most once in the queue and at most once in work, now, later, or once something opens.

The semantics are client-go's (https://pkg.go.dev/k8s.io/client-go/util/workqueue): a name that is added while it
is in work runs again when it is done. Groups (namespaces) take turns; within one the least (time added + slack)
goes first, so that age and priority are one number and nothing starves.
"""

import asyncio
import math
import sys
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from tekton_integrations.fair import Line, Turns
from tekton_integrations.opening import Opening, backoff, bounded
from tekton_integrations.parking import Item, Lot

__all__ = ["Wait", "WorkQueue", "backoff"]

T = TypeVar("T", bound=Hashable)
# Delayed names that come due together get ready in portions, so that nothing else is held up.
_AT_ONCE = 1000


class Wait(NamedTuple):
    """What a reconcile returns that is not over: `park` its name at `at`, or `add_after` so many seconds."""

    seconds: float
    at: Opening | None = None
    slack: float = 0.0


class WorkQueue(Generic[T]):
    """`group` tells whose a name is; of each group at most `cap` are in work at once. `depth` is told each change."""

    def __init__(
        self,
        group: Callable[[T], Hashable] = lambda _: None,
        *,
        cap: int = sys.maxsize,
        depth: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._group = group
        self._depth = depth
        self._items: dict[T, Item[T]] = {}
        self._ready: Turns[Item[T]] = Turns(cap)
        self._later: Line[Item[T] | Lot[T]] = Line()
        self._lots: dict[int, Lot[T]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._tick_at = math.inf  # uvloop's timer does not tell it where that is now
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._working = 0
        self._shut = False
        self._drained = asyncio.Event()

    def __len__(self) -> int:
        """How many names are due; neither delayed nor parked ones."""
        return len(self._ready)

    @property
    def oldest(self) -> float:
        """Seconds for which the first of the due names has been due, its slack left out; 0 when none is."""
        first = self._ready.first
        return 0.0 if first is None else max(0.0, asyncio.get_running_loop().time() - first)

    @property
    def parked(self) -> int:
        return sum(len(lot.waiting) for lot in self._lots.values())

    async def drain(self) -> None:
        """Gives out no more names; returns when those in work are done."""
        self._shut = True
        if self._working:
            self._drained.clear()
            await self._drained.wait()

    def clear(self) -> None:
        """Forgets what is queued, delayed or parked. What is in work stays until it is done."""
        for item in self._items.values():
            if item.line is not None and item.lot is None and item.line is not self._later:
                self._ready.remove(item)
            item.line = item.entry = item.lot = item.came_from = None
            item.deadline, item.again, item.insisted = math.inf, False, False
        self._items = {name: item for name, item in self._items.items() if item.working}
        self._later = Line()
        self._lots = {}
        self._depth(0)

    def add(self, name: T, slack: float = 0.0) -> None:
        """Due now, even if it was to wait; a parked name stays parked. Its place gets better, never worse.

        `slack`: seconds by which names of its group that are added later may still go first.
        """
        item = self._items.get(name) or self._new(name)
        deadline = asyncio.get_running_loop().time() + slack
        sooner = deadline < item.deadline
        if sooner:
            item.deadline = deadline
        if item.lot is not None:
            if sooner:
                item.lot.waiting.put(item, deadline)
        elif item.line is None or item.line is self._later:
            self._due(item)
        elif sooner:
            self._ready.put(item, deadline)

    def add_after(self, name: T, delay: float, slack: float = 0.0) -> None:
        """Due in `delay` seconds (a day at most), unless it is due before. A parked name waits for its Opening only."""
        delay = bounded(delay)
        if not delay:
            self.add(name, slack)
            return
        item = self._items.get(name) or self._new(name)
        due = asyncio.get_running_loop().time() + delay
        if item.again or (item.line is not None and item.line is not self._later):
            return
        item.deadline = min(item.deadline, due + slack)
        if item.entry is None or due < item.entry[0]:
            self._later.put(item, due)
            self._arm()

    def park(self, name: T, at: Opening, slack: float = 0.0) -> None:
        """Due once `at` lets it go, whatever else it waited for. A name that was just let go gets its place back."""
        item = self._items.get(name) or self._new(name)
        if item.insisted:
            return
        now = asyncio.get_running_loop().time()
        lot = self._lots.get(id(at))
        if lot is None:
            lot = self._lots[id(at)] = Lot(at)
        if item.lot is not lot:
            self._take_out(item)
        lot.take_in(item, now, slack)
        if lot.line is None:
            self._look(lot)

    def unpark(self, name: T, slack: float = 0.0) -> None:
        """Due now, even if it was parked: it may need something else by now, or nothing."""
        item = self._items.get(name)
        if item is not None and item.lot is not None:
            self._take_out(item)
            item.lot = None
        if item is not None:
            item.insisted = item.working
        self.add(name, slack)

    async def get(self) -> T:
        """The next due name; it is in work until `done`."""
        while self._shut or (item := self._ready.take()) is None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                # A wake-up that reached a cancelled worker belongs to the next one.
                if not waiter.cancelled():
                    self._wake()
                raise
        item.working, item.insisted = True, False
        item.waited = asyncio.get_running_loop().time() - item.deadline
        item.deadline = math.inf
        self._working += 1
        self._depth(len(self._ready))
        return item.name

    def waited(self, name: T) -> float:
        """Seconds for which a name that is in work had been due, parked or not; its slack left out."""
        return self._items[name].waited

    def done(self, name: T) -> None:
        item = self._items.get(name)
        if item is None or not item.working:
            return
        item.working = False
        self._working -= 1
        if not self._working:
            self._drained.set()
        if self._ready.free(item):
            self._wake()
        if item.again:
            item.again = False
            self._due(item)
        if item.came_from is not None and self._look(item.came_from):
            item.came_from.over(item)
        else:
            item.came_from = None
            self._drop(item)

    def _new(self, name: T) -> Item[T]:
        item = self._items[name] = Item(name, self._group(name))
        return item

    def _drop(self, item: Item[T]) -> None:
        if item.line is None and not item.working and self._items.get(item.name) is item:
            del self._items[item.name]

    def _due(self, item: Item[T]) -> None:
        """An item that waits nowhere, or among the delayed ones."""
        if item.line is not None:
            self._later.remove(item)
        if item.working:
            item.again = True
            return
        may_go = self._ready.put(item, item.deadline)
        self._depth(len(self._ready))
        if may_go:
            self._wake()

    def _take_out(self, item: Item[T]) -> None:
        if item.lot is not None:
            item.lot.waiting.remove(item)
        elif item.line is self._later:
            self._later.remove(item)
        elif item.line is not None:
            self._ready.remove(item)
            self._depth(len(self._ready))

    def _wake(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _look(self, lot: Lot[T]) -> bool:
        """Asks the Opening soon, after whatever else happens now: a name that is done may be parked again."""
        if self._lots.get(id(lot.at)) is not lot:
            return False  # nobody is parked there any more
        self._later.put(lot, asyncio.get_running_loop().time())
        self._arm()
        return True

    def _release(self, lot: Lot[T], now: float) -> None:
        for item in lot.settled():
            self._drop(item)
        for item in lot.let_go(now):
            self._due(item)
        if lot.waiting:
            lot.listen(self._look)
            self._later.put(lot, lot.next_look(now))
        elif not lot.out:
            del self._lots[id(lot.at)]

    def _arm(self) -> None:
        first = self._later.first
        if first is None or self._tick_at <= first:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._tick_at = asyncio.get_running_loop().call_at(first, self._tick), first

    def _tick(self) -> None:
        self._timer, self._tick_at = None, math.inf
        now = asyncio.get_running_loop().time()
        for _ in range(_AT_ONCE):
            if (first := self._later.first) is None or first > now:
                break
            waiter = self._later.pop()
            if isinstance(waiter, Lot):
                self._release(waiter, now)
            elif waiter is not None:
                self._due(waiter)
        self._arm()
