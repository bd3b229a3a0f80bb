"""Lifetimes: connects informers to what serves each integration, starts them in order and stops them gently."""

import asyncio
import gc
import os
import signal
import socket
import uuid
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from tekton_integrations import registry
from tekton_integrations.clients import Clients
from tekton_integrations.cluster import Cluster, Mandate, Timing, provider_lister
from tekton_integrations.egress import names_of
from tekton_integrations.excerpts import Excerpts
from tekton_integrations.health import HealthServer, observe_lag
from tekton_integrations.inference import Inference
from tekton_integrations.integration import Integration
from tekton_integrations.kube import config
from tekton_integrations.kube.children import Children
from tekton_integrations.kube.client import KubeClient, collection
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lease import Clock, Lease, LeaseTiming
from tekton_integrations.kube.namespaces import Namespaces
from tekton_integrations.kube.recorder import EventRecorder
from tekton_integrations.kube.records import Records
from tekton_integrations.kube.runs import Runs
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.kube.secret_watches import SecretWatches
from tekton_integrations.kube.secrets import Credentials
from tekton_integrations.kube.source import Source
from tekton_integrations.limits import Bucket, Limits
from tekton_integrations.log import logger
from tekton_integrations.noticeboard import Noticeboard
from tekton_integrations.notices import Notices
from tekton_integrations.provider import decode_provider
from tekton_integrations.publisher import Publisher
from tekton_integrations.quota import Quota
from tekton_integrations.reconciler import Reconciler
from tekton_integrations.record import API_VERSION
from tekton_integrations.registry import CORE
from tekton_integrations.serving import PROGRESS, Serving, Worker
from tekton_integrations.settings import Settings
from tekton_integrations.slices import in_slices
from tekton_integrations.tally import REPORTED
from tekton_integrations.unserved import Unserved
from tekton_integrations.wakeups import WakeUps

# How many children are looked into at once, each of another namespace.
EXAMINERS = 4


