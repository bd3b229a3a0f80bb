"""A busy machine is no failure: random tests have no deadline, and what has to be quick is measured in CPU."""

import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from hypothesis import HealthCheck, settings

T = TypeVar("T")
calmly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TRIES = 5


def quickly(work: Callable[[], T], seconds: float) -> T:
    """What `work` returns, if it takes less than `seconds` of this thread's CPU.

    The wall clock would count what other processes do, and a single try the garbage collector's turn.
    """
    for _ in _tries(seconds):
        found = work()
    return found


async def quickly_awaited(work: Callable[[], Awaitable[T]], seconds: float) -> T:
    """As `quickly`: all that is awaited in between is ours."""
    for _ in _tries(seconds):
        found = await work()
    return found


def _tries(seconds: float) -> Iterator[None]:
    """One for each turn of a loop, up to the first that is quick."""
    for _ in range(TRIES):
        begin = time.thread_time()
        yield
        if (used := time.thread_time() - begin) < seconds:
            return
    raise AssertionError(f"{1000 * used:.1f} ms of CPU, and {1000 * seconds:.1f} are allowed")
