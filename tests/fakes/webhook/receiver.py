"""Where webhooks are sent to: a real HTTP server on loopback that keeps what it took, and fails on demand."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from tests.fakes.echo.faults import Faults, Refusal, Rule

_TYPE = re.compile(r"[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*")


@dataclass(frozen=True, kw_only=True)
class Received:
    """One message that was taken, with the names of its headers in lower case."""

    id: str
    path: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = json.loads(self.body)
        return payload

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.payload["data"]
        return data

    @property
    def type(self) -> str:
        return str(self.payload["type"])

    @property
    def run(self) -> str:
        return str(self.data["run"]["name"])


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request. `status` is None where there was no answer."""

    path: str
    id: str
    timestamp: str
    authorization: str
    status: int | None


class Receiver:
    """Start it with `async with Receiver.started() as receiver`. With a `key` it takes signed messages only."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.received: list[Received] = []  # each once, in the order of arrival
        self.repeats: Counter[str] = Counter()  # of what had been taken already, by id
        self.refused: list[str] = []  # why the signature was
        self.calls: list[Call] = []  # in the order in which they ended
        self.faults = Faults()
        self._port = 0
        self._runner: web.ServerRunner | None = None

    @classmethod
    @asynccontextmanager
    async def started(cls, key: str = "") -> AsyncIterator[Self]:
        receiver = cls(key)
        await receiver.revive()
        try:
            yield receiver
        finally:
            receiver.faults.clear()
            await receiver.die()

    async def revive(self) -> None:
        """Listens (again) where it did."""
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()
        self._port = self._runner.addresses[0][1]

    async def die(self) -> None:
        """Closes all connections and refuses new ones; what it has got stays."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def of(self, run: str, path: str = "") -> list[Received]:
        """What was told of the run (at the path), in order."""
        return [each for each in self.received if each.run == run and path in ("", each.path)]

    def told(self, run: str, path: str = "") -> list[str]:
        """The milestones of the run. Raises AssertionError where one came twice, too early, or with a gap before it."""
        found = self.of(run, path)
        assert [each.data["sequence"] for each in found] == list(range(1, len(found) + 1))
        return [each.data["milestone"] for each in found]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await request.read()
        except (ConnectionError, web.RequestPayloadError):
            return web.Response()  # the client went in the middle of its request
        rule = self.faults.strike(request.method, request.path)
        answer = self._take(request, body) if rule is None else await self._failed(rule, request, body)
        header = request.headers.get
        self.calls.append(
            Call(
                path=request.path_qs,
                id=header("webhook-id", ""),
                timestamp=header("webhook-timestamp", ""),
                authorization=header("Authorization", ""),
                status=answer.status if answer else None,
            )
        )
        if answer is None and request.transport is not None:
            request.transport.abort()
        return answer or web.Response()

    async def _failed(self, rule: Rule, request: web.BaseRequest, body: bytes) -> web.Response | None:
        answer = await rule.befall(lambda: self._take(request, body))
        if isinstance(answer, Refusal):
            elsewhere = {"Location": f"{self.url}/elsewhere"} if 300 <= answer.status < 400 else {}
            return web.Response(status=answer.status, headers=answer.headers | elsewhere)
        return answer

    def _take(self, request: web.BaseRequest, body: bytes) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if problem := self._problem(headers, body):
            self.refused.append(problem)
            return web.Response(status=401)
        message = Received(id=headers["webhook-id"], path=request.path_qs, headers=headers, body=body)
        if any((each.id, each.path) == (message.id, message.path) for each in self.received):
            self.repeats[message.id] += 1
        else:
            self.received.append(message)
        return web.Response(status=204)

    def _problem(self, headers: dict[str, str], body: bytes) -> str:
        if "." in headers.get("webhook-id", "."):
            return "no webhook-id, or one with a full stop"
        if headers["content-type"] == "application/json" and not _typed(json.loads(body)):
            return "a type that the standard does not allow"
        if not self.key:
            return ""
        try:
            Webhook(self.key).verify(body, headers, json_parse=False)
        except WebhookVerificationError as error:
            return str(error)
        return ""


def _typed(payload: Any) -> bool:
    """Bodies that users write need none."""
    return not (isinstance(payload, dict) and "type" in payload) or bool(_TYPE.fullmatch(payload["type"]))
