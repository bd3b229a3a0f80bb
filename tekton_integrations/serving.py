"""One integration in this process: its Lease, its queue, its workers. It works only while it holds the Lease.

What came up while another process held it is found anew in the caches when it is our turn.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Protocol

from tekton_integrations import metrics
from tekton_integrations.cluster import Cluster, Mandate
from tekton_integrations.kube.client import ApiError
from tekton_integrations.log import logger
from tekton_integrations.provider import Provider
from tekton_integrations.record import Record
from tekton_integrations.requests import Asked, Request
from tekton_integrations.run import Run
from tekton_integrations.slices import in_slices
from tekton_integrations.workqueue import Wait, WorkQueue, backoff

# How long work that was begun may take to end after SIGTERM, in seconds.
FAREWELL = 12.0
# One namespace may keep one of so many workers busy.
SHARE = 2
# Seconds after which what was due begins in the gaps that others leave.
LATE = 1.0
# Seconds by which what is not a run's end stands behind in the queue.
PROGRESS = 5.0


class Worker(Protocol):
    """What a name from the queue is given to."""

    async def reconcile(self, request: Request) -> Wait | None: ...

    def settled(self, run: Run, request: Request, wanted: Asked, *, gone: bool = False) -> bool: ...

    def edited(self, record: Record) -> None: ...

    def wake(self, record: Record) -> None: ...

    def forget(self, gone: Provider) -> None: ...


class Serving:
    """`prepare` reads what must be known before our turn begins (an ApiError lets it be tried again), `begun` tells
    that it has, and `refill` adds all that is to be looked at then, a step for each."""

    def __init__(self, name: str, worker: Worker, mandate: Mandate, cluster: Cluster, workers: int) -> None:
        self.name = name
        self.worker = worker
        self.lease = mandate.lease
        self.prepare: Callable[[], Awaitable[None]] = _unprepared
        self.refill: Callable[[], Iterable[object]] = tuple
        self.begun: Callable[[], None] = lambda: None
        self._mandate = mandate
        self._cluster = cluster
        self._workers = workers
        self._failures: dict[Request, int] = {}
        self._working = False
        self._tasks: list[asyncio.Task[None]] = []
        metrics.begin(name)
        depth = metrics.queue_depth.labels(name).set
        self.queue: WorkQueue[Request] = WorkQueue(_namespace, cap=max(1, workers // SHARE), depth=depth)

    @property
    def holds(self) -> bool:
        """Whether names are taken up here."""
        return self._working

    def measure(self) -> None:
        """Brings the gauges up to date that nobody keeps so."""
        metrics.queue_oldest.labels(self.name).set(self.queue.oldest)
        metrics.queue_parked.labels(self.name).set(self.queue.parked)

    def add(self, name: Request, slack: float) -> None:
        """Due now. Nothing happens while another process is in charge."""
        if self._working:
            self.queue.add(name, slack)

    def unpark(self, name: Request) -> None:
        """Due now, whatever it waited for: that may be open by now, or not concern it any more."""
        if self._working:
            self.queue.unpark(name, PROGRESS)

    def add_after(self, name: Request, delay: float, slack: float) -> None:
        if self._working:
            self.queue.add_after(name, delay, slack)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.lease.run())
            while True:
                await self.lease.acquired()
                await self._take_over()
                await self._work()

    async def finish(self) -> None:
        """What is in work ends by itself; what is only queued is found by whoever comes next."""
        try:
            await asyncio.wait_for(self.queue.drain(), FAREWELL)
        except TimeoutError:
            logger.warning("stopping in the midst of a report; its record says so", integration=self.name)
            await _end(self._tasks)
        self._working = False

    async def release(self) -> None:
        """Others may have the Lease at once."""
        await self.lease.release()

    async def _take_over(self) -> None:
        """From now on nothing is believed that may be older than the former holder's last write."""
        failures = 0
        while self.lease.held:
            try:
                self._mandate.fence = await self._cluster.records.fence()
                await self.prepare()
                return
            except ApiError as error:
                failures += 1
                logger.debug("no consistent read", error=str(error))
                await asyncio.sleep(backoff(failures, base=0.1, ceiling=2.0))

    async def _work(self) -> None:
        if not self.lease.held:
            return
        self._working = True
        metrics.lease_held.labels(self.name).set(1)
        self.begun()
        tasks = self._tasks = [asyncio.create_task(self._worker()) for _ in range(self._workers)]
        try:
            await in_slices(self.refill(), going_on=lambda: self.lease.held)
            gc.freeze()  # a hundred thousand names are not to be looked through again and again
            logger.info("in charge", integration=self.name, names=len(self.queue))
            await self.lease.lost()
            if self._working:  # else it was given back
                logger.warning("lease lost", integration=self.name, holder=self.lease.holder_seen)
        finally:
            self._working = False
            metrics.lease_held.labels(self.name).set(0)
            self.queue.clear()
            await _end(tasks)

    async def _worker(self) -> None:
        while True:
            request = await self.queue.get()
            try:
                late = self.queue.waited(request) > LATE
                wait = await self._cluster.turnstile.through(self._reconcile(request), late=late)
                self._failures.pop(request, None)
                if wait is None:
                    self._cluster.runs.drop_unless_wanted(request.kind, request.namespace, request.name)
            except Exception as error:
                wait = await self._failed(request, error)
            finally:
                self.queue.done(request)
            if wait is not None and wait.at is not None:
                self.queue.park(request, wait.at, wait.slack)
            elif wait is not None:
                self.queue.add_after(request, wait.seconds, wait.slack)

    async def _reconcile(self, request: Request) -> Wait | None:
        with metrics.reconcile_seconds.labels(self.name).time():
            return await self.worker.reconcile(request)

    async def _failed(self, request: Request, error: Exception) -> Wait:
        failures = self._failures[request] = self._failures.get(request, 0) + 1
        if isinstance(error, ApiError):
            level = logger.info if error.status in (0, 409) else logger.warning
            level("API server refused", error=str(error), run=request.name, namespace=request.namespace)
            if error.status == 409:
                with suppress(ApiError):
                    await self._cluster.records.refresh(request)
                if known := self._cluster.records.get(request.namespace, request.record_name):
                    self.worker.edited(known)
        else:
            logger.exception("bug", run=request.name, namespace=request.namespace)
        return Wait(backoff(failures, base=0.1))


async def _unprepared() -> None:
    """Nothing need be known."""


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels until they are done: a timeout that strikes at the same moment takes a cancellation for its own."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)


def _namespace(request: Request) -> str:
    return request.namespace
