"""Keeps the Integration objects: that they are there, who works each, and its quotas. Others read them to know which
annotations are served by somebody; people read them with `kubectl get integrations`. What must outlive us of the quotas
is kept by allowances.py.
"""

import asyncio
import itertools
from contextlib import suppress

from tekton_integrations.allowances import Allowances
from tekton_integrations.cluster import Cluster
from tekton_integrations.event_loop import happened
from tekton_integrations.integration import Integration
from tekton_integrations.kube import config
from tekton_integrations.kube.claims import KIND, Claim, Claims, decode_claim
from tekton_integrations.kube.client import ApiError, KubeClient
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.source import Source
from tekton_integrations.log import logger
from tekton_integrations.reconciler import Reconciler
from tekton_integrations.serving import Serving
from tekton_integrations.settings import Settings
from tekton_integrations.trials import Trials
from tekton_integrations.workqueue import backoff

# Seconds between looks at what has changed.
PERIOD = 10.0
# How long a controller's last word may take, in seconds.
FAREWELL = 2.0


class Publisher:
    def __init__(self, client: KubeClient, settings: Settings, cluster: Cluster) -> None:
        self._settings = settings
        self._cluster = cluster
        self._claims = Claims(client, settings.namespace)
        source = Source(KIND, self._claims.path, decode_claim, settings.watch_silence)
        self.informer: Informer[Claim] = Informer(client, source, Lister[Claim]())
        self.informer.add_handler(self._on_change)
        self._news = asyncio.Event()
        self._served: list[tuple[Integration, Serving, Reconciler]] = []
        self._trials: list[Trials] = []
        self._allowances = Allowances(client, cluster.providers, cluster.clock, cluster.now, settings.scopes)

    async def claim(self, integration: Integration, stop: asyncio.Event) -> float:
        """Gives the watermark. Waits for an API server that is not up yet; ConfigError about one that refuses."""
        attempts = itertools.count(1)
        while not stop.is_set():
            try:
                return await self._claims.make(integration)
            except ApiError as error:
                if error.status in (401, 403, 404):
                    raise config.ConfigError(
                        f"can't publish the Integration {self._settings.namespace}/{integration.name} ({error}); "
                        "are manifests/ applied, does --namespace name the controller's namespace, and is this "
                        "run with a ServiceAccount of it?"
                    ) from error
                logger.warning("API server not ready", error=str(error))
                await happened(stop, backoff(next(attempts), base=0.2, ceiling=10))
        return 0.0

    def serves(self, integration: Integration, serving: Serving, reconciler: Reconciler) -> None:
        self._served.append((integration, serving, reconciler))
        serving.begun = self._news.set
        types = [kind.name for kind in integration.provider_types]
        contexts = reconciler.contexts
        self._allowances.serves(types, serving, contexts.quotas, contexts.standings)
        self._trials.append(Trials(integration, self._cluster, contexts, serving))

    def brought(self) -> frozenset[str]:
        """The integrations that this process or some other one brings."""
        own = {integration.name for integration, _, _ in self._served}
        return frozenset(own | {claim.name for claim in self.informer.lister})

    def measure(self) -> None:
        """Brings the gauges of quotas up to date."""
        for integration, serving, reconciler in self._served:
            reconciler.contexts.quotas.measure(integration.name, working=serving.holds)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._allowances.run())
            for trials in self._trials:
                group.create_task(trials.run())
            group.create_task(self._publish())

    async def _publish(self) -> None:
        told: dict[str, float] = {}
        while True:
            self._news.clear()
            for integration, serving, reconciler in self._served:
                name = integration.name
                if self.informer.lister.get(self._settings.namespace, name) is None:
                    await self._remake(integration)
                if not serving.holds:
                    continue
                if told.get(name) != serving.lease.since:
                    self._claims.forget(name)  # a former holder may have written since
                    told[name] = serving.lease.since
                await self._tell(integration, reconciler, self._cluster.holder)
            await happened(self._news, PERIOD)

    async def farewell(self, serving: Serving) -> None:
        """The controller ends; without another one nothing is reported."""
        for integration, mine, reconciler in self._served:
            if mine is serving:
                with suppress(TimeoutError):
                    async with asyncio.timeout(FAREWELL):
                        await asyncio.gather(
                            self._allowances.farewell(serving), self._tell(integration, reconciler, "")
                        )

    async def _remake(self, integration: Integration) -> None:
        """Somebody deleted it: others must not call the integration unknown. The watermark stays as it was here."""
        self._claims.forget(integration.name)
        try:
            await self._claims.make(integration)
        except ApiError as error:
            logger.warning("Integration not published", integration=integration.name, error=str(error))

    async def _tell(self, integration: Integration, reconciler: Reconciler, holder: str) -> None:
        now, quotas = self._cluster.now(), reconciler.contexts.quotas
        known = {provider.path: quotas.allowances(provider.uid, now) for provider in self._cluster.providers}
        try:
            await self._claims.tell(integration, holder, known)
        except ApiError as error:
            logger.debug("Integration not published", integration=integration.name, error=str(error))

    def _on_change(self, _before: Claim | None, now: Claim | None) -> None:
        if now is None:
            self._news.set()
