"""Time that costs nothing: an event loop whose clock jumps to the next timer when nothing else is left to do, and a
clock that the test moves.

The loop is for code that waits by timers only. Where nothing could ever happen any more it raises instead of waiting.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from dataclasses import dataclass
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


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns, on a new loop of virtual time. For tests that are not coroutines."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(coroutine)


def clock() -> float:
    """The running loop's time, in seconds since `run` began: for a Quota or a Gate."""
    return asyncio.get_running_loop().time()


@dataclass
class Clock:
    """Time that only the test moves, in seconds."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now
