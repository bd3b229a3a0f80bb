"""An API server on loopback that lists and watches objects of one kind for real, and fails on demand.

It keeps a history as etcd does: a watch gets what came after its version, or 410 when that was compacted.
https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

Object = dict[str, Any]
PATH = "/apis/example.dev/v1/things"
PATIENCE = 5.0
_END = b""


class WatchServer:
    def __init__(self) -> None:
        self.url = ""
        self.queries: list[dict[str, str]] = []  # of every request, in the order of arrival
        self.opened = 0  # watches that were ever accepted
        self.objects: dict[tuple[str, str], Object] = {}
        self.version = 100
        # How it behaves:
        self.watch_list = True  # False: refuses sendInitialEvents, as servers before Kubernetes 1.32 do
        self.ends_lists = True  # False: the bookmark after the initial events waits for end_list()
        self.ends_watches = False  # True: each ends when what there is was sent
        self.always_expired = False  # True: answers every watch with 410 as an ERROR event
        self.expired_by_event = False  # 410 as an ERROR event instead of an HTTP status
        self.failures: deque[tuple[int, str]] = deque()  # (status, body) of the next answers
        self.expired_pages = 0  # how many `continue` tokens are to be refused
        self._history: list[tuple[int, Object]] = []
        self._oldest = 0
        self._watches: set[_Watch] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._tick = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator["WatchServer"]:
        server = cls()
        app = web.Application()
        app.add_routes([web.get(PATH, server._get)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield server
        finally:
            server._open.set()
            server.end_watches()
            await runner.cleanup()

    # --- the world

    def put(self, name: str, value: str = "", *, namespace: str = "default", uid: str = "") -> Object:
        known = self.objects.get((namespace, name))
        made = self.thing(name, value, namespace=namespace, uid=uid or (known["metadata"]["uid"] if known else ""))
        self.objects[namespace, name] = made
        self._happened("MODIFIED" if known else "ADDED", made)
        return made

    def delete(self, name: str, *, namespace: str = "default") -> Object:
        gone = self.objects.pop((namespace, name))
        self.version += 1
        gone = gone | {"metadata": gone["metadata"] | {"resourceVersion": str(self.version)}}
        self._happened("DELETED", gone)
        return gone

    def thing(self, name: str, value: str = "", *, namespace: str = "default", uid: str = "") -> Object:
        """An object with the next version; it is not put anywhere."""
        self.version += 1
        metadata = {"name": name, "namespace": namespace, "uid": uid or f"uid-{self.version}"}
        return {"metadata": metadata | {"resourceVersion": str(self.version)}, "value": value}

    def expire(self) -> None:
        """Forgets the history: no version before now can be watched from."""
        self._oldest = self.version

    # --- its watches

    def send(self, *events: tuple[str, Any]) -> None:
        """Events that are in no history, to all watches that are open."""
        for kind, thing in events:
            self._push(line(kind, thing))

    def send_raw(self, text: bytes) -> None:
        self._push(text)

    def bookmark(self, *, ends_list: bool = False, version: int = 0) -> None:
        annotations = {"k8s.io/initial-events-end": "true"} if ends_list else {}
        metadata = {"resourceVersion": str(version or self.version), "annotations": annotations}
        self.send(("BOOKMARK", {"metadata": metadata}))

    def end_watches(self) -> None:
        """As after timeoutSeconds, once all was sent."""
        self._push(_END)

    def abort_watches(self) -> None:
        for watch in self._watches:
            watch.abort()

    def mute_watches(self) -> None:
        """They stay open and nothing comes any more, as when a firewall forgot the connection."""
        self._watches.clear()

    def close(self) -> None:
        """Ends the watches, and lets requests wait until `reopen`."""
        self._open.clear()
        self.end_watches()

    def reopen(self) -> None:
        self._open.set()

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Looks again after each request."""
        async with asyncio.timeout(PATIENCE):
            while not predicate():
                self._tick.clear()
                await self._tick.wait()

    async def watched(self, times: int = 1) -> None:
        """Returns once so many watches were accepted, over all."""
        await self.until(lambda: self.opened >= times)

    # --- requests

    async def _get(self, request: web.Request) -> web.StreamResponse:
        self.queries.append(dict(request.query))
        self._tick.set()
        await self._open.wait()
        if self.failures:
            status, body = self.failures.popleft()
            return web.Response(status=status, text=body)
        return await (self._watch(request) if "watch" in request.query else self._list(request))

    async def _list(self, request: web.Request) -> web.Response:
        start, version = 0, self.version
        if token := request.query.get("continue"):
            if self.expired_pages:
                self.expired_pages -= 1
                return refusal(410, "Expired", "The provided continue parameter is too old")
            start, version = json.loads(token)
        things = list(self.objects.values())
        end = start + int(request.query.get("limit", len(things) or 1))
        more = {"continue": json.dumps([end, version])} if end < len(things) else {}
        metadata = {"resourceVersion": str(version)} | more
        return web.json_response({"kind": "ThingList", "metadata": metadata, "items": things[start:end]})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        initial = "sendInitialEvents" in query
        if initial and not self.watch_list:
            return refusal(422, "Invalid", "sendInitialEvents: Forbidden: is forbidden for watch")
        since = int(query.get("resourceVersion") or self.version)
        expired = since < self._oldest or self.always_expired
        if expired and not (self.expired_by_event or self.always_expired):
            return refusal(410, "Expired", "too old resource version")
        watch = _Watch(request)
        if expired:
            watch.push(line("ERROR", status(410, "Expired", "too old resource version")))
            watch.push(_END)
        elif initial:
            self._watches.add(watch)
            self._send_all(watch)
        else:
            self._watches.add(watch)
            for version, event in self._history:
                if version > since:
                    watch.push(line(event["type"], event["object"]))
        if self.ends_watches:
            watch.push(_END)
        self.opened += 1
        self._tick.set()
        try:
            return await watch.run()
        finally:
            self._watches.discard(watch)

    def _send_all(self, watch: "_Watch") -> None:
        for thing in self.objects.values():
            watch.push(line("ADDED", thing))
        if self.ends_lists:
            annotations = {"k8s.io/initial-events-end": "true"}
            metadata = {"resourceVersion": str(self.version), "annotations": annotations}
            watch.push(line("BOOKMARK", {"metadata": metadata}))

    def _happened(self, kind: str, thing: Object) -> None:
        self._history.append((self.version, {"type": kind, "object": thing}))
        self._push(line(kind, thing))

    def _push(self, text: bytes) -> None:
        for watch in self._watches:
            watch.push(text)


class _Watch:
    """One connection that events go out on."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()

    def push(self, text: bytes) -> None:
        self._lines.put_nowait(text)

    def abort(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()

    async def run(self) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(self._request)
        with suppress(ConnectionError):  # the client went
            while text := await self._lines.get():
                await response.write(text)
            await response.write_eof()
        return response


def line(kind: str, thing: Any) -> bytes:
    return json.dumps({"type": kind, "object": thing}).encode() + b"\n"


def status(code: int, reason: str, message: str) -> Object:
    return {"kind": "Status", "code": code, "reason": reason, "message": message}


def refusal(code: int, reason: str, message: str) -> web.Response:
    return web.json_response(status(code, reason, message), status=code)
