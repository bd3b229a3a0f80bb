"""What a service is known to allow, as token buckets, and how full they are. quota.py decides by them."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

# Of each bucket, kept for final states: a result that comes late hurts more than progress that comes late.
RESERVE = 1 / 3
# Points; less is missing only because of rounding.
_NOTHING = 1e-6
# Calls that may go at once when a block ends; more follow at the rate.
_FEW = 3
# Endpoints that are remembered; what is full needs no remembering.
_ENDPOINTS = 64


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """`burst` points at once and `rate` points a second: in any w seconds at most burst + rate * w.

    `each`: every endpoint has one of its own.
    """

    rate: float
    burst: float
    each: bool = False


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Buckets that hold together: a call goes when all of them have its points.

    They hold once the service has shown that it limits at all, or from the first call on where that is `certain`.
    `window`: seconds for which the service's own count of remaining calls (Quota.learn) is meant.
    """

    buckets: tuple[Bucket, ...] = ()
    certain: bool = False
    window: float = 3600.0


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What one call takes. `write`: it changes something, so what is learnt about the pace of writes holds for it.

    `final`: it may use what is kept for final states. `endpoint`: a template, of which there are a few dozen.
    """

    points: float = 1.0
    write: bool = False
    final: bool = True
    endpoint: str = ""


class Spare(enum.Enum):
    """What a call must leave: nothing, what another such call takes, or the reserve."""

    NOTHING = 0
    CALL = 1
    THIRD = 2


class Level:
    """How full one bucket is. It begins full."""

    __slots__ = ("_at", "_largest", "burst", "points", "rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self.points = burst
        self._largest = 0.0
        self._at = now

    def wait(self, now: float, points: float, spare: Spare) -> float:
        """Seconds until `points` are there besides what must be left.

        What costs more than can be saved goes when all is saved.
        """
        self._refill(now)
        self._largest = max(self._largest, min(points, self.burst))
        missing = min(self.burst, points + self._left(points, spare)) - self.points
        return missing / self.rate if missing > _NOTHING else 0.0

    def fitting(self, points: float, spare: Spare) -> int:
        """How many such calls may go now, after `wait` was 0."""
        return int((self.points - self._left(points, spare) + _NOTHING) / max(points, _NOTHING))

    @contextmanager
    def held(self, points: float) -> Iterator[None]:
        """So much less is there for others while the block lasts."""
        self.points -= points
        try:
            yield
        finally:
            self.points = min(self.burst, self.points + points)

    def full_in(self, now: float) -> float:
        self._refill(now)
        return (self.burst - self.points) / self.rate

    def reopen(self, at: float) -> None:
        """A block ended: those who waited for it must not go all at once."""
        self._refill(at)
        self.points = min(self.points, self.burst * RESERVE + _FEW * self._largest)

    def _left(self, points: float, spare: Spare) -> float:
        return {Spare.NOTHING: 0.0, Spare.CALL: points, Spare.THIRD: self.burst * RESERVE}[spare]

    def _refill(self, now: float) -> None:
        if now > self._at:
            self.points = min(self.burst, self.points + (now - self._at) * self.rate)
            self._at = now


class Levels:
    """All buckets of some Limits, those of each endpoint made when it is first called."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        # Until then a new bucket is taken to lack what it would fill up with.
        self._full_at = now
        self._levels: dict[tuple[int, str], Level] = {}

    def of(self, cost: Cost, now: float) -> Iterator[Level]:
        for number, bucket in enumerate(self._limits.buckets):
            key = (number, cost.endpoint if bucket.each else "")
            yield self._levels.get(key) or self._make(key, bucket, now)

    def full_in(self, now: float) -> float:
        """Seconds until all are full, if nobody calls."""
        waits = [level.full_in(now) for level in self._levels.values()]
        return max([0.0, self._full_at - now, *waits])

    def lack(self, full_at: float) -> None:
        """They will be full then only."""
        self._full_at = full_at
        self._levels.clear()

    def reopen(self, at: float) -> None:
        for level in self._levels.values():
            level.reopen(at)

    def _make(self, key: tuple[int, str], bucket: Bucket, now: float) -> Level:
        if len(self._levels) >= _ENDPOINTS:
            self._levels = {known: level for known, level in self._levels.items() if level.full_in(now) > 0}
        level = self._levels[key] = Level(bucket.rate, bucket.burst, now)
        level.points -= min(bucket.burst, max(0.0, self._full_at - now) * bucket.rate)
        return level
