"""An integration that shows at places which several runs share, and runs that are newer than another."""

from typing import Any

from tekton_integrations import Context, PermanentError, Record, Result, Run, Target, TemporaryError
from tests.reconciling import Noting, World


class Posting(Noting):
    """Has one place for all runs of a channel, and one more that only ends are posted at."""

    def __init__(self) -> None:
        super().__init__()
        self.place: list[str] = []  # what was posted, the last one counts
        self.ends: list[str] = []
        self.fails: dict[str, PermanentError | TemporaryError] = {}  # by name
        self.settled: list[tuple[str, bool]] = []
        self.share = "ends"
        self.asks = True
        self.calls = 0

    def target(self, run: Run, options: Any) -> Target:
        return Target(resource=options.channel, name="card", shares=("ends",))

    def newest_at(self, target: Target, provider_type: str) -> tuple[str, ...]:
        return ("", *target.shares)

    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        self.calls += 1
        if not self.asks:
            return Result()
        async with context.exclusive("place"):
            self._post(self.place, run, context.newest(""))
        if run.final:
            self._post(self.ends, run, context.newest(self.share))
        return Result(memory={"id": "1"})

    def _post(self, place: list[str], run: Run, newest: bool) -> None:
        if newest:
            if error := self.fails.get(run.name):
                raise error
            place.append(f"{run.name} {run.state}")

    async def settle(self, record: Record, context: Context) -> None:
        self.settled.append((record.run.name, context.newest("")))


def newer(world: World, **fields: Any) -> Run:
    """Of the same channel, created a second later."""
    return world.add(**{"name": "build-2", "uid": "uid-2", "created": world.run.created + 1} | fields)
