"""What is remembered between reports: bounded, and forgotten when unused for long. And calls that many wait for."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from tekton_integrations import Throttled

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """At most `limit` entries; whichever was not used for `idle` seconds goes, or else the one unused for longest."""

    def __init__(self, limit: int, idle: float) -> None:
        self._limit = limit
        self._idle = idle
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K, now: float) -> V | None:
        self._sweep(now)
        entry = self._entries.get(key)
        if entry is None:
            return None
        self.put(key, entry[1], now)
        return entry[1]

    def put(self, key: K, value: V, now: float) -> None:
        self._entries[key] = (now, value)
        self._entries.move_to_end(key)
        self._sweep(now)

    def drop(self, key: K) -> None:
        self._entries.pop(key, None)

    def _sweep(self, now: float) -> None:
        while self._entries:
            used, _ = next(iter(self._entries.values()))
            if len(self._entries) <= self._limit and now - used <= self._idle:
                return
            self._entries.popitem(last=False)


class Flights(Generic[K, V]):
    """One call at a time for each key: who asks meanwhile gets what it brings, be it a failure.

    A caller that is cancelled leaves the call to the others.
    """

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[V]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    async def join(self, key: K, make: Callable[[], Awaitable[V]], *, insist: bool) -> V:
        """`insist`: that others had to wait for their quota does not count; the call is made with one's own."""
        task = self._tasks.get(key)
        if task is None:
            return await self._begin(key, make)
        try:
            return await asyncio.shield(task)
        except Throttled:
            if not insist:
                raise
        return await self.join(key, make, insist=False) if key in self._tasks else await self._begin(key, make)

    async def _begin(self, key: K, make: Callable[[], Awaitable[V]]) -> V:
        async def call() -> V:
            return await make()

        task = self._tasks[key] = asyncio.create_task(call())
        task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)

    def _ended(self, key: K, task: asyncio.Task[V]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled():
            task.exception()  # it was told to those who waited, if any still did
