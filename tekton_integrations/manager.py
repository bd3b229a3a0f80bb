"""Lifetimes: connects informers to queues and queues to reconcilers, starts them in order and stops them gently."""

import asyncio
import gc
import itertools
import os
import signal
import socket
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress

import aiohttp

from tekton_integrations import metrics, registry
from tekton_integrations.cluster import Cluster, Timing
from tekton_integrations.health import HealthServer
from tekton_integrations.integration import Integration
from tekton_integrations.kube import config
from tekton_integrations.kube.claims import claim
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.informer import Informer, Source
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.namespaces import Namespaces
from tekton_integrations.kube.recorder import EventRecorder
from tekton_integrations.kube.records import Records
from tekton_integrations.kube.runs import Runs
from tekton_integrations.kube.secrets import Credentials
from tekton_integrations.log import logger
from tekton_integrations.provider import Provider, decode_provider
from tekton_integrations.reconciler import Reconciler
from tekton_integrations.record import API_VERSION, Record
from tekton_integrations.requests import Request, for_record, for_run
from tekton_integrations.run import Run, State
from tekton_integrations.settings import Settings
from tekton_integrations.unserved import Unserved
from tekton_integrations.workqueue import WorkQueue, backoff

Reconcile = Callable[[Request], Awaitable[float | None]]
# How long work that was begun may take to end after SIGTERM.
FAREWELL = 12.0
_UNSERVED = ""


