"""A reconciler before an API server on loopback, an integration that notes what it was asked to show, and a clock that
the test sets: hours of waiting cost nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from tekton_integrations import Context, PermanentError, ProviderType, Record, Result, Run, SecretSource, TemporaryError
from tekton_integrations.clients import Clients
from tekton_integrations.cluster import Cluster, Mandate, Timing, provider_lister
from tekton_integrations.excerpts import Excerpts
from tekton_integrations.integration import Delivery
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.lease import Lease
from tekton_integrations.kube.namespaces import Namespaces
from tekton_integrations.kube.recorder import EventRecorder
from tekton_integrations.kube.records import Records
from tekton_integrations.kube.runs import Runs
from tekton_integrations.kube.secrets import Credentials
from tekton_integrations.limits import Bucket, Limits
from tekton_integrations.provider import Grant, Provider
from tekton_integrations.quota import Quota
from tekton_integrations.reconciler import Reconciler
from tekton_integrations.requests import Request, for_run, new_record
from tekton_integrations.workqueue import Wait
from tests.fakes.object_server import ObjectServer
from tests.kube.watched import no_authorization
from tests.runs import make_run
from tests.toy import Slack

CHANNEL = "slack.integrations.tekton.dev/channel"
NAMESPACE = "team-a"
EVERYTHING = Grant(namespaces=("*",), targets=("*",))
RECORDS = f"/apis/integrations.tekton.dev/v1alpha1/namespaces/{NAMESPACE}/integrationstatuses"


class SlackSettings(msgspec.Struct, frozen=True, kw_only=True):
    token: SecretSource | None = None


class Noting(Slack):
    """`shown` has the channel, and the state or the milestone's key, of each call. Fails with `error`, if that is
    set; wants to look again after `again` seconds."""

    provider_types = (ProviderType(name="Slack", block="slack", settings=SlackSettings, endpoint="http://127.0.0.1"),)

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []
        self.sequence: list[int] = []
        self.again: float | None = None
        self.error: PermanentError | TemporaryError | None = None

    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        if self.error:
            raise self.error
        self.shown.append((options.channel, context.milestone.key if context.milestone else str(run.state)))
        if context.milestone:
            self.sequence.append(context.milestone.sequence)
        return Result(memory={"id": "1"}, requeue_after=self.again)


class NotingMilestones(Noting):
    delivery = Delivery.MILESTONES


class ForEver(Mandate):
    """A Lease that does not end."""

    @property
    def since(self) -> float:
        return 0.0

    def remaining(self) -> float:
        return 3600.0


@dataclass(kw_only=True, eq=False)
class World:
    """One run. `now` is in seconds since the epoch, and moves when the test says so."""

    server: ObjectServer
    client: KubeClient
    integration: Noting
    cluster: Cluster
    mandate: Mandate
    reconciler: Reconciler
    clock: list[float]
    run: Run = field(default_factory=lambda: make_run(annotations={CHANNEL: "C1"}))

    @classmethod
    @asynccontextmanager
    async def made(cls, integration: Noting, kind: type[ObjectServer] = ObjectServer) -> AsyncIterator[Self]:
        clock = [1_800_000_010.0]
        async with (
            kind.started() as server,
            KubeClient(ClusterConfig(server.url, None, no_authorization)) as client,
            Clients({}) as clients,
        ):
            cluster = _cluster(client, clients, clock)
            mandate = ForEver(Lease(client, "controller", "lease", "me"))
            world = cls(
                server=server,
                client=client,
                integration=integration,
                cluster=cluster,
                mandate=mandate,
                reconciler=Reconciler(integration, cluster, 0.0, mandate),
                clock=clock,
            )
            world.change()
            yield world

    @property
    def now(self) -> float:
        return self.clock[0]

    @property
    def request(self) -> Request:
        return for_run(self.run)[0]

    def change(self, **fields: Any) -> None:
        """The run changes, and the cache has it."""
        version = str(int(self.run.resource_version) + 1)
        self.run = replace(self.run, resource_version=version, **fields)
        self.cluster.runs.informers[self.run.kind].observe(self.run)

    def add(self, **fields: Any) -> Run:
        """Another run, in the cache."""
        other = replace(self.run, **fields)
        self.cluster.runs.informers[other.kind].observe(other)
        return other

    def delete(self, run: Run) -> None:
        """While nobody looked: what it was when it went is not known."""
        self.cluster.runs.informers[run.kind].lister.remove(run.namespace, run.name)

    async def show(self, run: Run) -> Wait | None:
        """Reconciles it once."""
        return await self.reconciler.reconcile(for_run(run)[0])

    def restart(self) -> None:
        """Another process takes over: it knows what is stored, and the run."""
        cluster = _cluster(self.client, self.cluster.clients, self.clock)
        for provider in self.cluster.providers:
            cluster.providers.put(provider)
        cluster.runs.informers[self.run.kind].observe(self.run)
        self.cluster = cluster
        self.mandate.fence = 1  # no record is in a cache
        self.reconciler = Reconciler(self.integration, cluster, 0.0, self.mandate)

    def provide(self, *, version: int = 1, grant: Grant = EVERYTHING, details_url: str = "", **block: Any) -> None:
        """A Provider with these settings."""
        provider = Provider(
            namespace=self.cluster.shared_namespace,
            name="slack",
            uid="provider",
            resource_version=str(version),
            generation=version,
            type="Slack",
            endpoint="",
            grants=(grant,),
            details_url=details_url,
            spec={"slack": block},
        )
        self.cluster.providers.put(provider)

    async def store(self, **fields: Any) -> Record:
        """Its record, as written earlier."""
        return await self.cluster.records.write(replace(new_record(self.request, self.run), **fields))

    async def record(self) -> Record:
        """As it is at the API server."""
        found = await self.cluster.records.find(self.request)
        assert found is not None
        return found

    async def looks(self, seconds: float, limit: int = 100) -> int:
        """How often it is reconciled in this time, each time when it was asked for; `limit` at most."""
        end, count = self.now + seconds, 0
        while self.now <= end and count < limit:
            wait = await self.reconciler.reconcile(self.request)
            count += 1
            self.clock[0] = end + 1 if wait is None else self.now + wait.seconds
        return count

    @property
    def writes(self) -> int:
        return self.server.count("POST", "PUT", part="/integrationstatuses")


def _cluster(client: KubeClient, clients: Clients, clock: list[float]) -> Cluster:
    return Cluster(
        runs=Runs(client, 30.0),
        records=Records(client, 30.0),
        providers=provider_lister(),
        credentials=Credentials(client),
        namespaces=Namespaces(client),
        recorder=EventRecorder(client, "test"),
        clients=clients,
        excerpts=Excerpts(client),
        shared_namespace="controller",
        holder="me",
        timing=Timing(),
        courtesy=Quota(Limits(buckets=(Bucket(rate=20.0, burst=200.0),))),
        now=lambda: clock[0],
    )
