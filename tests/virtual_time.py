"""An event loop whose clock jumps to the next timer when nothing else is left to do: delays cost nothing.

For code that waits by timers only. Where nothing could ever happen any more it raises instead of waiting.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Stuck(Exception):
    """Everybody waits, and no timer is set."""


class _Jumping(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            raise Stuck
        self.now += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Begins at 0."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run_virtually(function: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What the coroutine function returns, on a new loop of its own. For tests that are not coroutines."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(function())
