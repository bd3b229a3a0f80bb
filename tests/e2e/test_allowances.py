"""What was learnt about a service's limits, in the Provider's status on a real API server."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from hack.testbed import TestBed
from hack.testbed.api import going_on, polled
from tekton_integrations import Bucket, Cost, Limits, Quota
from tekton_integrations.allowance import Allowance
from tekton_integrations.allowances import Allowances
from tekton_integrations.kube.allowances import ProviderStatus
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.config import load
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.source import Source
from tekton_integrations.provider import Provider, decode_provider
from tekton_integrations.quotas import Quotas
from tekton_integrations.record import API_VERSION

LIMITS = Limits(buckets=(Bucket(rate=10, burst=300),))


class Turn:
    holds = True

    async def _unasked(self) -> None:
        """Replaced by who is served."""

    def __init__(self) -> None:
        self.prepare: Callable[[], Awaitable[None]] = self._unasked


class World:
    """One Provider, and a process that may be in charge of it."""

    def __init__(self, bed: TestBed, client: KubeClient, path: str) -> None:
        self.bed = bed
        self.path = path
        self.status = ProviderStatus(client)
        self.providers: Lister[Provider] = Lister()
        source = Source("Provider", collection(API_VERSION, "providers"), decode_provider, 30.0)
        self.informer: Informer[Provider] = Informer(client, source, self.providers)
        self.turn = Turn()
        self.quotas = Quotas()
        self.allowances = Allowances(client, self.providers)
        self.allowances.serves(["Slack"], self.turn, self.quotas)

    async def provider(self) -> Provider:
        [found] = [each for each in await self.status.read() if self.path.endswith(f"/{each.name}")]
        return found

    async def quota(self, scope: str = "acme") -> Quota:
        return self.quotas.get(await self.provider(), scope, LIMITS)

    async def written_by_another(self, *allowances: Allowance) -> Provider:
        """As it was before."""
        before = await self.provider()
        await self.status.write(before, before.resource_version, allowances)
        return before

    async def stored(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.bed.request("GET", self.path)).get("status", {})
        return found

    async def known(self, scope: str = "acme", field: str = "blockedUntil") -> Any:
        """What stands there, once it does."""

        async def probe() -> Any:
            found = [each for each in (await self.stored()).get("allowances", []) if each["scope"] == scope]
            return found[0].get(field) if found else None

        return await polled(probe, 5)

    def writes(self) -> int:
        entries = self.bed.audit(verbs=["patch"], resource="providers")
        ours = [each for each in entries if each["objectRef"].get("name") == self.path.rpartition("/")[2]]
        return len([each for each in ours if each["responseStatus"]["code"] == 200])


@pytest.fixture
async def world(bed: TestBed, namespace: str) -> AsyncIterator[World]:
    body = {"apiVersion": API_VERSION, "kind": "Provider", "metadata": {"generateName": "slack-"}}
    path = collection(API_VERSION, "providers", namespace)
    made = await bed.request("POST", path, body | {"spec": {"type": "Slack"}})
    async with KubeClient(await load(str(bed.admin_kubeconfig))) as client:
        world = World(bed, client, f"{path}/{made['metadata']['name']}")
        async with going_on(world.informer.run(), "it ended"):
            await asyncio.wait_for(world.informer.synced.wait(), 5)
            yield world


async def test_a_block_stands_in_the_status_within_moments_and_people_can_see_it(world: World) -> None:
    async with going_on(world.allowances.run(), "it ended"):
        quota = await world.quota()
        begin = time.monotonic()
        quota.penalise(600)
        until = await world.known()
        assert time.monotonic() - begin < 3
    assert await world.known(field="writesPerSecond") == 1
    namespace = world.path.split("/")[5]
    titles, row = (await world.bed.kubectl("get", "providers.integrations.tekton.dev", "-n", namespace)).splitlines()
    assert titles.split() == ["NAME", "TYPE", "READY", "ENDPOINT", "BLOCKED-UNTIL", "AGE"]
    assert until in row


async def test_what_can_wait_is_written_once_a_minute(world: World) -> None:
    async with going_on(world.allowances.run(), "it ended"):
        quota = await world.quota()
        quota.learn(limit=5000, remaining=4999, reset_in=3600)
        quota.news()
        await world.known(field="remaining")
        for number in range(20):
            quota.learn(limit=5000, remaining=4000 - 100 * number, reset_in=3600)
            quota.news()
            await world.stored()
        quota.block(60)  # what can't wait takes the rest along
        await world.known()
    assert await world.known(field="remaining") == 2100
    assert world.writes() == 2


async def test_many_refusals_are_few_writes(world: World) -> None:
    async with going_on(world.allowances.run(), "it ended"):
        quota = await world.quota()
        for number in range(50):
            quota.block(10 + number)
            await world.stored()
        await world.known()
    assert world.writes() <= 3


async def test_nothing_is_written_where_somebody_else_is_in_charge(world: World) -> None:
    world.turn.holds = False
    async with going_on(world.allowances.run(), "it ended"):
        (await world.quota()).block(600)
        for _ in range(20):
            assert await world.stored() == {}


async def test_who_lost_the_lease_unawares_does_not_overwrite_the_next_one_s_word(world: World) -> None:
    before = await world.written_by_another(Allowance(scope="acme", blocked_until=time.time() + 600))
    with pytest.raises(ApiError) as caught:
        await world.status.write(before, before.resource_version, [])
    assert caught.value.status == 409
    assert await world.known()


async def test_a_provider_that_is_edited_meanwhile_is_written_all_the_same(world: World) -> None:
    async with going_on(world.allowances.run(), "it ended"):
        quota = await world.quota()
        edited = world.bed.api.patch(world.path, {"spec": {"grants": []}}, "merge")
        quota.block(600)
        await edited
        await world.known()


async def test_who_takes_over_knows_what_no_cache_has_seen_yet(world: World) -> None:
    (await world.quota()).block(3600)  # of an earlier term of ours
    await world.written_by_another(Allowance(scope="other", blocked_until=time.time() + 600))
    await world.turn.prepare()
    assert (await world.quota("other")).until(Cost()) == pytest.approx(600, abs=5)
    assert (await world.quota("acme")).until(Cost()) == 0


async def test_at_the_farewell_all_is_told(world: World) -> None:
    quota = await world.quota()
    quota.learn(limit=5000, remaining=17, reset_in=3600)
    await world.allowances.farewell(world.turn)
    assert await world.known(field="remaining") == 17


async def test_a_write_of_the_status_changes_neither_the_generation_nor_the_settings(world: World) -> None:
    before = await world.written_by_another(Allowance(scope="acme", limit=5000, remaining=1))
    after = await world.provider()
    assert after.allowances == (Allowance(scope="acme", limit=5000, remaining=1),)
    assert after.same_spec(before)
    assert after.resource_version != before.resource_version
