"""An API server on loopback that has one pod `p` in the namespace `n`, its log, and Secrets."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from aiohttp import web

from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tests.kube.watched import no_authorization
from tests.loopback import serving

NAMESPACE = "/api/v1/namespaces/n"
LOG = f"{NAMESPACE}/pods/p/log"


class PodServer:
    """`refused`: the status with which a path is answered; 0 for no answer at all."""

    client: KubeClient

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {f"{NAMESPACE}/serviceaccounts/default": {}}
        self.refused: dict[str, int] = {}
        self.log = b""
        self.asked: list[str] = []
        self.log_query: dict[str, str] = {}
        self._end = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator[Self]:
        server = cls()
        async with serving(server._answer) as url:
            async with KubeClient(ClusterConfig(url, None, no_authorization)) as server.client:
                yield server
            server._end.set()

    def pod(self, **spec: Any) -> None:
        self.objects[f"{NAMESPACE}/pods/p"] = {"spec": spec}

    def secret(self, name: str, kind: str = "Opaque", **data: str) -> None:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        self.objects[f"{NAMESPACE}/secrets/{name}"] = {"type": kind, "data": encoded}

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request.path)
        status = self.refused.get(request.path, 404 if request.path not in {LOG, *self.objects} else 200)
        if not status:
            await self._end.wait()
        if status != 200:
            message = 'Get "https://10.0.0.7:10250/containerLogs/n/p": dial tcp 10.0.0.7:10250: connect: refused'
            return web.json_response({"code": status, "reason": "Because", "message": message}, status=status or 500)
        if request.path == LOG:
            self.log_query = dict(request.query)
            return web.Response(body=self.log)
        return web.Response(body=json.dumps(self.objects[request.path]).encode())
