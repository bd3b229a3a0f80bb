"""The way to one host with one credential: so many calls at once, and none while the host is down.

A host that fails again and again is left alone for a while, then tried with one call, then let in gradually.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tekton_integrations.errors import TemporaryError, Throttled
from tekton_integrations.opening import backoff, bounded

# Seconds of the first pause, and of the longest.
_BASE, _CEILING = 5.0, 300.0
# Seconds, where the end of a call decides: that is told, and looked at this often besides.
_LOOK = 1.0


class Gate:
    """An Opening. `cap`: calls at once; `failures`: how many in a row show that `host` is down."""

    def __init__(
        self,
        host: str = "the service",
        *,
        cap: int = 16,
        failures: int = 5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host
        self._cap = cap
        self._failures = failures
        self._clock = clock
        self._under_way = 0
        # At once, for now: less than the cap while the host recovers.
        self._allowed = cap
        self._failed = 0
        # Pauses since the host was last let in fully; each is longer than the one before.
        self._pauses = 0
        self._paused_until: float | None = None
        self._probing = False
        # Grows when a pause or a try begins or ends. How a call ends counts only in the period in which it began.
        self._period = 0
        self._callbacks: list[Callable[[], None]] = []

    @property
    def idle(self) -> bool:
        """Nothing is under way, nobody waits, and nothing is known that a new one would not know."""
        return not (self._under_way or self._failed or self._pauses or self._callbacks)

    @contextmanager
    def admitted(self, called: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """Around the calls of one piece of work; learns from its outcome whether the host is up, if it made any.

        Raises Throttled when as many as may are under way, and TemporaryError(ServiceDown) while the host is down.
        """
        period = self._enter()
        up: bool | None = None  # a call that was cancelled tells nothing
        try:
            yield
            up = called() or None
        except TemporaryError as error:
            # What was refused before any call (a quota, an attempt in doubt) tells nothing about the host.
            untold = error.at is not None or error.maybe_sent or error.reason == "Stalled" or not called()
            up = False if error.down else None if untold else True
            raise
        except Exception:
            up = called() or None
            raise
        finally:
            self._leave(period, up)

    def wait(self) -> float:
        """Seconds until somebody may go; where the end of a call decides, until another look is worth it."""
        if self._paused_until is None:
            return 0.0 if self._under_way < self._allowed else _LOOK
        return _LOOK if self._probing else bounded(self._paused_until - self._clock())

    def openings(self) -> int:
        if self.wait():
            return 0
        return 1 if self._paused_until is not None else self._allowed - self._under_way

    def on_open(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def _enter(self) -> int:
        if wait := self.wait():
            raise self._refusal(wait)
        self._under_way += 1
        if self._paused_until is not None:
            self._probing = True
            self._period += 1
        return self._period

    def _refusal(self, wait: float) -> TemporaryError:
        if self._paused_until is None:
            return Throttled(f"{self._under_way} calls to {self._host} are under way", wait, at=self)
        when = "being tried again now" if self._probing else f"tried again in {wait:.0f} s"
        message = f"{self._host} has failed {self._failed} times in a row; {when}"
        return TemporaryError("ServiceDown", message, wait, at=self)

    def _leave(self, period: int, up: bool | None) -> None:
        self._under_way -= 1
        if period == self._period:
            if self._probing:
                self._probed(up)
            elif up is not None:
                self._succeeded() if up else self._fail()
        if self.openings():
            callbacks, self._callbacks = self._callbacks, []
            for callback in callbacks:
                callback()

    def _probed(self, up: bool | None) -> None:
        self._probing = False
        self._period += 1
        if up:
            self._paused_until = None
            self._succeeded()
        elif up is None:
            self._paused_until = self._clock() + _LOOK
        else:
            self._failed += 1
            self._pause()

    def _succeeded(self) -> None:
        self._failed = 0
        self._allowed = min(self._cap, 2 * self._allowed)
        if self._allowed == self._cap:
            self._pauses = 0

    def _fail(self) -> None:
        self._failed += 1
        if self._failed >= self._failures:
            self._pause()

    def _pause(self) -> None:
        self._pauses += 1
        self._paused_until = self._clock() + backoff(self._pauses, base=_BASE, ceiling=_CEILING)
        self._period += 1
        self._allowed = 1
