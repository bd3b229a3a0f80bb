"""Long work in slices, so that the event loop looks at everything else in between."""

import asyncio
import time
from collections.abc import Callable, Iterable

# Seconds; what waits behind a slice should not feel it.
SLICE = 0.003


class Slices:
    """`breathe()` between two steps lets others have their turn when the time of a slice is over."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._until = clock() + SLICE

    async def breathe(self) -> None:
        if self._clock() >= self._until:
            await asyncio.sleep(0)
            self._until = self._clock() + SLICE


async def in_slices(steps: Iterable[object], *, going_on: Callable[[], bool] = lambda: True) -> None:
    """Takes one step after the other, as long as `going_on`."""
    slices = Slices()
    for _ in steps:
        await slices.breathe()
        if not going_on():
            return
