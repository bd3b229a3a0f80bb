"""When a Lease is surely ours, and when we may try to take it. No I/O: `lease.py` tells what was seen and written.

Two never hold at once: the holder counts from before it sent a renewal, others from after they saw it, and every
write is guarded by the version that was seen. All times are of this machine's steady clock; nobody compares clocks.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from tekton_integrations.kube.lease_json import LeaseObject

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def steady() -> float:
    """Seconds of a clock that goes on while the process is stopped, and where possible while the machine sleeps."""
    return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """`wall` is only for people to read; no decision depends on it."""

    steady: Callable[[], float] = steady
    wall: Callable[[], float] = time.time


@dataclass(frozen=True, kw_only=True)
class LeaseTiming:
    """In seconds. `duration`: for how long each renewal holds. `renew`: its period. `timeout`: of one request.

    `retry`: after a failed request, at most. `grace`: how much longer than `duration` others wait, as clocks run at
    slightly different speeds. `spread`: over which candidates are scattered. `absent`: how long a Lease that we have
    never seen must be missing before we create it, as its holder may be about to.
    """

    duration: float = 15.0
    renew: float = 2.0
    timeout: float = 3.0
    retry: float = 1.0
    grace: float = 0.2
    spread: float = 0.2
    absent: float = 1.0

    def __post_init__(self) -> None:
        if self.renew + self.timeout >= self.duration:
            raise ValueError("a lease must outlast a renewal that fails: renew + timeout < duration")


class Tenure:
    """What one candidate knows of one Lease."""

    def __init__(self, holder: str, timing: LeaseTiming, clock: Clock, chance: Callable[[], float]) -> None:
        self.holder = holder
        self.lease: LeaseObject | None = None
        self.stale = True  # the Lease is to be read before the next write
        self.since = 0.0
        self.number = 0  # of our tenures so far
        self._timing = timing
        self._clock = clock
        self._chance = chance
        self.closed = False
        self._seen = False  # that there is a Lease, or none
        self._version = 0  # of what was seen last
        self._due = -math.inf
        self._free = math.inf  # not ours to take before
        self._until = -math.inf

    @property
    def due(self) -> float:
        """When to write next, or to read if what we know is stale."""
        if self.closed:
            return math.inf
        return self._due if self.stale else max(self._due, self._free)

    @property
    def ours(self) -> bool:
        """Whether the Lease names us, which is not enough to hold it."""
        return self.lease is not None and self.lease.holder == self.holder

    @property
    def holder_seen(self) -> str:
        """Empty if nobody holds it, as far as we know."""
        if self.remaining() > 0:
            return self.holder
        if self.lease is None or self.ours or self._clock.steady() >= self._free:
            return ""
        return self.lease.holder

    def remaining(self) -> float:
        return max(0.0, self._until - self._clock.steady())

    def close(self) -> None:
        """Holds nothing and takes nothing from now on."""
        self.closed = True
        self._until = -math.inf

    def saw(self, lease: LeaseObject) -> None:
        """A state of it, by a watch or a read; one that is older than what we know is no news."""
        if int(lease.resource_version) <= self._version:
            return
        self._know(lease, lease.resource_version)
        if self.ours:
            # By a write of ours of which we had no answer, or one of a former life.
            self._take(self._due if self.remaining() > 0 else self._clock.steady())
            return
        self._until = -math.inf
        self._wait(self._term(lease) if lease.holder else 0.0)

    def gone(self, version: str = "") -> None:
        """It was deleted, at `version` where that is known."""
        before = self.lease
        if (self._seen and before is None) or (version and int(version) < self._version):
            return
        self._know(None, version)
        if self.remaining() > 0:
            self._take(self._clock.steady())  # others let us have it until it would have expired
            return
        self._wait(self._term(before) if before and before.holder else self._timing.absent)

    def wrote(self, lease: LeaseObject, sent: float) -> None:
        """Our write was accepted; it was sent after `sent`."""
        if int(lease.resource_version) < self._version:
            return  # a later state was seen before the answer came
        self._know(lease, lease.resource_version)
        now, until = self._clock.steady(), sent + self._timing.duration
        self._take(sent + self._timing.renew)
        if self.closed or not self.ours or until <= now:
            return
        if self._until <= now:
            self.number += 1
            self.since = self._clock.wall()
        self._until = until

    def failed(self) -> None:
        """A request failed: again, soon."""
        self._due = self._clock.steady() + self._timing.retry * (0.5 + 0.5 * self._chance())

    def looked(self) -> None:
        """A read has been answered, and what it brought was handed to `saw` or `gone`."""
        if self.stale:  # it brought nothing new
            self.stale = False
            self.failed()

    def beaten(self) -> None:
        """Somebody wrote before us: see who. That counts, even if versions went back: etcd may have been restored."""
        self.stale = True
        self._version = 0
        self._due = self._clock.steady()

    def _know(self, lease: LeaseObject | None, version: str) -> None:
        self.lease = lease
        self._version = int(version or self._version)
        self._seen = True
        self.stale = False

    def _take(self, due: float) -> None:
        self._free, self._due = -math.inf, due

    def _term(self, lease: LeaseObject) -> float:
        """For how long its holder may still count on it."""
        return (self._timing.duration if lease.seconds is None else lease.seconds) + self._timing.grace

    def _wait(self, seconds: float) -> None:
        self._free = self._clock.steady() + seconds
        self._due = self._free + self._timing.spread * self._chance()