class Manager:
    def __init__(self, settings: Settings, client: KubeClient, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._client = client
        providers: Lister[Provider] = Lister()
        silence = settings.watch_silence
        source = Source("Provider", collection(API_VERSION, "providers"), decode_provider, silence)
        self._providers = Informer(client, source, providers)
        self._cluster = Cluster(
            runs=Runs(client, silence, settings.watch_namespace),
            records=Records(client, silence, settings.watch_namespace),
            providers=providers,
            credentials=Credentials(client),
            namespaces=Namespaces(client),
            recorder=EventRecorder(client, socket.gethostname()),
            session=session,
            shared_namespace=settings.namespace,
            holder=f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}",
            timing=Timing(),
        )
        self._queues: dict[str, WorkQueue[Request]] = {}
        self._failures: dict[Request, int] = {}

    @property
    def _informers(self) -> list[Informer[Record] | Informer[Run] | Informer[Provider]]:
        cluster = self._cluster
        return [self._providers, cluster.records.informer, *cluster.runs.informers.values()]

    def missing(self) -> list[str]:
        """What keeps us from being ready."""
        return [
            f"{informer.kind}: {'not connected' if informer.synced.is_set() else 'not listed yet'}"
            for informer in self._informers
            if not (informer.synced.is_set() and informer.connected)
        ]

    async def run(self, integrations: list[Integration], stop: asyncio.Event) -> None:
        """Until `stop`; raises what should end the process."""
        reconcilers = await self._reconcilers(integrations, stop)
        for informer in self._cluster.runs.informers.values():
            informer.add_handler(self._on_run)
        self._cluster.records.on_foreign_change(self._on_record)
        self._providers.add_handler(lambda _before, _now: self._on_provider())
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(informer.run()) for informer in self._informers]
            tasks.append(group.create_task(self._work(group, reconcilers, tasks)))
            await stop.wait()
            logger.info("stopping")
            await self._drain()
            for task in tasks:
                task.cancel()

    async def _reconcilers(self, integrations: list[Integration], stop: asyncio.Event) -> dict[str, Reconcile]:
        watermarks = [await self._claim(integration, stop) for integration in integrations]
        reconcilers: dict[str, Reconcile] = {
            integration.name: Reconciler(integration, self._cluster, watermark).reconcile
            for integration, watermark in zip(integrations, watermarks, strict=True)
        }
        first = min(watermarks, default=0.0)
        reconcilers[_UNSERVED] = Unserved(self._cluster, [each.name for each in integrations], first).reconcile
        for name in reconcilers:
            self._queues[name] = WorkQueue(metrics.queue_depth.labels(name or "unserved").set)
        return reconcilers

    async def _claim(self, integration: Integration, stop: asyncio.Event) -> float:
        """Waits for an API server that is not up yet; says what to do about one that refuses."""
        attempts = itertools.count(1)
        while not stop.is_set():
            try:
                return await claim(self._client, self._settings.namespace, integration)
            except ApiError as error:
                if error.status in (401, 403, 404):
                    raise config.ConfigError(
                        f"can't publish the Integration {self._settings.namespace}/{integration.name} ({error}); "
                        "are manifests/ applied, and does --namespace name the controller's namespace?"
                    ) from error
                logger.warning("API server not ready", error=str(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), backoff(next(attempts), base=0.2, ceiling=10))
        return 0.0

    async def _work(
        self, group: asyncio.TaskGroup, reconcilers: dict[str, Reconcile], tasks: list[asyncio.Task[None]]
    ) -> None:
        for informer in self._informers:
            await informer.synced.wait()
        self._cluster.runs.started(lambda uid: not self._cluster.records.of_run(uid))
        for record in self._cluster.records:
            self._on_record(record)
        # What is there now stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        logger.info("working", runs=sum(len(i.lister) for i in self._cluster.runs.informers.values()))
        for name, reconcile in reconcilers.items():
            for _ in range(self._settings.workers if name else 1):
                tasks.append(group.create_task(self._worker(self._queues[name], reconcile, name or "unserved")))

    async def _worker(self, queue: WorkQueue[Request], reconcile: Reconcile, name: str) -> None:
        seconds = metrics.reconcile_seconds.labels(name)
        while True:
            request = await queue.get()
            try:
                with seconds.time():
                    delay = await reconcile(request)
                self._failures.pop(request, None)
            except Exception as error:
                delay = await self._failed(request, error)
            finally:
                queue.done(request)
            if delay is not None:
                queue.add_after(request, delay)

    async def _failed(self, request: Request, error: Exception) -> float:
        failures = self._failures[request] = self._failures.get(request, 0) + 1
        if isinstance(error, ApiError):
            level = logger.info if error.status in (0, 409) else logger.warning
            level("API server refused", error=str(error), run=request.name, namespace=request.namespace)
            if error.status == 409 and (known := self._cluster.records.get(request.namespace, request.record_name)):
                await self._refresh(known)
        else:
            logger.exception("bug", run=request.name, namespace=request.namespace)
        return backoff(failures, base=0.1)

    async def _refresh(self, record: Record) -> None:
        try:
            await self._cluster.records.refresh(record)
        except ApiError as error:
            logger.debug("record not read again", error=str(error))

    async def _drain(self) -> None:
        """What is in work ends by itself; what is only queued is found again at the next start."""
        queues = [queue.drain() for queue in self._queues.values()]
        try:
            await asyncio.wait_for(asyncio.gather(*queues), FAREWELL)
        except TimeoutError:
            logger.warning("stopping in the midst of a report; its record says so")

    def _queue(self, integration: str) -> WorkQueue[Request]:
        return self._queues[integration if integration in self._queues else _UNSERVED]

    def _on_run(self, before: Run | None, now: Run | None) -> None:
        run = now or before
        assert run is not None
        known = {for_record(record) for record in self._cluster.records.of_run(run.uid)}
        for request in known | set(for_run(run)):
            queue = self._queue(request.integration)
            if now is not None and now.state is State.QUEUED and not known:
                # Tekton gives a condition in a moment; waiting for it spares a report that would be outdated at once.
                queue.add_after(request, self._settings.grace)
            else:
                queue.add(request)

    def _on_record(self, record: Record) -> None:
        self._queue(record.integration).add(for_record(record))

    def _on_provider(self) -> None:
        for record in self._cluster.records:
            if not record.reported:
                self._on_record(record)


async def serve(settings: Settings) -> None:
    """The controller, until SIGTERM or SIGINT. Raises ConfigError or RegistryError for what the user must mend."""
    integrations = registry.load(settings.integrations)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        cluster = await config.load(settings.kubeconfig, settings.service_account)
        client = await stack.enter_async_context(KubeClient(cluster))
        session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        manager = Manager(settings, client, session)
        health = HealthServer(settings.health_host, settings.health_port, manager.missing)
        await stack.enter_async_context(health)
        logger.info("started", integrations=settings.integrations, health_port=health.port, pid=os.getpid())
        await manager.run(integrations, stop)
