"""The controller's way to services: called in process, at the distance of a network. GitHub is the look-alike."""

import abc
import asyncio
from collections.abc import AsyncIterator, Mapping
from email.utils import formatdate
from random import Random
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, cast

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from tekton_integrations.certificates import Identity
from tekton_integrations.clients import Clients
from tekton_integrations.provider import Provider
from tests.fakes.github import Call, GitHub, Rule
from tests.fakes.github.call import Answer
from tests.fakes.github.http import response

from .virtual import steady, wall

URL_OF_API = "https://api.github.test"
# Seconds, there and back.
FASTEST, SLOWEST = 0.050, 0.300
# Of the connections that are cut, so many show that at once; of the others nothing is heard any more.
BROKEN = 0.5


class Answered(NamedTuple):
    """As much of aiohttp's answer as is looked at."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> "Answered":
        return self

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield self.body


class Wire(abc.ABC):
    """One process's connections, in the place of an aiohttp session. `peak`: most calls under way at once."""

    closed = False

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._under_way = 0
        self.peak = 0

    def request(self, method: str, url: URL, **options: Any) -> "_Exchange":
        return _Exchange(self, method, url, options)

    async def send(self, method: str, url: URL, options: Mapping[str, Any]) -> Answered:
        self._under_way += 1
        self.peak = max(self.peak, self._under_way)
        try:
            async with asyncio.timeout(options["timeout"].total):
                return await self._sent(method, url, options)
        finally:
            self._under_way -= 1

    @abc.abstractmethod
    async def _sent(self, method: str, url: URL, options: Mapping[str, Any]) -> Answered:
        """The answer; raises what aiohttp does."""

    async def _lost(self) -> NoReturn:
        """Nobody answers."""
        if self._random.random() > BROKEN:
            await asyncio.get_running_loop().create_future()
        raise aiohttp.ServerDisconnectedError


class GitHubWire(Wire):
    def __init__(self, github: GitHub, seed: int) -> None:
        super().__init__(seed)
        self._github = github
        self._number = 0

    async def _sent(self, method: str, url: URL, options: Mapping[str, Any]) -> Answered:
        call = self._call(method, url, options)
        distance = self._random.uniform(FASTEST, SLOWEST)
        await asyncio.sleep(distance / 2)
        answer = await self._github.serve(call, "192.0.2.1", lambda rule: Carrier(self._github, call, rule))
        if answer is None:
            await self._lost()
        await asyncio.sleep(distance / 2)
        return _answered(call, answer)

    def _call(self, method: str, url: URL, options: Mapping[str, Any]) -> Call:
        self._number += 1
        return Call(
            number=self._number,
            method=method,
            path=url.raw_path,
            query=dict(url.query),
            headers=CIMultiDict(options["headers"] or {}),
            raw=options["data"] or b"",
            api=URL_OF_API,
            web=URL_OF_API,
        )


class _Exchange:
    def __init__(self, wire: Wire, method: str, url: URL, options: Mapping[str, Any]) -> None:
        self._wire = wire
        self._what = (method, url, options)

    async def __aenter__(self) -> Answered:
        return await self._wire.send(*self._what)

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to close."""


class Carrier:
    """A call in the hands of a fault."""

    def __init__(self, github: GitHub, call: Call, rule: Rule) -> None:
        self.call = call
        self._github = github
        self._rule = rule

    async def proceed(self) -> Answer:
        return await self._github.perform(self.call)

    def cut(self) -> None:
        """The fault gives no answer, which says it all."""

    def later(self, seconds: float) -> None:
        raise NotImplementedError("late writes are not simulated")

    async def wait(self, seconds: float | None) -> None:
        if seconds is None:
            await self._rule.released.wait()
        else:
            await asyncio.sleep(seconds)


class Ways(Clients):
    """All lead over one wire."""

    def __init__(self, wire: Wire) -> None:
        super().__init__({}, clock=steady)
        self._wire = wire

    async def get(
        self, provider: Provider, endpoint: str, identity: Identity | None = None, *, guarded: bool = False
    ) -> aiohttp.ClientSession:
        return cast(aiohttp.ClientSession, self._wire)


def _answered(call: Call, answer: Answer) -> Answered:
    whole = response(call, answer)
    body = whole.body if isinstance(whole.body, bytes) else b""
    return Answered(whole.status, {"Date": formatdate(wall(), usegmt=True), **whole.headers}, body)
