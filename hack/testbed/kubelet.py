"""A stand-in for a kubelet: a Node whose logs endpoint is served here, so that the real API server streams pod logs.

It runs no containers. A test writes the log lines; `kubectl logs -f` shows them as they are written.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from .api import Api
from .certificates import Authority
from .process import free_port
from .testbed import TestBed

Key = tuple[str, str, str]
# Lines that are sent at a time: who follows a long log slowly needs no copy of all of it.
_AT_ONCE = 256


class Log:
    """One container's log: lines so far, whether it has ended, and who waits for more."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.ended = False
        self.cuts = 0
        self._changed = asyncio.Event()

    def notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self) -> None:
        await self._changed.wait()


class Kubelet:
    """Serves the logs of the pods bound to its node."""

    def __init__(self, api: Api, node: str) -> None:
        self.node = node
        self._api = api
        self._logs: defaultdict[Key, Log] = defaultdict(Log)

    @classmethod
    @asynccontextmanager
    async def started(cls, bed: TestBed, node: str = "testbed") -> AsyncIterator[Self]:
        """Registers the node and serves its logs until the block ends; then the node is deleted."""
        kubelet = cls(bed.api, node)
        async with AsyncExitStack() as stack:
            port = await kubelet._serve(bed.directory, stack)
            await kubelet._register(port)
            try:
                yield kubelet
            finally:
                await bed.request("DELETE", f"/api/v1/nodes/{node}")

    def write(self, namespace: str, pod: str, container: str, line: str) -> None:
        """Appends a line to a container's log."""
        log = self._logs[namespace, pod, container]
        log.lines.append(line.encode() + b"\n")
        log.notify()

    def cut(self, namespace: str, pod: str, container: str) -> None:
        """Breaks the connections of all who follow the container's log."""
        log = self._logs[namespace, pod, container]
        log.cuts += 1
        log.notify()

    def end(self, namespace: str, pod: str, container: str) -> None:
        """Says that the container has ended: whoever follows its log gets the rest and the end."""
        self._end(self._logs[namespace, pod, container])

    @staticmethod
    def _end(log: Log) -> None:
        log.ended = True
        log.notify()

    async def create_pod(
        self,
        namespace: str,
        name: str,
        containers: Sequence[str] = ("step-run",),
        labels: dict[str, str] | None = None,
        **spec: Any,
    ) -> dict[str, Any]:
        """Creates a Pod that is bound to this node and Running. `spec`: more of its fields, such as volumes."""
        spec |= {
            "nodeName": self.node,
            "containers": [{"name": container, "image": "none.invalid/none"} for container in containers],
            "restartPolicy": "Never",
            # Otherwise the API server waits for a kubelet to confirm each deletion, and a namespace never goes.
            "terminationGracePeriodSeconds": 0,
        }
        metadata = {"name": name, "namespace": namespace, "labels": labels or {}}
        pods = f"/api/v1/namespaces/{namespace}/pods"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        await self._api.request("POST", pods, pod)
        return await self._api.patch(f"{pods}/{name}/status", {"status": {"phase": "Running"}}, "merge")

    async def _serve(self, directory: Path, stack: AsyncExitStack) -> int:
        application = web.Application()
        application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self._container_logs)
        # Followers come and go: with their connection the handler must end as well.
        runner = web.AppRunner(application, handler_cancellation=True, access_log=None, shutdown_timeout=2)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stack.callback(self._end_all)
        folder = directory / f"kubelet-{self.node}"
        folder.mkdir(exist_ok=True)
        pair = Authority(folder).issue("kubelet")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.certificate, pair.key)
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
        return port

    def _end_all(self) -> None:
        for log in self._logs.values():
            self._end(log)

    async def _register(self, port: int) -> None:
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.node}}
        await self._api.request("POST", "/api/v1/nodes", node)
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        }
        await self._api.patch(f"/api/v1/nodes/{self.node}/status", {"status": status}, "merge")

    async def _container_logs(self, request: web.Request) -> web.StreamResponse:
        key = (request.match_info["namespace"], request.match_info["pod"], request.match_info["container"])
        if key not in self._logs:
            waiting = f'container "{key[2]}" in pod "{key[1]}" is waiting to start: ContainerCreating'
            raise web.HTTPBadRequest(text=waiting)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        follow = request.query.get("follow") == "true"
        left = int(request.query.get("limitBytes", 1 << 62))
        async for chunk in _chunks(self._logs[key], request.query.get("tailLines"), follow=follow):
            await response.write(chunk[:left])
            left -= len(chunk)
            if left <= 0:
                break
        return response


async def _chunks(log: Log, tail: str | None, *, follow: bool) -> AsyncIterator[bytes]:
    position, cuts = 0 if tail is None else max(0, len(log.lines) - int(tail)), log.cuts
    while True:
        if position < len(log.lines):
            lines = log.lines[position : position + _AT_ONCE]
            position += len(lines)
            yield b"".join(lines)
        elif follow and not log.ended and log.cuts == cuts:
            await log.changed()
        else:
            return
