"""The place that `echo` reports to: a real HTTP server on loopback that keeps all it got, and fails on demand."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

from aiohttp import web
from yarl import URL

from tests.fakes.echo.faults import Faults, Refusal, Rule

Payload = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One call that was accepted. `time` is that of time.monotonic()."""

    time: float
    payload: Payload = field(repr=False)

    @property
    def state(self) -> str:
        return str(self.payload["state"])


@dataclass(kw_only=True, eq=False)
class ShownRun:
    """What is known of one run: by `echo`, and by `milestones`."""

    external_id: str
    puts: list[Delivery] = field(default_factory=list)
    milestones: list[Delivery] = field(default_factory=list)  # each id once, in the order of arrival

    @property
    def run(self) -> str:
        return str([*self.puts, *self.milestones][-1].payload["run"])

    @property
    def state(self) -> str:
        """The last that was put."""
        return self.puts[-1].state if self.puts else ""

    @property
    def names(self) -> list[str]:
        return [each.payload["milestone"] for each in self.milestones]

    @property
    def sequence(self) -> list[int]:
        return [each.payload["sequence"] for each in self.milestones]

    @property
    def stale(self) -> bool:
        """An end was overwritten by something that is none."""
        finals = [each.payload["final"] for each in self.puts]
        return finals != sorted(finals)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request. `status` is None where there was no answer."""

    time: float
    method: str
    path: str
    token: str
    status: int | None


class Receiver:
    """Start it with `async with Receiver.started() as receiver`; each host needs an address or a port of its own."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.runs: dict[str, ShownRun] = {}  # by external id
        self.repeats: Counter[str] = Counter()  # of milestones that had been accepted already, by id
        self.calls: list[Call] = []  # in the order in which they ended
        self.faults = Faults()
        self._runner: web.ServerRunner | None = None

    @classmethod
    @asynccontextmanager
    async def started(cls, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Self]:
        receiver = cls(host, port)
        await receiver.revive()
        try:
            yield receiver
        finally:
            receiver.faults.clear()
            await receiver.die()

    @property
    def url(self) -> str:
        return str(URL.build(scheme="http", host=self.host, port=self.port))

    async def die(self) -> None:
        """Closes all connections and refuses new ones; what it has got stays."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def revive(self) -> None:
        """Listens (again) where it did."""
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    def of(self, name: str) -> ShownRun:
        """The only run of that name. Raises AssertionError where there is none, or several."""
        found = [run for run in self.runs.values() if run.run == name]
        assert len(found) == 1, f"{len(found)} runs are called {name}"
        return found[0]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            payload = await request.json() if request.can_read_body else {}
        except (ConnectionError, web.RequestPayloadError):
            return web.Response()  # the client went in the middle of its request
        rule = self.faults.strike(request.method, request.path)
        answer = self._answer(request, payload) if rule is None else await self._failed(rule, request, payload)
        call = Call(
            time=time.monotonic(),
            method=request.method,
            path=request.path,
            token=request.headers.get("Authorization", "").removeprefix("Bearer "),
            status=answer.status if answer else None,
        )
        self.calls.append(call)
        if answer is None and request.transport is not None:
            request.transport.abort()
        return answer or web.Response()

    async def _failed(self, rule: Rule, request: web.BaseRequest, payload: Payload) -> web.Response | None:
        answer = await rule.befall(lambda: self._answer(request, payload))
        if isinstance(answer, Refusal):
            return web.Response(status=answer.status, headers=answer.headers)
        return answer

    def _answer(self, request: web.BaseRequest, payload: Payload) -> web.Response:
        match request.method, request.path.strip("/").split("/"):
            case "PUT", ["runs", number]:
                self._run(number).puts.append(Delivery(time=time.monotonic(), payload=payload))
                return web.json_response({})
            case "GET", ["runs", number] if number in self.runs and self.runs[number].puts:
                return web.json_response(self.runs[number].puts[-1].payload)
            case "POST", ["milestones"]:
                return self._milestone(payload)
        return web.json_response({}, status=HTTPStatus.NOT_FOUND)

    def _milestone(self, payload: Payload) -> web.Response:
        """Accepted once; a repetition is a success as well, and counted."""
        run = self._run(payload["external_id"])
        known = payload["id"] in {each.payload["id"] for each in run.milestones}
        if known:
            self.repeats[payload["id"]] += 1
        else:
            run.milestones.append(Delivery(time=time.monotonic(), payload=payload))
        return web.json_response({"repeated": known})

    def _run(self, number: str) -> ShownRun:
        return self.runs.setdefault(number, ShownRun(external_id=number))
