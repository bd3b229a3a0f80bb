"""A run half-way under a controller's eyes, and a controller that looks away while somebody edits its record."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from hack.player import PlayedRun
from hack.testbed import ApiError
from hack.testbed.api import polled
from tests.e2e import people
from tests.e2e.people import Object
from tests.e2e.stage import SHA, Stage, condition
from tests.fakes.github import CheckRun


@dataclass(frozen=True)
class Shown:
    """A run half-way, whose check is in progress."""

    stage: Stage
    run: PlayedRun
    path: str
    sha: str

    @classmethod
    async def half_way(cls, stage: Stage, namespace: str, *, name: str = "demo", sha: str = SHA) -> "Shown":
        run = await stage.player.start("success", namespace=namespace, name=name, sha=sha, events=False)
        await run.to_end(until=lambda step: step.kind == "PipelineRun" and step.status == "True")
        shown = cls(stage, run, people.record_path(namespace, name, run.uid), sha)
        await shown.until(lambda record: record["status"].get("observedState") == "Running")
        return shown

    @property
    def check(self) -> CheckRun:
        """The only one there is for this run."""
        [check] = self.stage.checks(self.sha)
        return check

    async def record(self) -> Object:
        return await self.stage.bed.request("GET", self.path)

    async def until(self, holds: Callable[[Object], bool], seconds: float = 60) -> Object:
        async def probe() -> Object | None:
            try:
                record = await self.record()
            except ApiError as error:
                if error.status != 404:
                    raise
                return None
            return record if holds(record) else None

        return await polled(probe, seconds)

    async def ends_right(self) -> Object:
        """Plays the rest; the record, once the one check shows success and it says so."""
        await self.run.to_end()

        async def probe() -> bool:
            return self.check.conclusion == "success"

        await polled(probe, 60)
        return await self.until(lambda record: condition(record)["status"] == "True")

    async def edit(self, status: Object) -> None:
        await self.stage.bed.api.patch(self.path, {"status": status}, "merge")


class Watch:
    """The controller of a test that looks away at times."""

    def __init__(self, stage: Stage, stack: AsyncExitStack) -> None:
        self._stage = stage
        self._stack = stack

    async def misses(self, deed: Awaitable[object], *, down: bool) -> None:
        """The deed is done under its eyes, or while it is `down`."""
        if down:
            await self._stack.aclose()
        await deed
        if down:
            await self._stack.enter_async_context(self._stage.controller())
