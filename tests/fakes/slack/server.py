"""The look-alike as a real HTTP server on loopback."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from tests.fakes.echo.faults import Faults, Refusal, Rule
from tests.fakes.slack.api import Limited, answer, take
from tests.fakes.slack.blocks import check
from tests.fakes.slack.world import Channel, Error, Message, Payload, World

# What a webhook answers to what it does not take: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
_STATUSES = {"channel_is_archived": 410, "no_service": 404, "action_prohibited": 403}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request that was answered, or not (`status` None). `error` is the code in the answer."""

    method: str
    arguments: Payload
    status: int | None
    error: str = ""


class Slack:
    """`url` is the API's endpoint, `hooks` that of webhooks. `on_write` is awaited when a message has been written, and
    nobody has heard of it yet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls: list[Call] = []
        self.faults = Faults()
        self.on_write: Callable[[Call], Awaitable[None]] | None = None
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def started(cls, **facts: Any) -> AsyncIterator[Self]:
        slack = cls(World(**facts))
        runner = web.ServerRunner(web.Server(slack._handle, access_log=None), shutdown_timeout=0.05)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.port = runner.addresses[0][1]
        try:
            yield slack
        finally:
            slack.faults.clear()
            await runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def hooks(self) -> str:
        return f"http://127.0.0.1:{self.port}/services"

    def channel(self, name: str) -> Channel:
        return next(each for each in self.world.channels.values() if each.name == name)

    def cards(self, name: str) -> list[Message]:
        return self.channel(name).cards

    def made(self, method: str) -> list[Call]:
        """Calls of the method that were no failures."""
        return [each for each in self.calls if each.method == method and each.status == 200 and not each.error]

    def codes(self) -> list[str]:
        """What was refused, by code."""
        return [each.error for each in self.calls if each.error]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            arguments = await _arguments(request)
        except (ConnectionError, web.RequestPayloadError):
            return web.Response()  # the client went in the middle of its request
        rule = self.faults.strike(request.method, request.path)
        response = self._answer(request, arguments) if rule is None else await self._failed(rule, request, arguments)
        method = request.path.removeprefix("/api/")
        call = Call(
            method=method,
            arguments=arguments,
            status=response.status if response is not None else None,
            error=_error(response),
        )
        self.calls.append(call)
        if self.on_write and call.status == 200 and not call.error and method.startswith("chat."):
            await self.on_write(call)
        if response is None and request.transport is not None:
            request.transport.abort()
        return response or web.Response()

    async def _failed(self, rule: Rule, request: web.BaseRequest, arguments: Payload) -> web.Response | None:
        answer = await rule.befall(lambda: self._answer(request, arguments))
        if isinstance(answer, Refusal):
            return web.Response(status=answer.status, headers=answer.headers)
        return answer

    def _answer(self, request: web.BaseRequest, arguments: Payload) -> web.Response:
        try:
            if request.path.startswith("/services/"):
                return self._hook(request.path.removeprefix("/services/"), arguments)
            bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
            token = self.world.tokens.get(bearer)
            headers = {"X-OAuth-Scopes": ",".join(sorted(token.scopes))} if token else {}
            said = answer(self.world, request.path.removeprefix("/api/"), arguments, bearer)
            return web.json_response(said, headers=headers)
        except Limited as error:
            body = {"ok": False, "error": "ratelimited"}
            return web.json_response(body, status=429, headers={"Retry-After": str(error.after)})

    def _hook(self, path: str, payload: Payload) -> web.Response:
        channel = self.world.hooks.get(path)
        try:
            if channel is None:
                raise Error("no_service")
            if channel.archived:
                raise Error("channel_is_archived")
            check(payload)
        except Error as error:
            return web.Response(status=_STATUSES.get(error.code, 400), text=error.code)
        take(self.world, channel)
        channel.messages.append(Message(ts=self.world.next_ts(), author="webhook", payload=payload))
        return web.Response(text="ok")


async def _arguments(request: web.BaseRequest) -> Payload:
    """JSON is taken for what writes; look-ups take a query only."""
    found: Payload = dict(request.query)
    if request.content_type == "application/json" and request.can_read_body:
        found |= json.loads(await request.text())
    return found


def _error(response: web.Response | None) -> str:
    if response is None or response.text is None:
        return ""
    if response.content_type == "application/json":
        return str(json.loads(response.text).get("error", ""))
    return "" if response.status == 200 else response.text
