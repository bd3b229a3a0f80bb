"""An API server on loopback that keeps one Lease, refuses to be watched, and fails on demand."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.loopback import serving


class LeaseServer:
    def __init__(self) -> None:
        self.url = ""
        self.lease: dict[str, Any] = {}
        self.writes = 0  # accepted
        # How it behaves:
        self.status = 0  # of each answer, if not 0
        self.garbage = False  # answers, with something that is no JSON
        self.hangs = False  # neither does anything nor answers
        self.mute = False  # does what it is asked to write, and does not say so
        self._version = 100
        self._end = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator["LeaseServer"]:
        server = cls()
        async with serving(server._handle) as server.url:
            try:
                yield server
            finally:
                server._end.set()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        if "watch" in request.query or "fieldSelector" in request.query:
            return refusal(403)
        if self.status:
            return refusal(self.status)
        if self.hangs:
            await self._end.wait()
            return refusal(503)
        answer = self._write(request.method, json.loads(body)) if body else self._read()
        if self.mute and body:
            await self._end.wait()
        return web.Response(text="<html>") if self.garbage else answer

    def _read(self) -> web.Response:
        return web.json_response(self.lease) if self.lease else refusal(404)

    def _write(self, method: str, wanted: dict[str, Any]) -> web.Response:
        there, given = self.lease.get("metadata", {}), wanted["metadata"]
        if (there.get("uid"), there.get("resourceVersion")) != (given.get("uid"), given.get("resourceVersion")):
            return refusal(409)
        assert (method == "PUT") == bool(self.lease)
        self.put(wanted)
        self.writes += 1
        return web.json_response({"metadata": self.lease["metadata"]})

    def put(self, lease: dict[str, Any]) -> None:
        self._version += 1
        news = {"uid": lease["metadata"].get("uid", f"uid-{self._version}"), "resourceVersion": str(self._version)}
        self.lease = lease | {"metadata": lease["metadata"] | news}


def refusal(status: int) -> web.Response:
    return web.json_response({"kind": "Status", "code": status, "reason": "Refused"}, status=status)
