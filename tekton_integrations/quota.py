"""What a service lets one credential do. Asked before a call and fed from its answers; it never sleeps."""

import time
from collections.abc import Callable

from tekton_integrations.errors import Throttled
from tekton_integrations.opening import UNKNOWN_DELAY, bounded

# Calls that may go at once when a block ends; more follow at the rate.
_FEW = 3
# Seconds for which the largest cost is remembered.
_RECENTLY = 60.0
# Points; less is missing only because of rounding.
_NOTHING = 1e-6


class Quota:
    """A token bucket that is idle until the service shows that it limits at all. An Opening.

    `rate` is in points per second, `burst` in points. A third of the burst is kept for final states, since a
    result that comes late hurts more than progress that comes late. `limit` and `remaining` are what the service
    said last, in its own units.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit: int | None = None
        self.remaining: int | None = None
        self._reset_at: float | None = None
        self._rate = rate
        self._burst = burst
        self._reserve = burst / 3
        self._clock = clock
        self._points = burst
        self._at = clock()
        self._blocked_until = 0.0
        self._paced = False
        self._cost = 1.0
        self._cost_at = self._at

    @property
    def blocked_for(self) -> float:
        """Seconds until the service may be called again; 0 when it may be called now."""
        return max(0.0, self._blocked_until - self._clock())

    @property
    def reset(self) -> float | None:
        """Seconds until `remaining` begins anew, 0 when that has passed; None when the service did not say."""
        return None if self._reset_at is None else max(0.0, self._reset_at - self._clock())

    def take(self, points: float, *, final: bool) -> None:
        """Takes `points` for a call, or raises Throttled with the seconds to wait."""
        self.check(points, final=final)
        self._points -= points
        if not self._paced:
            self._points = max(0.0, self._points)

    def check(self, points: float, *, final: bool) -> None:
        """Like `take`, but takes nothing: to be asked before a call is announced."""
        now = self._clock()
        if points >= self._cost or now - self._cost_at > _RECENTLY:
            self._cost, self._cost_at = points, now
        if wait := self.blocked_for:
            raise Throttled(f"the service asked to wait; {wait:.0f} s are left", wait, at=self)
        if wait := self._until(points, final=final):
            raise Throttled("kept below the service's limit", wait, at=self)

    def block(self, seconds: float) -> None:
        """The service said to wait, so it limits. A day at most; afterwards a few calls go, and more at the rate."""
        self._refill()
        self._blocked_until = max(self._blocked_until, self._clock() + bounded(seconds))
        self.pace()

    def pace(self) -> None:
        """The service limits calls: from now on stay below its rate."""
        self._paced = True

    def learn(self, *, limit: int | None = None, remaining: int | None = None, reset_in: float | None = None) -> None:
        """What an answer says of the service's limit; it is paced from now on, and blocked when nothing remains.

        `reset_in`: seconds until `remaining` begins anew. What an answer does not say is left out.
        """
        self.pace()
        self.limit = self.limit if limit is None else limit
        self.remaining = self.remaining if remaining is None else max(0, remaining)
        if reset_in is not None:
            self._reset_at = self._clock() + bounded(reset_in)
        if remaining is not None and remaining <= 0:
            self.block(UNKNOWN_DELAY if reset_in is None else reset_in)

    def wait(self) -> float:
        """Seconds until a call of the usual cost may go without the reserve."""
        return self.blocked_for or self._until(self._cost, final=False)

    def openings(self) -> int:
        """How many calls of the usual cost may go now without the reserve."""
        if self.wait():
            return 0
        fitting = int((self._points - self._reserve + _NOTHING) / max(self._cost, _NOTHING))
        if self.remaining is not None and self.reset:
            fitting = min(fitting, self.remaining)
        return max(1, fitting)

    def on_open(self, callback: Callable[[], None]) -> None:
        """Never calls: points come back with time only, as `wait` says."""

    def _until(self, points: float, *, final: bool) -> float:
        """Seconds until there are points enough. A call that costs more than can be saved goes when all is saved."""
        self._refill()
        if not self._paced:
            return 0.0
        missing = min(self._burst, points + (0.0 if final else self._reserve)) - self._points
        return bounded(missing / self._rate) if missing > _NOTHING else 0.0

    def _refill(self) -> None:
        now = self._clock()
        if self._at < self._blocked_until:
            ended = min(now, self._blocked_until)
            few = min(self._burst, self._reserve + _FEW * self._cost)
            self._points = min(few, self._points + (ended - self._at) * self._rate)
            self._at = ended
        self._points = min(self._burst, self._points + (now - self._at) * self._rate)
        self._at = now
