"""Time that jumps to the next timer, for queues, quotas and gates: hours of back-off cost no waiting."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.virtual_time import VirtualTimeLoop

T = TypeVar("T")


def clock() -> float:
    """The running loop's time, in seconds since `run` began: for a Quota or a Gate."""
    return asyncio.get_running_loop().time()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns, on a loop of virtual time that begins at 0. For tests that are not coroutines."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(coroutine)
