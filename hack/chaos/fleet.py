"""The controllers of a case: processes with a way to the API server each, that are started again when they end."""

import asyncio
import re
import resource
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from hack.controller import Controller, Place, Pod
from hack.testbed import TestBed
from tests.fakes.cuts import Cuts

from .cases import Case
from .clocks import Clock

# All that a controller can load here.
_ARGUMENTS = ("--integrations", "github,slack,webhook,cloudevent", "--log-level", "debug")
# Seconds until a process that ended is started again. A kubelet begins with 10.
_AGAIN = 1.0
_PAGE = resource.getpagesize()
_MIB = 2**20
_EXPIRED = re.compile(r'watch_restarts_total{.*cause="expired"')
Note = Callable[[str], None]


@dataclass(kw_only=True)
class Replica:
    """One controller, as a container that a kubelet keeps running. `way` leads to the API server. `ends`: how often its
    process ended before the case did."""

    name: str
    pod: Pod
    way: Cuts
    log: Path
    place: Place
    clock: Clock | None
    note: Note
    ends: int = 0
    _limit: int = resource.RLIM_INFINITY
    _process: Controller | None = None

    def __post_init__(self) -> None:
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._ready = asyncio.Event()

    async def keep(self) -> None:
        """Until cancelled; the process is then told to end."""
        try:
            while True:
                await self._wanted.wait()
                await self._live()
                await asyncio.sleep(_AGAIN)
        finally:
            if self._process:
                self.resume()
                await self._process.stop()

    async def _live(self) -> None:
        arguments = (*_ARGUMENTS, "--identity", self.name)
        process = self._process = await Controller.start(self.pod, self.log, arguments=arguments, place=self.place)
        self.note(f"{self.name} was started")
        self._bound()
        self._ready.set()
        code = await process.child.wait()
        self.ends += 1
        self._process = None
        self._ready.clear()
        self.note(f"{self.name} ended with {code}")

    async def process(self) -> Controller:
        """The one that lives, or the next that does."""
        await self._ready.wait()
        assert self._process is not None
        return self._process

    async def kill(self) -> None:
        """With -9; nobody starts it again until `start`."""
        self._wanted.clear()
        await self.crash()

    def start(self) -> None:
        self._wanted.set()

    async def crash(self) -> None:
        """With -9; it is started again."""
        if self._process:
            await self._process.kill()

    def pause(self) -> None:
        if self._process:
            self._process.pause()

    def resume(self) -> None:
        if self._process:
            self._process.resume()

    def squeeze(self, mib: float) -> None:
        """From now on it gets no memory but what it has and so many MiB; whoever is started again, as much in all."""
        if self._process:
            pages = int(Path(f"/proc/{self._process.child.pid}/statm").read_text().split()[0])
            self._limit = pages * _PAGE + round(mib * _MIB)
            self._bound()

    async def relieve(self) -> None:
        """Somebody raises the limit, which starts it again."""
        self._limit = resource.RLIM_INFINITY
        if self._process:
            self.ends -= 1  # it does as it is told
            await self._process.stop()

    def _bound(self) -> None:
        if self._process and self._limit != resource.RLIM_INFINITY:
            resource.prlimit(self._process.child.pid, resource.RLIMIT_AS, (self._limit, resource.RLIM_INFINITY))


@dataclass(kw_only=True)
class Fleet:
    """`pod`: what each finds; `files`: a path, of which logs have another ending; `note` hears who starts and ends."""

    bed: TestBed
    pod: Pod
    case: Case
    files: Path
    note: Note
    replicas: list[Replica] = field(default_factory=list)

    @asynccontextmanager
    async def started(self) -> AsyncIterator[Self]:
        """The first one is ready before the next is started, and so holds all Leases."""
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            tasks = []
            for number in range(self.case.replicas):
                way = await stack.enter_async_context(Cuts.before(self.bed.host, self.bed.port))
                replica = self._replica(f"controller-{number}", way)
                self.replicas.append(replica)
                tasks.append(group.create_task(replica.keep()))
                await (await replica.process()).ready()
            yield self
            for task in tasks:
                task.cancel()

    @property
    def ends(self) -> int:
        return sum(each.ends for each in self.replicas)

    async def expired(self) -> int:
        """How often a watch of those that live was told that it asks for what is too old: 410."""
        found = [await (await each.process()).metrics() for each in self.replicas]
        return round(sum(count for each in found for name, count in each.items() if _EXPIRED.search(name)))

    def _replica(self, name: str, way: Cuts) -> Replica:
        log = self.files.with_name(f"{self.files.name}-{name}.log")
        log.unlink(missing_ok=True)
        environment = {**self.pod.environment, "KUBERNETES_SERVICE_PORT": str(way.port)}
        clock = Clock(log.with_suffix(".clock")) if self.case.clock else None
        into = ("/bin/sh", "-c", f'exec "$@" >{self.case.log} 2>&1', "sh") if self.case.log else ()
        return Replica(
            name=name,
            pod=replace(self.pod, environment=environment),
            way=way,
            log=log,
            place=Place(enter=into, environment=clock.environment if clock else {}),
            clock=clock,
            note=self.note,
        )
