"""A controller in this process that can die like one of its own: at once, in the midst of anything, without a word."""

import asyncio
import contextvars
import gc
import ssl
import weakref
from collections.abc import Coroutine, Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Self

from hack.controller import NAMESPACE, SERVICE_ACCOUNT
from hack.testbed import TestBed
from tekton_integrations import registry
from tekton_integrations.clients import Clients
from tekton_integrations.cluster import Timing
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.lease import LeaseTiming
from tekton_integrations.manager import Manager
from tekton_integrations.settings import Settings
from tests.fakes.cuts import Cuts
from tests.fakes.echo.milestones import Milestones

TIMING = Timing(timeout=0.5, quarantine=1.0, announce=0.3)
LEASE_TIMING = LeaseTiming(duration=2.0, renew=0.4, timeout=0.8, retry=0.2, grace=0.1, spread=0.05, absent=0.1)
FAREWELL_SECONDS = 30.0
_Tasks = weakref.WeakSet[asyncio.Task[Any]]
_process: contextvars.ContextVar[_Tasks | None] = contextvars.ContextVar("process", default=None)


@dataclass(frozen=True, kw_only=True)
class Access:
    """As whom, and how, controllers reach the API server."""

    bed: TestBed
    token: str
    tls: ssl.SSLContext

    @classmethod
    async def of(cls, bed: TestBed) -> Self:
        token = await bed.token(NAMESPACE, SERVICE_ACCOUNT)
        return cls(bed=bed, token=token, tls=ssl.create_default_context(cafile=str(bed.ca_file)))

    async def authorization(self) -> str:
        return f"Bearer {self.token}"


def follow_tasks(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any] | Generator[Any, None, Any], **options: Any
) -> asyncio.Task[Any]:
    """A task factory: a task that a task of a process begins is the process's, too."""
    task = asyncio.Task(work, loop=loop, **options)
    if (tasks := _process.get()) is not None:
        tasks.add(task)
    return task


class Inside:
    """One controller. `cuts` is its way to the API server."""

    def __init__(self, cuts: Cuts, stack: AsyncExitStack) -> None:
        self.cuts = cuts
        self._stack = stack
        self._tasks: _Tasks = weakref.WeakSet()
        self._stop = asyncio.Event()

    @classmethod
    async def started(cls, access: Access, namespace: str) -> Self:
        """It watches that namespace only."""
        asyncio.get_running_loop().set_task_factory(follow_tasks)
        stack = AsyncExitStack()
        cuts = await stack.enter_async_context(Cuts.before(access.bed.host, access.bed.port, access.tls))
        config = ClusterConfig(f"http://127.0.0.1:{cuts.port}", None, access.authorization)
        client = await stack.enter_async_context(KubeClient(config))
        clients = await stack.enter_async_context(Clients({}))
        settings = Settings(watch_namespace=namespace, workers=4, grace=0.05, watch_silence=3.0)
        inside = cls(cuts, stack)
        manager = Manager(settings, client, clients, timing=TIMING, lease_timing=LEASE_TIMING)
        token = _process.set(inside._tasks)
        integrations = [*registry.load(settings.integrations), Milestones()]
        inside._life = asyncio.create_task(manager.run(integrations, inside._stop))
        _process.reset(token)
        return inside

    _life: asyncio.Task[None]

    def check(self) -> None:
        """Raises what ended it."""
        if self._life.done():
            self._life.result()
            raise RuntimeError("the controller has ended by itself")

    async def kill(self) -> None:
        self.cuts.part()
        await self._end()

    async def stop(self) -> None:
        """As SIGTERM would. Raises what it raises."""
        self._stop.set()
        try:
            await asyncio.wait_for(self._life, FAREWELL_SECONDS)
        finally:
            await self._end()

    async def _end(self) -> None:
        while left := [task for task in self._tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        await self._stack.aclose()
        gc.unfreeze()  # a process keeps what it froze for good, and this one is to go on
