"""What was used in the last so many seconds, and how long it takes until more of it may be."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass


class Meter:
    """A sliding window of `period` seconds."""

    def __init__(self, period: float) -> None:
        self._period = period
        self._entries: deque[tuple[float, int]] = deque()
        self._total = 0

    def add(self, now: float, cost: int) -> None:
        self._entries.append((now, cost))
        self._total += cost

    def wait(self, now: float, cost: int, most: int) -> float:
        """Seconds until `cost` more are within `most`; 0 for now. What alone is too much waits a whole period."""
        while self._entries and self._entries[0][0] <= now - self._period:
            self._total -= self._entries.popleft()[1]
        excess = self._total + cost - most
        if excess <= 0:
            return 0.0
        for time, freed in self._entries:
            excess -= freed
            if excess <= 0:
                return time + self._period - now
        return self._period


@dataclass(frozen=True, kw_only=True)
class Use:
    meter: Meter
    cost: int
    most: int


def wait(uses: Iterable[Use], now: float) -> float:
    return max((use.meter.wait(now, use.cost, use.most) for use in uses), default=0.0)


def spend(uses: Iterable[Use], now: float) -> None:
    for use in uses:
        use.meter.add(now, use.cost)
