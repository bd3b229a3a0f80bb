"""Sees changes of runs arrive, on a connection of its own beside the controller's: the clock for its latency."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import aiohttp
import msgspec

from hack.recording import SHA
from hack.testbed import Api

from .driver import Moment
from .load import RUNS

_LONGEST_LINE = 2 * 1024 * 1024


class _Metadata(msgspec.Struct):
    annotations: dict[str, str] = {}


class _Condition(msgspec.Struct):
    status: str


class _Status(msgspec.Struct):
    conditions: list[_Condition] = []


class _Run(msgspec.Struct):
    metadata: _Metadata
    status: _Status = msgspec.field(default_factory=_Status)


class _Change(msgspec.Struct):
    object: _Run


class Witness:
    """`seen`: when a change arrived here, in seconds since the epoch."""

    def __init__(self) -> None:
        self.seen: dict[Moment, float] = {}

    @classmethod
    @asynccontextmanager
    async def watching(cls, api: Api, namespace: str) -> AsyncIterator[Self]:
        """Sees what comes from now on."""
        witness = cls()
        path = RUNS.format(namespace)
        now = (await api.request("GET", f"{path}?limit=1"))["metadata"]["resourceVersion"]
        url, forever = f"{api.url}{path}?watch=true&resourceVersion={now}", aiohttp.ClientTimeout(total=None)
        async with api.session.get(url, timeout=forever, read_bufsize=_LONGEST_LINE) as answer:
            answer.raise_for_status()
            reading = asyncio.create_task(witness._read(answer.content))
            try:
                yield witness
            finally:
                reading.cancel()

    async def _read(self, lines: aiohttp.StreamReader) -> None:
        while line := await lines.readline():
            now = time.time()
            run = msgspec.json.decode(line, type=_Change).object
            for condition in run.status.conditions:
                self.seen.setdefault(Moment(run.metadata.annotations[SHA], condition.status != "Unknown"), now)
