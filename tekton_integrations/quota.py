"""What a service lets one credential do. Asked before a call and fed from its answers; it never sleeps."""

import time
from collections.abc import Callable

from tekton_integrations.errors import Throttled


class Quota:
    """A token bucket that is idle until the service shows that it limits at all.

    `rate` is in points per second, `burst` in points. A third of the burst is kept for final states, since a
    result that comes late hurts more than progress that comes late.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._points = burst
        self._at = clock()
        self._blocked_until = 0.0
        self._paced = False

    @property
    def blocked_for(self) -> float:
        """Seconds until the service may be called again; 0 when it may be called now."""
        return max(0.0, self._blocked_until - self._clock())

    def take(self, points: float, *, final: bool) -> None:
        """Takes `points` for a call, or raises Throttled with the seconds to wait."""
        self.check(points, final=final)
        self._points -= points

    def check(self, points: float, *, final: bool) -> None:
        """Like `take`, but takes nothing: to be asked before a call is announced."""
        if wait := self.blocked_for:
            raise Throttled(f"the service asked to wait; {wait:.0f} s are left", wait)
        if not self._paced:
            return
        now = self._clock()
        self._points = min(self._burst, self._points + (now - self._at) * self._rate)
        self._at = now
        missing = points + (0.0 if final else self._burst / 3) - self._points
        if missing > 0:
            raise Throttled("kept below the service's limit", missing / self._rate)

    def block(self, seconds: float) -> None:
        """The service said to wait."""
        self._blocked_until = max(self._blocked_until, self._clock() + seconds)

    def pace(self) -> None:
        """The service limits calls: from now on stay below its rate."""
        self._paced = True
