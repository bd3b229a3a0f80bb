"""An integration that makes two things at a service which makes all that it is asked for, twice if it is asked twice;
and what may go wrong, at the service and at the API server."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tekton_integrations import Context, PermanentError, Record, Result, Run, TemporaryError, Throttled
from tests.fakes.object_server import ObjectServer
from tests.reconciling import Noting

THINGS = ("check", "comment")
# What becomes of a call: it is refused for certain, or for now; it is cut before or after it took effect, or takes
# effect so many seconds later; the process is killed; or the integration has a bug.
REFUSED, THROTTLED, BEFORE, AFTER = "refused", "throttled", "before", "after"
KILLED, KILLED_AFTER, BUG = "killed", "killed after", "bug"
LATE = {"late": 20.0, "very late": 45.0}
FAULTS = ("", REFUSED, THROTTLED, BEFORE, AFTER, KILLED, KILLED_AFTER, BUG, *LATE)


class Killed(BaseException):
    """The process ends here."""


@dataclass(kw_only=True)
class Service:
    """`faults` are those of the next calls that make something; `things` is what stands there, by name."""

    faults: list[str] = field(default_factory=list)
    things: Counter[str] = field(default_factory=Counter)
    made: int = 0
    under_way: list[tuple[float, str]] = field(default_factory=list)

    def make(self, name: str, now: float) -> None:
        fault = self.faults.pop(0) if self.faults else ""
        if fault in LATE:
            self.under_way.append((now + LATE[fault], name))
        elif fault in ("", AFTER, KILLED_AFTER, BUG):
            self.things[name] += 1
            self.made += 1
        if fault in (KILLED, KILLED_AFTER):
            raise Killed
        if fault == BUG:
            raise ValueError("a bug")
        if fault == THROTTLED:
            raise Throttled("wait a moment", 1.0)
        if fault:
            raise TemporaryError("ConnectionBroken", "it broke", 1.0, maybe_sent=fault != REFUSED)

    def count(self, name: str, now: float) -> int:
        for landing in [each for each in self.under_way if each[0] <= now]:
            self.under_way.remove(landing)
            self.things[landing[1]] += 1
        return self.things[name]

    def doubtful(self, name: str) -> bool:
        return bool(self.things[name]) or any(each[1] == name for each in self.under_way)


class Making(Noting):
    """Looks for what may be there, ends twins, makes what is missing."""

    def __init__(self) -> None:
        super().__init__()
        self.service = Service()
        self.throttled: list[bool] = []  # before each thing that is made
        self.refusal: PermanentError | None = None  # of the comment
        self.stops_at = ""
        self.remembers = True

    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        memory = dict(record.memory)
        for name in THINGS:
            if name == self.stops_at:
                raise TemporaryError("ServiceUnavailable", "it answered 503", 10.0)
            if context.search and self.service.count(name, context.now()):
                self.service.things[name] = 1
                memory[name] = "1"
                context.remember(memory)
            if name not in memory:
                await self._make(name, context)
                memory[name] = "1"
                if self.remembers:
                    context.remember(memory)
        return Result(memory=memory)

    async def _make(self, name: str, context: Context) -> None:
        if self.throttled and self.throttled.pop(0):
            raise Throttled("wait a moment", 1.0)
        async with context.attempt():
            if self.refusal and name == THINGS[1]:
                raise self.refusal
            self.service.make(name, context.now())


class Flaky(ObjectServer):
    """`trouble`: what becomes of the next writes of records: refused before or after they were stored."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble: list[str] = []

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        writes = request.method in ("POST", "PUT") and "/integrationstatuses" in request.path
        trouble = self.trouble.pop(0) if writes and self.trouble else ""
        if trouble == AFTER:
            await super()._answer(request)
        if trouble:
            return web.json_response({"code": 500, "reason": "InternalError", "message": "out of order"}, status=500)
        return await super()._answer(request)
