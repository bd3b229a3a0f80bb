"""Virtual time for a whole controller: the clocks that it is made with, and a loop on which threads take no time."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

from tests.virtual_time import VirtualTimeLoop, clock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# When every simulation begins, in seconds since 1970.
EPOCH = 1_800_000_000.0
steady = clock


def wall() -> float:
    """Seconds since 1970."""
    return EPOCH + steady()


class Loop(VirtualTimeLoop):
    """Time must not jump while a thread works, so what would go to a thread is done at once."""

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(coroutine)
