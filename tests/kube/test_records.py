"""The cache of records: what somebody deleted too early is remembered until it is there again, or of no use."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from hack.testbed.api import polled
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.records import Records
from tekton_integrations.kube.records_json import to_object
from tekton_integrations.record import Attempt, Condition, Record
from tekton_integrations.requests import Request, for_record, new_record
from tests.fakes.object_server import ObjectServer
from tests.kube.watched import no_authorization
from tests.reconciling import RECORDS
from tests.runs import make_run

REQUEST = Request("slack", "", "PipelineRun", "team-a", "build-1", "uid-1")
OPEN = replace(
    new_record(REQUEST, make_run()),
    condition=Condition(status="Unknown", reason="InProgress", last_transition=1.0),
    memory={"id": "old"},
)
REPORTED = Condition(status="True", reason="Reported", last_transition=2.0)


@dataclass
class Cluster:
    """Where somebody else writes and deletes records."""

    server: ObjectServer
    records: Records

    def write(self, record: Record, **metadata: Any) -> None:
        body = to_object(record)
        self.server.put(f"{RECORDS}/{record.name}", body | {"metadata": body["metadata"] | metadata})

    def delete(self, record: Record) -> None:
        self.server.remove(f"{RECORDS}/{record.name}")

    async def found(self) -> Record:
        """By whoever takes over now, and believes no cache."""
        record = await self.records.find(REQUEST, fence=self.server.version)
        assert record is not None
        return record

    async def lost(self) -> None:
        async def probe() -> bool:
            known = self.records.get(OPEN.namespace, OPEN.name)
            return known is not None and known.lost

        await polled(probe, 5)


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with (
        ObjectServer.started() as server,
        KubeClient(ClusterConfig(server.url, None, no_authorization)) as client,
    ):
        records = Records(client, 30.0)
        cluster = Cluster(server, records)
        cluster.write(OPEN)
        task = asyncio.create_task(records.informer.run())
        try:
            await asyncio.wait_for(records.informer.synced.wait(), 5)
            yield cluster
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_what_somebody_deleted_is_remembered(cluster: Cluster) -> None:
    cluster.delete(OPEN)
    await cluster.lost()
    assert (await cluster.found()).memory == {"id": "old"}


async def test_so_is_what_was_announced_when_nothing_else_was_known_yet(cluster: Cluster) -> None:
    """Its condition has no time, as in records of somebody who wrote no status."""
    attempt = Attempt(id="1a", holder="me", started=1.0, deadline=31.0)
    cluster.write(replace(OPEN, condition=Condition(status="Unknown", reason="InProgress"), intent=attempt))
    cluster.delete(OPEN)

    async def gone() -> bool:
        known = cluster.records.get(OPEN.namespace, OPEN.name)
        return known is not None and not known.resource_version

    await polled(gone, 5)
    assert (await cluster.found()).intent == attempt


@pytest.mark.parametrize("settled", [True, False])
async def test_what_is_remembered_of_a_lost_record_does_not_hide_its_successor(cluster: Cluster, settled: bool) -> None:
    cluster.delete(OPEN)
    await cluster.lost()
    after = replace(OPEN, memory={"id": "new"}, input_digest="d")
    after = replace(after, condition=REPORTED, owned=True) if settled else after
    cluster.write(after)

    async def seen() -> bool:
        known = cluster.records.get(OPEN.namespace, OPEN.name)
        return (
            cluster.records.has_settled(OPEN.namespace, OPEN.name) if settled else known is not None and not known.lost
        )

    await polled(seen, 5)
    record = await cluster.found()
    assert (record.memory, record.lost) == ({"id": "new"}, False)
    assert len(cluster.records.of_run("uid-1")) == (0 if settled else 1)


async def test_a_successor_that_is_deleted_too_is_what_is_remembered(cluster: Cluster) -> None:
    for memory in ({"id": "second"}, {"id": "third"}):
        cluster.delete(OPEN)
        await cluster.lost()
        cluster.write(replace(OPEN, memory=memory))

        async def back(memory: dict[str, str] = memory) -> bool:
            known = cluster.records.get(OPEN.namespace, OPEN.name)
            return known is not None and not known.lost and known.memory == memory

        await polled(back, 5)
    cluster.delete(OPEN)
    await cluster.lost()
    assert (await cluster.found()).memory == {"id": "third"}
    assert for_record(await cluster.found()) == REQUEST


async def test_a_watch_that_is_slower_than_our_writes_tells_of_nobody_else(cluster: Cluster) -> None:
    """A record that is settled is no longer in the cache, which would know that its former states are old."""
    heard: list[tuple[str, str]] = []
    cluster.records.on_foreign_change(lambda _, now: heard.append((now.name, now.input_digest) if now else ("", "")))
    known = cluster.records.get(OPEN.namespace, OPEN.name)
    assert known is not None
    with cluster.server.slow():
        announced = await cluster.records.write(replace(known, attempts=1))
        await cluster.records.write(replace(announced, input_digest="d", condition=REPORTED, owned=True))
    cluster.write(replace(OPEN, name="another"))  # so that all before it has been heard

    async def told() -> bool:
        return bool(heard) and heard[-1][0] == "another"

    await polled(told, 5)
    assert heard == [("another", "")]
    assert cluster.records.has_settled(OPEN.namespace, OPEN.name)


async def test_an_open_record_is_nobody_s_business_whatever_it_says(cluster: Cluster) -> None:
    """Also one that is forged as an integration's would be, where no policy keeps that out."""
    heard: list[Record] = []
    cluster.records.on_foreign_change(lambda before, now: heard.extend(each for each in (before, now) if each))
    theirs = replace(OPEN, integration="scan.example.com", name="build-1-scan.example.com")
    cluster.write(theirs)
    cluster.write(replace(theirs, condition=REPORTED, owned=True))
    cluster.delete(theirs)
    cluster.delete(OPEN)
    await cluster.lost()
    assert {each.integration for each in heard} == {"slack"}
    assert cluster.records.get(theirs.namespace, theirs.name) is None
    assert not cluster.records.has_settled(theirs.namespace, theirs.name)
    assert [each.name for each in cluster.records.of_run("uid-1")] == [OPEN.name]
