"""Workers before a turnstile, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from tekton_integrations.turnstile import QUIET, Turnstile
from tests import virtual_time

Work = Callable[[], Coroutine[Any, Any, object]]


class Scene:
    """`steps`: of each step its work's name, the turn of the loop, and the time."""

    def __init__(self) -> None:
        self.turnstile = Turnstile()
        self.turn = 0
        self.steps: list[tuple[str, int, float]] = []
        self._loop = asyncio.get_running_loop()

    @property
    def now(self) -> float:
        return self._loop.time()

    def begin(self, name: str, work: Work, times: int = 1) -> "asyncio.Task[None]":
        """A worker that does so many pieces, one after the other; "late" ones are late."""

        async def piece() -> None:
            self.step(name)
            await work()

        async def worker() -> None:
            for _ in range(times):
                await self.turnstile.through(piece(), late=name == "late")

        return asyncio.create_task(worker())

    def late(self, workers: int, times: int) -> "list[asyncio.Task[None]]":
        """Work that awaits nothing."""
        return [self.begin("late", nothing, times) for _ in range(workers)]

    def step(self, name: str) -> None:
        self.steps.append((name, self.turn, self.now))

    def busy(self, seconds: float) -> "asyncio.Task[None]":
        """Work that takes a step more often than a gap is long."""

        async def work() -> None:
            for _ in range(round(2 * seconds / QUIET)):
                await asyncio.sleep(QUIET / 2)

        return self.begin("new", work)

    async def count_turns(self) -> None:
        while True:
            self.turn += 1
            await asyncio.sleep(0)

    def of(self, name: str) -> list[float]:
        return [at for who, _, at in self.steps if who == name]


async def nothing() -> None:
    """Awaits nothing."""


async def broken() -> None:
    raise ValueError("broken")


async def second() -> None:
    await asyncio.sleep(1)


def play(story: Callable[[Scene], Awaitable[None]]) -> None:
    async def played() -> None:
        await asyncio.wait_for(story(Scene()), 3600)

    virtual_time.run(played())
