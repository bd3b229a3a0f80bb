"""An API server on loopback that stores objects of all kinds and lets them be watched; no more than caches need.

What is written is stored as it came. `watch_server.py` has one kind only, and fails on demand.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.loopback import serving

Object = dict[str, Any]
PATIENCE = 5.0
_ALL = re.compile(r"/namespaces/[^/]+(?=/)")


@dataclass(eq=False)
class _Watch:
    """`path` is that of a collection, of one namespace or of all; `name` narrows it down to one object."""

    path: str
    name: str
    lines: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    def wants(self, path: str) -> bool:
        collection, _, name = path.rpartition("/")
        return self.path in (collection, _ALL.sub("", collection, count=1)) and self.name in ("", name)

    def send(self, kind: str, thing: Object) -> None:
        self.lines.put_nowait(json.dumps({"type": kind, "object": thing}).encode() + b"\n")


class ObjectServer:
    def __init__(self) -> None:
        self.url = ""
        self.objects: dict[str, Object] = {}  # by path
        self.requests: list[tuple[str, str]] = []  # method and path
        self.version = 100
        self.watches: set[_Watch] = set()
        self._tick = asyncio.Event()
        self._untold: list[tuple[str, str, Object]] | None = None

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator[Self]:
        server = cls()
        async with serving(server._answer) as server.url:
            yield server
            for watch in server.watches:
                watch.lines.put_nowait(b"")

    def put(self, path: str, thing: Object) -> Object:
        """Stores what a client or a person wrote; the answer to it."""
        known = self.objects.get(path)
        self.version += 1
        namespace = path.split("/namespaces/")[1].split("/", maxsplit=1)[0]
        identity = {"namespace": namespace, "name": path.rpartition("/")[2], "generation": 1}
        uid = known["metadata"]["uid"] if known else f"uid-{self.version}"
        metadata = {"uid": uid} | thing.get("metadata", {}) | identity | {"resourceVersion": str(self.version)}
        self.objects[path] = thing | {"metadata": metadata}
        self._happened("MODIFIED" if known else "ADDED", path, self.objects[path])
        return self.objects[path]

    def remove(self, path: str) -> Object:
        self.version += 1
        gone = self.objects.pop(path)
        gone = gone | {"metadata": gone["metadata"] | {"resourceVersion": str(self.version)}}
        self._happened("DELETED", path, gone)
        return gone

    def count(self, *methods: str, part: str = "") -> int:
        return sum(method in methods and part in path for method, path in self.requests)

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Looks again after each request and each end of a watch."""
        async with asyncio.timeout(PATIENCE):
            while not predicate():
                self._tick.clear()
                await self._tick.wait()

    @contextmanager
    def slow(self) -> Iterator[None]:
        """Watches hear of what happens meanwhile when it is over."""
        self._untold = []
        yield
        untold, self._untold = self._untold, None
        for each in untold:
            self._happened(*each)

    def _happened(self, kind: str, path: str, thing: Object) -> None:
        if self._untold is not None:
            self._untold.append((kind, path, thing))
            return
        for watch in self.watches:
            if watch.wants(path):
                watch.send(kind, thing)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append((request.method, request.path))
        self._tick.set()
        if "watch" in request.query:
            return await self._watch(request)
        match request.method:
            case "GET":
                return self._read(request.path)
            case "POST":
                body = await request.json()
                path = f"{request.path}/{body['metadata']['name']}"
                return _conflict() if path in self.objects else web.json_response(self.put(path, body), status=201)
            case "PUT":
                return self._replace(request.path, await request.json())
        return web.json_response(self.remove(request.path)) if request.path in self.objects else _missing()

    def _read(self, path: str) -> web.Response:
        if _is_collection(path):
            found = [thing for key, thing in self.objects.items() if _Watch(path, "").wants(key)]
            return web.json_response({"metadata": {"resourceVersion": str(self.version)}, "items": found})
        return web.json_response(self.objects[path]) if path in self.objects else _missing()

    def _replace(self, path: str, body: Object) -> web.Response:
        known = self.objects.get(path)
        if known is None:
            return _missing()
        if body["metadata"]["resourceVersion"] != known["metadata"]["resourceVersion"]:
            return _conflict()
        return web.json_response(self.put(path, body))

    async def _watch(self, request: web.BaseRequest) -> web.StreamResponse:
        name = request.query.get("fieldSelector", "").removeprefix("metadata.name=")
        watch = _Watch(request.path, name)
        if "sendInitialEvents" in request.query:
            for path, thing in self.objects.items():
                if watch.wants(path):
                    watch.send("ADDED", thing)
            end = {"resourceVersion": str(self.version), "annotations": {"k8s.io/initial-events-end": "true"}}
            watch.send("BOOKMARK", {"metadata": end})
        self.watches.add(watch)
        response = web.StreamResponse()
        with suppress(ConnectionError):  # the client went
            await response.prepare(request)
            self._tick.set()
            while line := await watch.lines.get():
                await response.write(line)
        self.watches.discard(watch)
        return response


def _is_collection(path: str) -> bool:
    return _ALL.sub("", path).count("/") == (4 if path.startswith("/apis/") else 3)


def _missing() -> web.Response:
    return web.json_response({"code": 404, "reason": "NotFound", "message": "not found"}, status=404)


def _conflict() -> web.Response:
    return web.json_response({"code": 409, "reason": "Conflict", "message": "it was changed"}, status=409)
