"""Tries the credentials of one integration's Providers: of those that are new or changed, whose Secret was, or that did
not do; a few at a time, so that a thousand Providers are no storm. It shows nothing anywhere.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from tekton_integrations.cluster import Cluster
from tekton_integrations.contexts import Contexts, identity
from tekton_integrations.errors import IntegrationError, TemporaryError, Throttled
from tekton_integrations.http import Http, origin
from tekton_integrations.integration import Context, Integration
from tekton_integrations.kube.client import ApiError
from tekton_integrations.limits import Limits
from tekton_integrations.log import logger
from tekton_integrations.provider import Provider
from tekton_integrations.quota import Quota
from tekton_integrations.record import Record, Target
from tekton_integrations.run import Child, Excerpt
from tekton_integrations.workqueue import WorkQueue

# Seconds between looks for Providers that are new or changed, and between two trials by one worker.
PERIOD, PACE = 1.0, 0.2
WORKERS = 2
# Seconds until one that did not do is tried again by itself, and the least between two trials of one Provider.
AGAIN, GAP = 600.0, 10.0
# Seconds that a trial may take in all.
PATIENCE = 30.0
# Those that were found to do wait behind those of which nothing is known, as many seconds.
SLACK = 600.0
Name = tuple[str, str]


class Turn(Protocol):
    """When the integration is worked here: a Serving."""

    @property
    def holds(self) -> bool: ...


class Trials:
    def __init__(self, integration: Integration, cluster: Cluster, contexts: Contexts, turn: Turn) -> None:
        self._integration = integration
        self._kinds = {kind.name: kind for kind in integration.provider_types}
        self._cluster = cluster
        self._contexts = contexts
        self._turn = turn
        # The generation that was tried, or is about to be, and when it was; by uid.
        self._begun: dict[str, int] = {}
        self._tried: dict[str, float] = {}
        # Of one namespace one at a time: its endpoints may all be dead.
        self._queue: WorkQueue[Name] = WorkQueue(lambda name: name[0], cap=1)
        contexts.standings.doubted = self._doubt
        cluster.credentials.on_change(self._on_secret)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work())
            while True:
                self._look()
                await asyncio.sleep(PERIOD)

    def _look(self) -> None:
        if not self._turn.holds:
            self._begun.clear()
            self._queue.clear()
            return
        there = set()
        for provider in self._cluster.providers:
            if provider.type in self._kinds:
                there.add(provider.uid)
                if self._begun.get(provider.uid) != provider.generation:
                    self._begun[provider.uid] = provider.generation
                    self._queue.add(_name(provider), self._slack(provider))
        for gone in self._begun.keys() - there:
            self._tried.pop(gone, None)
            del self._begun[gone]

    def _slack(self, provider: Provider) -> float:
        verdict = self._contexts.standings[provider.uid].verdict
        return SLACK if verdict and verdict.generation == provider.generation else 0.0

    def _on_secret(self, provider: Provider) -> None:
        if self._turn.holds and provider.type in self._kinds:
            self._queue.add(_name(provider))

    def _doubt(self, path: str) -> None:
        namespace, _, name = path.partition("/")
        provider = self._cluster.providers.get(namespace, name)
        if provider is not None and self._turn.holds:
            wait = self._tried.get(provider.uid, 0.0) + GAP - self._cluster.clock()
            self._queue.add_after(_name(provider), max(0.0, wait))

    async def _work(self) -> None:
        while True:
            name = await self._queue.get()
            provider = self._cluster.providers.get(*name)
            wait: float | None = None
            try:
                if provider is not None and provider.type in self._kinds and self._turn.holds:
                    wait = await self._try(provider)
            finally:
                self._queue.done(name)
            if wait is not None:
                self._queue.add_after(name, wait)
            await asyncio.sleep(PACE)

    async def _try(self, provider: Provider) -> float | None:
        """Seconds until it is to be tried again by itself."""
        self._tried[provider.uid] = self._cluster.clock()
        error: IntegrationError | None = None
        try:
            async with asyncio.timeout(PATIENCE):
                await self._integration.check(await self._context(provider))
        except Throttled as throttled:
            return throttled.delay or AGAIN
        except IntegrationError as failed:
            error = failed
        except TimeoutError:
            error = TemporaryError("TimedOut", f"the credential could not be tried within {PATIENCE:.0f} s")
        except ApiError as failed:
            error = TemporaryError("Retrying", f"the API server did not answer: {failed.reason}")
        except Exception:
            logger.exception("bug in an integration", integration=self._integration.name, provider=provider.path)
            error = TemporaryError("InternalError", "a bug; the controller's log has the traceback", needs_help=True)
        if self._turn.holds:
            message = "the credential was tried" if self._tries else "there is nothing to try before a report"
            self._contexts.standings.tried(provider.uid, provider.generation, error, message)
        return AGAIN if error else None

    @property
    def _tries(self) -> bool:
        return type(self._integration).check is not Integration.check

    async def _context(self, provider: Provider) -> Context:
        """With the credential and the way out, and nothing that belongs to a run; nothing can be changed by it."""
        cluster, kind = self._cluster, self._kinds[provider.type]
        credential = await cluster.credentials.get(provider, kind)
        session = await cluster.clients.get(provider, credential.endpoint, identity(kind, credential))
        origins = frozenset({origin(credential.endpoint)} if credential.endpoint else ())

        def quota(scope: str, limits: Limits) -> Quota:
            return self._contexts.quotas.get(provider, scope, limits)

        return Context(
            http=Http(
                session,
                origins,
                timeout=cluster.timing.timeout,
                may_send=lambda: False,
                secrets=credential.secrets.values(),
            ),
            credential=credential,
            quota=quota,
            external_id="",
            search=False,
            attempt=_no_attempt,
            remember=_ignored,
            granted=_not_granted,
            exclusive=lambda _: _no_attempt(),
            newest=lambda _: False,
            siblings=_no_siblings,
            children=_no_children,
            excerpt=_no_excerpt,
            manifest=_no_manifest,
            details_url="",
            renew_credential=lambda: cluster.credentials.renew(provider),
            now=cluster.now,
        )


def _name(provider: Provider) -> Name:
    return provider.namespace, provider.name


@asynccontextmanager
async def _no_attempt(repeatable: bool = False) -> AsyncIterator[None]:
    raise RuntimeError("a trial of a credential changes nothing")
    yield


def _ignored(memory: Mapping[str, str]) -> None:
    """There is no record."""


async def _not_granted(target: Target) -> bool:
    return False


async def _no_siblings(key: str, value: str) -> list[Record]:
    return []


async def _no_children() -> list[Child]:
    return []


async def _no_excerpt(child: Child) -> Excerpt:
    return Excerpt(withheld="there is no run")


async def _no_manifest() -> Mapping[str, Any] | None:
    return None
