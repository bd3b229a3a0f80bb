"""An informer that runs against the watch server, and what its handlers heard."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.source import Source
from tests.fakes.watch_server import PATH, PATIENCE, WatchServer


class Thing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    namespace: str
    name: str
    uid: str
    resource_version: str
    value: str


class _Metadata(msgspec.Struct, rename="camel"):
    namespace: str
    name: str
    uid: str
    resource_version: str


class _Object(msgspec.Struct):
    metadata: _Metadata
    value: str


def decode(raw: msgspec.Raw | dict[str, object]) -> Thing:
    source = msgspec.convert(raw, _Object) if isinstance(raw, dict) else msgspec.json.decode(raw, type=_Object)
    return Thing(**msgspec.structs.asdict(source.metadata), value=source.value)


async def no_authorization() -> str:
    return ""


@dataclass(kw_only=True)
class Watched:
    server: WatchServer
    informer: Informer[Thing]
    task: asyncio.Task[None]
    heard: list[str] = field(default_factory=list)  # "+a=1", "a: 1→2", "-a=2"
    _tick: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def values(self) -> dict[str, str]:
        return {thing.name: thing.value for thing in self.informer.lister}

    def on_change(self, before: Thing | None, now: Thing | None) -> None:
        one = now or before
        assert one is not None
        # A handler hears of a change after the cache has it.
        assert self.informer.lister.get(one.namespace, one.name) == now
        if before is None:
            self.heard.append(f"+{one.name}={one.value}")
        elif now is None:
            self.heard.append(f"-{one.name}={one.value}")
        else:
            self.heard.append(f"{one.name}: {before.value}→{now.value}")
        self._tick.set()

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Looks again after each change that was heard. Raises what ended the informer, if anything did."""
        async with asyncio.timeout(PATIENCE):
            while not predicate():
                if self.task.done():
                    self.task.result()
                self._tick.clear()
                await self._tick.wait()

    async def hears(self, *expected: str) -> None:
        """Exactly this, in this order, since the last call."""
        await self.until(lambda: len(self.heard) >= len(expected))
        assert self.heard == list(expected)
        self.heard.clear()

    async def synced(self) -> None:
        await asyncio.wait_for(self.informer.synced.wait(), PATIENCE)


@asynccontextmanager
async def watched(server: WatchServer, *, silence: float = 30.0) -> AsyncIterator[Watched]:
    """Runs while the block does."""
    async with KubeClient(ClusterConfig(server.url, None, no_authorization)) as client:
        informer = Informer(client, Source("Thing", PATH, decode, silence), Lister[Thing]())
        task = asyncio.create_task(informer.run())
        scene = Watched(server=server, informer=informer, task=task)
        informer.add_handler(scene.on_change)
        task.add_done_callback(lambda _: scene._tick.set())
        try:
            yield scene
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def watching(server: WatchServer, *, silence: float = 30.0) -> AsyncIterator[Watched]:
    """An informer that knows `a` and `b`, and follows."""
    server.put("a", "1")
    server.put("b", "2")
    async with watched(server, silence=silence) as scene:
        await scene.synced()
        await server.watched()
        await scene.hears("+a=1", "+b=2")
        yield scene
