"""Where CloudEvents are sent to: a real HTTP server on loopback that keeps what it took, and fails on demand."""

import ssl
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat

from tests.fakes.cloudevent.specification import faulty, structured, violations
from tests.fakes.echo.faults import Faults, Refusal, Rule


@dataclass(frozen=True, kw_only=True)
class Received:
    """One CloudEvent that was taken, and the headers (lower-case names) and the body that it came in."""

    cloud_event: BaseCloudEvent = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    type: str

    @property
    def data(self) -> dict[str, Any]:
        data = self.cloud_event.get_data()
        assert isinstance(data, dict)
        return data

    @property
    def attributes(self) -> dict[str, Any]:
        return self.cloud_event.get_attributes()

    @property
    def structured(self) -> bool:
        return structured(self.headers)

    @property
    def subject(self) -> str:
        return self.cloud_event.get_subject() or ""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request. `status` is None where there was no answer; `client` is the name in the client's certificate."""

    path: str
    authorization: str
    client: str
    status: int | None


class Receiver:
    """Start it with `async with Receiver.started() as receiver`. `modes` are those that it takes."""

    def __init__(self, tls: ssl.SSLContext | None, status: int, modes: Collection[str]) -> None:
        self.received: list[Received] = []  # each once, in the order of arrival
        self.repeats: Counter[str] = Counter()  # of what had been taken already, by id
        self.violations: list[str] = []
        self.calls: list[Call] = []
        self.faults = Faults()
        self.status, self.modes = status, modes
        self._tls, self._port = tls, 0
        self._runner: web.ServerRunner | None = None

    @classmethod
    @asynccontextmanager
    async def started(
        cls, *, tls: ssl.SSLContext | None = None, status: int = 202, modes: Collection[str] = ("binary", "structured")
    ) -> AsyncIterator[Self]:
        receiver = cls(tls, status, modes)
        receiver._runner = web.ServerRunner(web.Server(receiver._handle, access_log=None), shutdown_timeout=0.05)
        await receiver._runner.setup()
        await web.TCPSite(receiver._runner, "127.0.0.1", 0, ssl_context=tls).start()
        receiver._port = receiver._runner.addresses[0][1]
        try:
            yield receiver
        finally:
            receiver.faults.clear()
            await receiver._runner.cleanup()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def of(self, subject: str) -> list[Received]:
        return [each for each in self.received if each.subject == subject]

    def types(self, subject: str) -> list[str]:
        """What was told of a run, in order: `pipelinerun.queued`, …"""
        return [each.type.removeprefix("dev.tekton.event.").removesuffix(".v1") for each in self.of(subject)]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await request.read()
        except (ConnectionError, web.RequestPayloadError):
            return web.Response()  # the client went in the middle of its request
        rule = self.faults.strike(request.method, request.path)
        status = self._take(request, body) if rule is None else await self._failed(rule, request, body)
        authorization = request.headers.get("Authorization", "")
        call = Call(path=request.path_qs, authorization=authorization, client=_client(request), status=status)
        self.calls.append(call)
        if status is None and request.transport is not None:
            request.transport.abort()
        headers = rule.fault.headers if rule and isinstance(rule.fault, Refusal) else {}
        return web.Response(status=status or 500, headers=headers)

    async def _failed(self, rule: Rule, request: web.BaseRequest, body: bytes) -> int | None:
        answer = await rule.befall(lambda: self._take(request, body))
        return answer.status if isinstance(answer, Refusal) else answer

    def _take(self, request: web.BaseRequest, body: bytes) -> int:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.method != "POST":
            return 405
        if ("structured" if structured(headers) else "binary") not in self.modes:
            return 415
        if wrong := violations(list(request.headers.items()), body):
            return self._refuse(wrong)
        try:
            cloud_event = from_http(HTTPMessage(headers, body), JSONFormat())
        except (BaseCloudEventException, ValueError) as error:
            return self._refuse([str(error)])
        if wrong := list(faulty(cloud_event)):
            return self._refuse(wrong)
        self._keep(Received(cloud_event=cloud_event, headers=headers, body=body, type=cloud_event.get_type()))
        return self.status

    def _refuse(self, wrong: list[str]) -> int:
        self.violations += wrong
        return 400

    def _keep(self, new: Received) -> None:
        """Source and id tell CloudEvents apart; a repetition is a success as well, and counted."""
        key = new.cloud_event.get_source(), new.cloud_event.get_id()
        if key in {(each.cloud_event.get_source(), each.cloud_event.get_id()) for each in self.received}:
            self.repeats[key[1]] += 1
        else:
            self.received.append(new)


def _client(request: web.BaseRequest) -> str:
    certificate = request.get_extra_info("peercert") or {}
    return next((value for part in certificate.get("subject", ()) for name, value in part if name == "commonName"), "")
