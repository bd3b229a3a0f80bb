"""Small memories with an end: what was found out a moment ago, and who failed too often lately. Bounded, oldest out."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")
Clock = Callable[[], float]


class Remembered(Generic[V]):
    """Values for so many seconds."""

    def __init__(self, seconds: float, most: int = 10_000, clock: Clock = time.monotonic) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._values: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> V | None:
        end, value = self._values.get(key, (0.0, None))
        if self._clock() < end:
            return value
        self._values.pop(key, None)
        return None

    def put(self, key: Hashable, value: V) -> None:
        self._values[key] = (self._clock() + self._seconds, value)
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)


class Failures:
    """At most so many in so many seconds for each key. A try counts as failed until it is `forgiven`, so that many at
    once get no further than one after the other."""

    def __init__(self, allowed: int, seconds: float, most: int = 10_000, clock: Clock = time.monotonic) -> None:
        self._allowed, self._seconds, self._most, self._clock = allowed, seconds, most, clock
        self._tries: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def begin(self, key: Hashable) -> int:
        """0, or the whole seconds until another try."""
        now = self._clock()
        tries = self._tries.setdefault(key, deque())
        while tries and tries[0] <= now - self._seconds:
            tries.popleft()
        if len(tries) >= self._allowed:
            return math.ceil(tries[0] + self._seconds - now) or 1
        tries.append(now)
        self._tries.move_to_end(key)
        if len(self._tries) > self._most:
            self._tries.popitem(last=False)
        return 0

    def forgive(self, key: Hashable) -> None:
        if tries := self._tries.get(key):
            tries.pop()
