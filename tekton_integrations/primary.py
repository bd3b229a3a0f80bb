"""The count that a service keeps itself and tells with its answers: so many calls remain until it begins anew."""

from tekton_integrations.limits import RESERVE, Spare
from tekton_integrations.opening import UNKNOWN_DELAY, bounded

# Seconds by which the reset may move from answer to answer without being another one.
_SAME = 5.0
# Of the limit, what ends don't use up at once: it is spread over the time until the reset. Else a flood would take it
# all, and who has a single end to show would wait for the reset as well.
_SPREAD = RESERVE / 2


class Primary:
    """`limit` and `remaining` are None while unknown. Between answers it counts down by itself, so that those under way
    together don't go beyond. `reset_at`: when `remaining` begins anew.
    """

    def __init__(self, window: float) -> None:
        self.limit: int | None = None
        self.remaining: int | None = None
        self.reset_at: float | None = None
        self._window = window
        # What came from another process was rounded: the first answer corrects it.
        self._rounded = False
        # When the last call went.
        self._last: float | None = None

    def learn(self, now: float, limit: int | None, remaining: int | None, reset_in: float | None) -> None:
        """What an answer says; None where it does not. Answers of calls that were under way together come in any
        order, so within one window the least counts."""
        self._renew(now)
        self.limit = self.limit if limit is None else limit
        reset_at = None if reset_in is None else now + bounded(reset_in)
        if remaining is not None:
            same = not self._rounded and self._same(reset_at)
            known = self.remaining if same and self.remaining is not None else remaining
            self.remaining = max(0, min(known, remaining))
            self._rounded = False
        if reset_at is not None:
            self.reset_at = reset_at
        elif remaining is not None and remaining <= 0:
            self.reset_at = now + UNKNOWN_DELAY

    def resume(self, limit: int | None, remaining: int | None, reset_at: float) -> None:
        self.limit, self.remaining, self.reset_at, self._rounded = limit, remaining, reset_at, True

    def reset_in(self, now: float) -> float | None:
        """Seconds; 0 when it has passed, None when it is not known."""
        return None if self.reset_at is None else max(0.0, self.reset_at - now)

    def wait(self, now: float, spare: Spare) -> float:
        """Seconds until a call may go."""
        self._renew(now)
        if self.remaining is None or self.reset_at is None:
            return 0.0
        if self.remaining <= 0:
            return self.reset_at - now
        if not self.limit:
            return 0.0
        if spare is Spare.THIRD:
            return self._worn(now, RESERVE, self.remaining - 1)
        if self._last is None or self._worn(now, _SPREAD, self.remaining) <= 0:
            return 0.0
        return max(0.0, self._last + (self.reset_at - self._last) / (self.remaining + 1) - now)

    def fitting(self, now: float, spare: Spare) -> int | None:
        """How many calls may go now, after `wait` was 0; None for any number."""
        if self.remaining is None or self.reset_at is None:
            return None
        part = RESERVE if spare is Spare.THIRD else _SPREAD
        kept = (self.limit or 0) * part * min(1.0, (self.reset_at - now) / self._window)
        return min(self.remaining, max(1, int(self.remaining - kept)))

    def take(self, now: float) -> None:
        self._last = now
        if self.remaining is not None:
            self.remaining = max(0, self.remaining - 1)

    def _worn(self, now: float, part: float, left: int) -> float:
        """What is kept of the limit shrinks as the reset comes near. Seconds until that is down to what is left."""
        worth = left * self._window / ((self.limit or 1) * part)
        return max(0.0, (self.reset_at or now) - now - worth) if worth < self._window else 0.0

    def _same(self, reset_at: float | None) -> bool:
        """Whether the reset is that of the window which is counted now."""
        return reset_at is not None and self.reset_at is not None and abs(reset_at - self.reset_at) <= _SAME

    def _renew(self, now: float) -> None:
        if self.reset_at is not None and now >= self.reset_at:
            self.remaining, self.reset_at = self.limit, None
            self._rounded = True
