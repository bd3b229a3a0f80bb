"""Many hosts in one process: look-alikes of GitHub, each with a repository and a token of its own, and a dead host
that accepts connections and never answers. Served until SIGTERM; the first line it prints says where."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Self

import aiohttp
import msgspec
from aiohttp import web

from hack.bench.lookalike import OWNER, Call
from hack.testbed.api import polled
from hack.testbed.process import Child
from tests.fakes.github import Call as Received
from tests.fakes.github import GitHub
from tests.fakes.github.faults import Hang

_START_SECONDS = 60.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Of each name a host with the repository `acme/<name>`. With `limits` as GitHub has them, or without any; a call
    takes `seconds`."""

    names: list[str]
    limits: bool
    seconds: float


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """URLs: of each name's host, of the dead host, and of the counts of all."""

    hosts: dict[str, str]
    dead: str
    counts: str


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """So far, of all hosts. `accepted`: statuses; `refused`: calls of any kind; `violations`: those that came too early
    for a limit; `dead`: calls at the dead host."""

    accepted: int
    refused: int
    violations: int
    dead: int


def repository(name: str) -> str:
    return f"{OWNER}/{name}"


def token(name: str) -> str:
    return f"token-of-{name}"


class Hosts:
    """The process, from outside."""

    def __init__(self, served: Served, session: aiohttp.ClientSession) -> None:
        self.urls = served.hosts
        self.dead = served.dead
        self._counts = served.counts
        self._session = session

    @classmethod
    @asynccontextmanager
    async def started(cls, plan: Plan, log: Path) -> AsyncIterator[Self]:
        arguments = [msgspec.json.encode(plan).decode()]
        child = await Child.started([sys.executable, "-m", "hack.bench.neighbours.hosts", *arguments], log)

        async def served() -> Served | None:
            child.check()
            return _printed(log)

        try:
            found = await polled(served, _START_SECONDS)
            async with aiohttp.ClientSession(raise_for_status=True) as session:
                yield cls(found, session)
        finally:
            await child.stop()

    async def counts(self) -> Counts:
        return msgspec.json.decode(await self._get(self._counts), type=Counts)

    async def calls(self, name: str, after: int = 0) -> list[Call]:
        """At one host, with a number over `after`."""
        answer = await self._get(f"{self.urls[name]}/_lookalike/requests?after={after}")
        return msgspec.json.decode(answer, type=list[Call])

    async def _get(self, url: str) -> bytes:
        async with self._session.get(url) as answer:
            return await answer.read()


def _printed(log: Path) -> Served | None:
    line, end, _ = log.read_bytes().partition(b"\n")
    return msgspec.json.decode(line, type=Served) if end else None


class _Serving:
    def __init__(self) -> None:
        self.githubs: dict[str, GitHub] = {}
        self._accepted = self._refused = 0
        self._dead = 0

    async def start(self, plan: Plan, stack: AsyncExitStack) -> Served:
        for name in plan.names:
            self.githubs[name] = await stack.enter_async_context(GitHub.started(limits=plan.limits))
            self._furnish(name, plan.seconds)
        dead = await asyncio.start_server(self._say_nothing, "127.0.0.1", 0, backlog=1024)
        runner = web.ServerRunner(web.Server(self._count))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return Served(
            hosts={name: github.url for name, github in self.githubs.items()},
            dead=f"http://127.0.0.1:{dead.sockets[0].getsockname()[1]}",
            counts=f"http://127.0.0.1:{runner.addresses[0][1]}",
        )

    def _furnish(self, name: str, seconds: float) -> None:
        github = self.githubs[name]
        github.add_repository(repository(name))
        github.accept_any_commit(repository(name))
        github.add_token(token(name), repositories=[repository(name)])
        github.on_request(self._answered)
        github.faults.add("", Hang(seconds), times=None)

    async def _answered(self, call: Received) -> None:
        if (call.status or 500) >= 300:
            self._refused += 1
        elif call.method == "POST":
            self._accepted += 1

    async def _say_nothing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            if await reader.read(1):
                self._dead += 1
            await reader.read()
        writer.close()

    async def _count(self, _request: web.BaseRequest) -> web.Response:
        counts = Counts(
            accepted=self._accepted,
            refused=self._refused,
            violations=sum(len(github.violations) for github in self.githubs.values()),
            dead=self._dead,
        )
        return web.Response(body=msgspec.json.encode(counts))


async def main() -> None:
    plan = msgspec.json.decode(sys.argv[1], type=Plan)
    if plan.limits:
        os.nice(19)  # on real machines the noise's hosts are elsewhere, and take no processor from the quiet tenant's
    async with AsyncExitStack() as stack:
        served = await _Serving().start(plan, stack)
        print(msgspec.json.encode(served).decode(), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