class Manager:
    def __init__(
        self,
        settings: Settings,
        client: KubeClient,
        clients: Clients,
        *,
        timing: Timing | None = None,
        lease_timing: LeaseTiming | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._client = client
        self._lease_timing = lease_timing or LeaseTiming()
        self._clock = clock = clock or Clock()
        silence = settings.watch_silence
        providers = provider_lister()
        source = Source("Provider", collection(API_VERSION, "providers"), decode_provider, silence)
        self._providers = [Informer(client, each, providers) for each in source.within(settings.scopes)]
        self._cluster = Cluster(
            runs=Runs(client, silence, settings.watch_namespace),
            records=Records(client, silence, settings.watch_namespace),
            providers=providers,
            credentials=Credentials(client, clock.steady),
            namespaces=Namespaces(client),
            recorder=EventRecorder(client, socket.gethostname()),
            clients=clients,
            excerpts=Excerpts(client),
            shared_namespace=settings.namespace,
            holder=settings.identity or f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}",
            timing=timing or Timing(),
            courtesy=_courtesy(clock),
            pages=settings.pages,
            now=clock.wall,
            clock=clock.steady,
        )
        self._children = Children(client, self._cluster.runs, silence, settings.watch_namespace)
        self._publisher = Publisher(client, settings, self._cluster)
        self._notices = Notices((), settings.namespace, settings.notified)
        self._board = Noticeboard(
            client, self._cluster, self._notices, silence, brought=self._publisher.brought, scopes=settings.scopes
        )
        self._servings: dict[str, Serving] = {}

    def missing(self) -> list[str]:
        """What keeps us from being ready."""
        return [
            f"{informer.kind}: {'not connected' if informer.synced.is_set() else 'not listed yet'}"
            for informer in self._informers
            if not (informer.synced.is_set() and informer.connected)
        ]

    def measure(self) -> None:
        """Brings the gauges up to date that nobody keeps so."""
        for serving in self._servings.values():
            serving.measure()
        self._publisher.measure()

    @property
    def _informers(self) -> list[Informer[Any]]:
        return [*self._first, *self._cluster.runs.informers.values()]

    @property
    def _first(self) -> list[Informer[Any]]:
        """Those that must be filled before any run is looked at: records tell which are done with, Notifications which
        are asked for, and Providers whose a Notification is."""
        own: list[Informer[Any]] = [self._publisher.informer, self._cluster.records.informer]
        return [*self._providers, *own, *self._board.informers]

    async def run(self, integrations: list[Integration], stop: asyncio.Event) -> None:
        """Until `stop`; raises what should end the process."""
        watermarks = [await self._publisher.claim(integration, stop) for integration in integrations]
        wakeups = self._serve(integrations, watermarks)
        secrets = SecretWatches(self._client, self._settings.watch_silence, wakeups.on_secret)
        wakeups.connect(self._providers, self._publisher.informer, secrets)
        async with asyncio.TaskGroup() as group:
            tasks: list[asyncio.Task[None]] = []

            def start(work: Coroutine[Any, Any, None]) -> None:
                tasks.append(group.create_task(work))

            start(wakeups.run())
            start(self._start(start))
            await stop.wait()
            logger.info("stopping")
            await asyncio.gather(*(self._farewell(serving) for serving in self._servings.values()))
            for task in tasks:
                task.cancel()
            await secrets.close()

    def _serve(self, integrations: list[Integration], watermarks: list[float]) -> WakeUps:
        self._notice(integrations)
        for integration, watermark in zip(integrations, watermarks, strict=True):
            mandate = self._mandate(integration.name)
            reconciler = Reconciler(integration, self._cluster, watermark, mandate)
            serving = self._add(integration.name, reconciler, mandate, self._settings.workers)
            reconciler.again = partial(serving.add, slack=PROGRESS)
            reconciler.reported = partial(self._notices.tallies.note, outcome=REPORTED)
            self._publisher.serves(integration, serving, reconciler)
        mandate = self._mandate(CORE)
        first = min(watermarks, default=0.0)
        self._add(CORE, Unserved(self._cluster, self._publisher.brought, first, mandate), mandate, 2)
        wakeups = WakeUps(self._cluster, self._servings, integrations, self._settings.grace, self._notices)
        wakeups.on_other_provider = self._board.on_provider
        self._board.turns = self._servings
        return wakeups

    def _notice(self, integrations: list[Integration]) -> None:
        cluster, notices = self._cluster, self._notices
        notices.serve(integrations)
        notices.provider = cluster.providers.get
        notices.seen = cluster.runs.get
        notices.recorded = lambda uid: {each.notification for each in cluster.records.of_run(uid)} - {""}
        self._children.audited = lambda kind, child: notices.audited(kind, child.namespace, child.labels)
        cluster.runs.decode = partial(decode_run, inference=Inference(integrations), notices=notices)

    def _mandate(self, name: str) -> Mandate:
        lease = Lease(
            self._client,
            self._settings.namespace,
            f"tekton-integrations-{name}",
            self._cluster.holder,
            self._lease_timing,
            clock=self._clock,
        )
        return Mandate(lease)

    def _add(self, name: str, worker: Worker, mandate: Mandate, workers: int) -> Serving:
        serving = self._servings[name] = Serving(name, worker, mandate, self._cluster, workers)
        return serving

    async def _start(self, start: Any) -> None:
        """In an order in which nothing is cached that need not be: records tell which runs are done with."""
        cluster = self._cluster
        for informer in self._first:
            start(informer.run())
        for informer in self._first:
            await informer.synced.wait()
        for runs in cluster.runs.informers.values():
            start(runs.run())
        for runs in cluster.runs.informers.values():
            await runs.synced.wait()
        await in_slices(cluster.runs.started(lambda run: not cluster.records.of_run(run.uid)))
        # What is there now stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        logger.info("working", runs=sum(1 for _ in cluster.runs))
        for serving in self._servings.values():
            start(serving.run())
        start(self._publisher.run())
        start(self._board.run())
        start(observe_lag())
        for _ in range(EXAMINERS):
            start(self._children.work())
        for children in self._children.informers.values():
            start(children.run())

    async def _farewell(self, serving: Serving) -> None:
        held = serving.holds
        await serving.finish()
        if held:
            await self._publisher.farewell(serving)
        await serving.release()


def _courtesy(clock: Clock) -> Quota:
    """Writes that only tell people about a wait: so many a second, and so many at once."""
    return Quota(Limits(buckets=(Bucket(rate=20.0, burst=200.0),), certain=True), clock.steady, clock.wall)


def _clients(settings: Settings) -> Clients:
    try:
        return Clients(os.environ, inside=settings.refused_networks)
    except ValueError as error:
        raise config.ConfigError(str(error)) from error


async def serve(settings: Settings) -> None:
    """The controller, until SIGTERM or SIGINT. Raises ConfigError or RegistryError for what the user must mend."""
    integrations = registry.load(settings.integrations, settings.infer)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        clients = await stack.enter_async_context(_clients(settings))
        cluster = await config.load(settings.kubeconfig, settings.service_account)
        clients.refuse(await names_of(cluster.url))
        client = await stack.enter_async_context(KubeClient(cluster))
        manager = Manager(settings, client, clients)
        health = HealthServer(settings.health_host, settings.health_port, manager.missing, manager.measure)
        await stack.enter_async_context(health)
        logger.info("started", integrations=settings.integrations, health_port=health.port, pid=os.getpid())
        await manager.run(integrations, stop)
