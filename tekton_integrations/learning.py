"""The pace of writes that a service was found to bear, where it does not say its limit: learnt from its refusals.

Additive increase, multiplicative decrease, as TCP finds the width of a line. Nothing is limited before the first
refusal, and nothing is after a long time without one. https://en.wikipedia.org/wiki/Additive_increase/multiplicative_decrease
"""

from contextlib import AbstractContextManager, nullcontext

from tekton_integrations.limits import Level, Spare

# Writes a second: after the first refusal, at least, and when it is no limit any more.
FIRST, LEAST, MOST = 1.0, 1 / 60, 20.0
# Writes a second by which the pace grows in a minute in which it is used up; of a slow pace, a tenth of it.
STEP, SLOW = 0.02, 0.1
# Seconds in which that step doubles, once the pace is beyond that at which it was refused last.
DOUBLING = 600.0
# Seconds without a refusal, after which nothing is limited any more.
HEALTHY = 3 * 3600.0
# In writes. As much over one as makes a third, the reserve for final states.
_BURST = 1.5


class Pace:
    """`rate` in writes a second, None while nothing is known; `refused_at` is when the service refused last."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self.refused_at = 0.0
        self._level = Level(FIRST, _BURST, 0.0)
        self._ceiling = FIRST
        # Seconds for which it has been used up beyond the ceiling.
        self._beyond = 0.0
        self._last = 0.0

    def refused(self, now: float) -> None:
        """Once for each block, however many calls were under way."""
        self._heal(now)
        ceiling = self.rate
        self.resume(FIRST if ceiling is None else ceiling / 2, now, now)
        self._ceiling = ceiling or FIRST

    def resume(self, rate: float, refused_at: float, now: float) -> None:
        """Goes on at `rate`, which is half of that at which the service refused, as far as we know."""
        self.rate = min(MOST, max(LEAST, rate))
        self.refused_at, self._last = refused_at, now
        self._ceiling, self._beyond = 2 * self.rate, 0.0
        self._level = Level(self.rate, _BURST, now)
        self._level.points = 0.0

    def wait(self, now: float, spare: Spare) -> float:
        """Seconds until a write may go."""
        self._heal(now)
        return 0.0 if self.rate is None else self._level.wait(now, 1.0, spare)

    def fitting(self, spare: Spare) -> int | None:
        """How many writes may go now; None for any number."""
        return None if self.rate is None else self._level.fitting(1.0, spare)

    def held(self) -> AbstractContextManager[None]:
        """A write less may go while the block lasts."""
        return nullcontext() if self.rate is None else self._level.held(1.0)

    def take(self, now: float) -> None:
        """A write goes."""
        if self.rate is None:
            return
        self._level.points -= 1.0
        used, self._last = now - self._last, now
        if used > 2 / self.rate:
            return  # it was not asked for, so nothing is shown by that it was not refused
        step = min(STEP, self.rate * SLOW)
        if self.rate >= self._ceiling:
            self._beyond += used
            step = STEP * 2.0 ** min(30.0, self._beyond / DOUBLING)
        self._level.rate = self.rate = self.rate + step * used / 60
        if self.rate >= MOST:
            self.rate = None

    def _heal(self, now: float) -> None:
        if self.rate is not None and now - self.refused_at > HEALTHY:
            self.rate = None
