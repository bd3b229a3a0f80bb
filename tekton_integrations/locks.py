"""Locks around reading and then writing what several runs share at the remote. Nobody waits here: whoever comes to a
closed one is sent away to where names wait, and meanwhile takes up no worker and no call.
"""

from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from tekton_integrations.errors import Throttled

# Seconds, where the end of other work decides: that is told, and looked at this often besides.
_LOOK = 1.0


class _Lock:
    """An Opening."""

    def __init__(self) -> None:
        self.held = False
        self._callbacks: list[Callable[[], None]] = []

    def wait(self) -> float:
        return _LOOK if self.held else 0.0

    def openings(self) -> int:
        return 0 if self.held else 1

    def on_open(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def open(self) -> None:
        self.held = False
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


class Locks:
    """One for each key, as long as somebody holds it or is parked at it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Hashable, _Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._locks)

    @asynccontextmanager
    async def held(self, key: Hashable) -> AsyncIterator[None]:
        """One at a time. Raises Throttled where somebody is at it: those who wait there are let go in their order."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = _Lock()
        if lock.held:
            raise Throttled("another run is at work on what both show", _LOOK, at=lock)
        lock.held = True
        try:
            yield
        finally:
            lock.open()
