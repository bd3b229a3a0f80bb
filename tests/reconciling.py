"""A reconciler before an API server on loopback, an integration that notes what it was asked to show, and a clock that
the test sets: hours of waiting cost nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
import msgspec
from msgspec.structs import replace

from tekton_integrations import Context, PermanentError, ProviderType, Record, Result, Run, SecretSource, TemporaryError
from tekton_integrations.cluster import Cluster, Mandate, Timing
from tekton_integrations.integration import Delivery
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.lease import Lease
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.namespaces import Namespaces
from tekton_integrations.kube.recorder import EventRecorder
from tekton_integrations.kube.records import Records
from tekton_integrations.kube.runs import Runs
from tekton_integrations.kube.secrets import Credentials
from tekton_integrations.provider import Grant, Provider
from tekton_integrations.quota import Quota
from tekton_integrations.reconciler import Reconciler
from tekton_integrations.requests import Request, for_run, new_record
from tests.fakes.object_server import ObjectServer
from tests.kube.watched import no_authorization
from tests.runs import make_run
from tests.toy import Slack

CHANNEL = "slack.integrations.tekton.dev/channel"
NAMESPACE = "team-a"
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
    integration: Noting
    cluster: Cluster
    mandate: Mandate
    reconciler: Reconciler
    clock: list[float]
    run: Run = field(default_factory=lambda: make_run(annotations={CHANNEL: "C1"}))

    @classmethod
    @asynccontextmanager
    async def made(cls, integration: Noting) -> AsyncIterator[Self]:
        clock = [1_800_000_010.0]
        async with (
            ObjectServer.started() as server,
            KubeClient(ClusterConfig(server.url, None, no_authorization)) as client,
            aiohttp.ClientSession() as session,
        ):
            cluster = _cluster(client, session, clock)
            mandate = ForEver(Lease(client, "controller", "lease", "me"))
            world = cls(
                server=server,
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

    def provide(self, *, version: int = 1, **block: Any) -> None:
        """A Provider that grants everything, with these settings."""
        provider = Provider(
            namespace=NAMESPACE,
            name="slack",
            uid="provider",
            resource_version=str(version),
            generation=version,
            type="Slack",
            endpoint="",
            grants=(Grant(namespaces=("*",), targets=("*",)),),
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


def _cluster(client: KubeClient, session: aiohttp.ClientSession, clock: list[float]) -> Cluster:
    return Cluster(
        runs=Runs(client, 30.0),
        records=Records(client, 30.0),
        providers=Lister[Provider](),
        credentials=Credentials(client),
        namespaces=Namespaces(client),
        recorder=EventRecorder(client, "test"),
        session=session,
        shared_namespace="controller",
        holder="me",
        timing=Timing(),
        courtesy=Quota(20.0, 200.0),
        now=lambda: clock[0],
    )
