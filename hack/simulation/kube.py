"""The controller's way to the API server: calls that take some milliseconds of virtual time, and watches."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any, cast

import aiohttp
import msgspec

from tekton_integrations.kube.client import ApiError, KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.metadata_json import PARENT_LABEL

from .objects import Path, Store, Watch

# Seconds, from the call to its answer.
FASTEST, SLOWEST = 0.002, 0.010
# Seconds between bookmarks.
MARKS = 60.0


@dataclass(frozen=True)
class Below:
    """What is not stored, but follows from a run: its TaskRuns, their pods, and what those wrote."""

    children: Callable[[str, str], list[dict[str, Any]]]  # of the run of this namespace and name
    log: Callable[[str, str], bytes]  # of the pod of this namespace and name


class InProcess(KubeClient):
    """One process's connections. After `cut` nothing it sends arrives any more."""

    def __init__(self, store: Store, below: Below, seed: int) -> None:
        super().__init__(ClusterConfig("", None, _nobody))
        self._store = store
        self._below = below
        self._random = Random(seed)
        self._cut = False

    def cut(self) -> None:
        self._cut = True

    async def get(
        self, path: str, params: Mapping[str, str] | None = None, accept: str = "", timeout: float | None = None
    ) -> bytes:
        return await self._ask(lambda: self._read(Path.of(path), params or {}))

    async def post(self, path: str, body: Any, timeout: float | None = None) -> bytes:
        if path.endswith("/events"):
            return await self._ask(lambda: b"{}")
        return await self._ask(lambda: self._store.create(Path.of(path), _copied(body)))

    async def put(self, path: str, body: Any, timeout: float | None = None) -> bytes:
        return await self._ask(lambda: self._store.replace(Path.of(path), _copied(body)))

    async def patch(self, path: str, body: Any) -> bytes:
        return await self._ask(lambda: self._store.patch(Path.of(path), _copied(body)))

    async def delete(self, path: str, body: Any) -> bytes:
        return await self._ask(lambda: self._store.delete(Path.of(path)))

    async def tail(self, path: str, params: Mapping[str, str], keep: int, most: int) -> tuple[bytes, int]:
        asked = Path.of(path)
        if asked.name:
            answer = await self._ask(lambda: self._below.log(asked.namespace, asked.name))
        else:
            answer = await self._ask(lambda: self._read(asked, params))
        return answer[-keep:], len(answer)

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], timeout: aiohttp.ClientTimeout, accept: str = "", buffer: int = 0
    ) -> AsyncIterator[aiohttp.StreamReader]:
        await self._travel()
        place = Path.of(path)
        watch = self._store.watch(place, params)
        try:
            yield cast(aiohttp.StreamReader, _Lines(watch, self._random))
        finally:
            self._store.unwatch(place, watch)

    async def _ask(self, work: Callable[[], bytes]) -> bytes:
        await self._travel()
        if self._cut:
            raise ApiError(0, "Unreachable", "the process is gone")
        try:
            return work()
        finally:
            await self._travel()

    async def _travel(self) -> None:
        await asyncio.sleep(self._random.uniform(FASTEST, SLOWEST) / 2)

    def _read(self, path: Path, params: Mapping[str, str]) -> bytes:
        kind = path.collection.rpartition("/")[2]
        if kind == "taskruns" and not path.name:
            parent = params["labelSelector"].removeprefix(f"{PARENT_LABEL}=")
            items = self._below.children(path.namespace, parent)
            return msgspec.json.encode({"metadata": {"resourceVersion": "1"}, "items": items})
        if kind == "pods":
            return b'{"spec":{}}'
        return self._store.get(path) if path.name else self._store.listed(path, params)


class _Lines:
    """What comes over a watch, as a stream has it."""

    def __init__(self, watch: Watch, random: Random) -> None:
        self._watch = watch
        self._random = random

    async def readline(self) -> bytes:
        waited = self._watch.lines.empty()
        line = await self._watch.lines.get()
        if waited:
            await asyncio.sleep(self._random.uniform(FASTEST, SLOWEST))
        return line


async def marks(store: Store) -> None:
    """Until cancelled: what a server sends where nothing happens."""
    while True:
        await asyncio.sleep(MARKS)
        store.bookmark()


def _copied(body: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(body))


async def _nobody() -> str:
    return ""
