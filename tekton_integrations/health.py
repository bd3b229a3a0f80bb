"""/healthz, /readyz (which names what is missing) and /metrics."""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Self

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from tekton_integrations.metrics import allocated_blocks, asyncio_tasks, loop_lag, registry

# Seconds between measurements of the event loop's lag.
PERIOD = 0.25


class HealthServer:
    """`missing` gives what keeps the controller from being ready, empty when it is. `measure` is called before metrics
    are read."""

    def __init__(
        self, host: str, port: int, missing: Callable[[], list[str]], measure: Callable[[], None] = lambda: None
    ) -> None:
        self._host, self._port, self._missing, self._measure = host, port, missing, measure
        self._runner: web.AppRunner | None = None
        self.port = port

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        missing = self._missing()
        text = "".join(f"not ready: {thing}\n" for thing in missing) or "ok\n"
        return web.Response(text=text, status=503 if missing else 200)

    async def _metrics(self, _: web.Request) -> web.Response:
        self._measure()
        asyncio_tasks.set(len(asyncio.all_tasks()))
        allocated_blocks.set(sys.getallocatedblocks())
        # Rendering takes milliseconds that belong to the reconcilers.
        body = await asyncio.to_thread(generate_latest, registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def observe_lag() -> None:
    """Until cancelled: measures how late the event loop takes up what is due."""
    while True:
        due = time.monotonic() + PERIOD  # uvloop's own time stands still while it works
        await asyncio.sleep(PERIOD)
        loop_lag.observe(max(0.0, time.monotonic() - due))
