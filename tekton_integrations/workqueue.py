"""A queue of names: each at most once in the queue and at most once in work, now or at a later time.

The semantics are client-go's (https://pkg.go.dev/k8s.io/client-go/util/workqueue): a name that is added while it
is in work runs again when it is done.
"""

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


def backoff(failures: int, *, base: float = 1.0, ceiling: float = 300.0) -> float:
    """Seconds before the next try: doubling from `base` up to `ceiling`, spread by half."""
    delay: float = min(ceiling, base * 2 ** min(failures - 1, 30))
    return delay * random.uniform(0.5, 1.0)  # noqa: S311  (jitter, not a secret)


class WorkQueue(Generic[T]):
    def __init__(self, depth: Callable[[int], None] = lambda _: None) -> None:
        self._ready: deque[T] = deque()
        self._queued: set[T] = set()
        self._working: set[T] = set()
        self._again: set[T] = set()
        # When each delayed name is due. The heap may hold outdated entries; this is the truth.
        self._due: dict[T, float] = {}
        self._heap: list[tuple[float, int, T]] = []
        self._sequence = 0
        self._timer: asyncio.TimerHandle | None = None
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._depth = depth
        self._shut = False
        self._drained = asyncio.Event()

    def __len__(self) -> int:
        return len(self._ready)

    async def drain(self) -> None:
        """Gives out no more names; returns when those in work are done."""
        self._shut = True
        if self._working:
            self._drained.clear()
            await self._drained.wait()

    def add(self, name: T) -> None:
        """Due now, even if it was to wait."""
        self._due.pop(name, None)
        if name in self._working:
            self._again.add(name)
        elif name not in self._queued:
            self._queued.add(name)
            self._ready.append(name)
            self._depth(len(self._ready))
            self._wake()

    def add_after(self, name: T, delay: float) -> None:
        """Due in `delay` seconds, unless it is due before."""
        if delay <= 0:
            self.add(name)
            return
        if name in self._queued or name in self._again:
            return
        due = asyncio.get_running_loop().time() + delay
        if due < self._due.get(name, float("inf")):
            self._due[name] = due
            self._sequence += 1
            heapq.heappush(self._heap, (due, self._sequence, name))
            self._schedule()

    async def get(self) -> T:
        """The next due name; it is in work until `done`."""
        while self._shut or not self._ready:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                # A wake-up that reached a cancelled worker belongs to the next one.
                if waiter.done() and not waiter.cancelled():
                    self._wake()
                raise
        name = self._ready.popleft()
        self._queued.discard(name)
        self._working.add(name)
        self._depth(len(self._ready))
        return name

    def done(self, name: T) -> None:
        self._working.discard(name)
        if not self._working:
            self._drained.set()
        if name in self._again:
            self._again.discard(name)
            self.add(name)

    def _wake(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _schedule(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._heap:
            self._timer = asyncio.get_running_loop().call_at(self._heap[0][0], self._release)

    def _release(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._heap and self._heap[0][0] <= now:
            due, _, name = heapq.heappop(self._heap)
            if self._due.get(name) == due:
                self.add(name)
        self._schedule()
