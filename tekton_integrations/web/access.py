"""Who asks, and whether they may read: decided here for every page and endpoint, before anything is looked up, so that
a stranger does not learn which runs exist.

A way in knows a reader by what a request brings: a password (users.py), a token of Kubernetes (tokens.py), a cookie.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol, Self

from aiohttp import web

from tekton_integrations.run import KINDS

# What a 401 asks for. A browser shows its form for the first.
CHALLENGE = 'Basic realm="tekton-integrations", charset="UTF-8", Bearer realm="tekton-integrations"'
LOGS = "pods/log"


class Right(NamedTuple):
    """In the words of Kubernetes: to `get` or `list` pipelineruns, or to `get` pods/log. `run` is the one that it is
    about, also where the resource is a pod's; empty for all."""

    verb: str
    resource: str
    namespace: str
    run: str = ""


class Reader(Protocol):
    """`namespaces`: those that it is known to read; empty where only the API server knows."""

    @property
    def name(self) -> str: ...

    @property
    def namespaces(self) -> tuple[str, ...]: ...

    async def may(self, right: Right) -> bool: ...


# None for a request that brings nothing for this way. Raises HTTPUnauthorized for what is wrong, HTTPTooManyRequests.
Way = Callable[[web.Request], Awaitable[Reader | None]]
WAYS: web.AppKey[Sequence[Way]] = web.AppKey("ways")


class Access:
    """That of one request. Its methods raise HTTPUnauthorized, HTTPForbidden or HTTPTooManyRequests."""

    def __init__(self, request: web.Request, ways: Sequence[Way]) -> None:
        self._request = request
        self._ways = ways
        self._reader: Reader | None = None

    @classmethod
    def of(cls, request: web.Request) -> Self:
        return cls(request, request.app[WAYS])

    async def reader(self) -> Reader:
        """Who asks. Raises HTTPUnauthorized for a stranger."""
        for way in self._ways:
            if self._reader is None:
                self._reader = await way(self._request)
        if self._reader is None:
            raise unauthorized("Say who you are: by name and password, or by a token of Kubernetes.")
        return self._reader

    async def status(self, namespace: str, run: str, kind: str = "PipelineRun") -> None:
        """To read how a run stands: `get` on it."""
        await self._need(Right("get", KINDS[kind][1], namespace, run), f"runs in namespace {namespace}")

    async def runs(self, namespace: str, kind: str = "PipelineRun") -> None:
        """To see which runs there are: `list`."""
        await self._need(Right("list", KINDS[kind][1], namespace), f"runs in namespace {namespace}")

    async def logs(self, namespace: str, run: str) -> None:
        """To read a run's logs: `get` on pods/log."""
        await self._need(Right("get", LOGS, namespace, run), f"logs in namespace {namespace}")

    async def _need(self, right: Right, what: str) -> None:
        reader = await self.reader()
        if not await reader.may(right):
            raise web.HTTPForbidden(text=f"{reader.name} may not read {what}.")


class Anyone:
    """Everybody, with --insecure."""

    name = "anyone"
    namespaces: tuple[str, ...] = ()

    async def may(self, right: Right) -> bool:
        return True


async def everybody(_: web.Request) -> Reader:
    return Anyone()


def unauthorized(message: str) -> web.HTTPUnauthorized:
    return web.HTTPUnauthorized(text=message, headers={"WWW-Authenticate": CHALLENGE})
