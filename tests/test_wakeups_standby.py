"""A process that does not hold the Lease remembers nothing for ever: neither runs nor records that were collected."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from hack.testbed.api import polled
from tekton_integrations.kube.claims import Claim
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.records_json import to_object
from tekton_integrations.kube.secret_watches import SecretWatches
from tekton_integrations.kube.source import Source
from tekton_integrations.plan import plan
from tekton_integrations.provider import Provider
from tekton_integrations.record import Condition, record_name
from tekton_integrations.registry import CORE
from tekton_integrations.requests import for_run, new_record, work
from tekton_integrations.run import Run
from tekton_integrations.serving import Serving
from tekton_integrations.unserved import Unserved
from tekton_integrations.wakeups import WakeUps
from tests.kube.watched import no_authorization
from tests.reconciling import CHANNEL, NAMESPACE, RECORDS, Noting, World
from tests.runs import make_run

RUNS = f"/apis/tekton.dev/v1/namespaces/{NAMESPACE}/pipelineruns"
COUNT = 50
UNUSED: Source[Any] = Source("Unused", "/unused", lambda raw: raw, 30.0)


def run_object(name: str) -> dict[str, Any]:
    metadata = {"uid": f"uid-{name}", "creationTimestamp": "2027-01-15T08:00:00Z", "annotations": {CHANNEL: "C1"}}
    return {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": metadata, "spec": {}}


def run_named(name: str) -> Run:
    return make_run(name=name, uid=f"uid-{name}", annotations={CHANNEL: "C1"})


@pytest.fixture
async def standby() -> AsyncIterator[World]:
    """It watches, and nobody reports."""
    async with World.made(Noting()) as world, watching(world):
        yield world


@asynccontextmanager
async def watching(world: World) -> AsyncIterator[None]:
    cluster, name = world.cluster, world.integration.name
    servings = {
        name: Serving(name, world.reconciler, world.mandate, cluster, 1),
        CORE: Serving(
            CORE, Unserved(cluster, lambda: frozenset({name}), 0.0, world.mandate), world.mandate, cluster, 1
        ),
    }
    async with KubeClient(ClusterConfig(world.server.url, None, no_authorization)) as client:
        wakeups = WakeUps(cluster, servings, [world.integration], 0.0)
        secrets = SecretWatches(client, 30.0, wakeups.on_secret)
        providers = Informer(client, UNUSED, Lister[Provider]())
        wakeups.connect([providers], Informer(client, UNUSED, Lister[Claim]()), secrets)
        informers: list[Informer[Any]] = [cluster.records.informer, cluster.runs.informers["PipelineRun"]]
        tasks = [asyncio.create_task(informer.run()) for informer in informers]
        try:
            for informer in informers:
                await asyncio.wait_for(informer.synced.wait(), 5)
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def path_of_record(name: str) -> str:
    return f"{RECORDS}/{record_name(name, f'uid-{name}', 'slack')}"


async def reported(world: World, *names: str, settled: bool) -> None:
    """Runs that another process reports; returns when we have seen what it wrote."""
    for name in names:
        run = run_named(name)
        world.server.put(f"{RUNS}/{name}", run_object(name))
        status = "True" if settled else "Unknown"
        condition = Condition(status=status, reason="Any", last_transition=1.0)
        [request] = for_run(run)
        record = replace(new_record(request, run), condition=condition, owned=settled, memory={"id": name})
        world.server.put(path_of_record(name), to_object(record))

    async def seen() -> bool:
        records, runs = world.cluster.records, world.cluster.runs
        keys = [(NAMESPACE, path_of_record(name).rpartition("/")[2]) for name in names]
        known = [records.has_settled(*key) if settled else records.get(*key) is not None for key in keys]
        return all(known) and all(runs.get("PipelineRun", NAMESPACE, name) for name in names)

    await polled(seen, 5)


def remembered(world: World, name: str) -> bool:
    return bool(world.cluster.records.of_run(f"uid-{name}"))


async def quiet(world: World) -> None:
    """Returns when what was deleted before has been seen."""
    await reported(world, "last", settled=False)


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("run_first", [True, False])
async def test_nothing_is_remembered_of_records_that_are_collected_with_their_runs(
    standby: World, settled: bool, run_first: bool
) -> None:
    names = [f"run-{number}" for number in range(COUNT)]
    await reported(standby, *names, settled=settled)
    for name in names:
        paths = [f"{RUNS}/{name}", path_of_record(name)]
        for path in paths if run_first else reversed(paths):
            standby.server.remove(path)
    await quiet(standby)
    assert [name for name in names if remembered(standby, name)] == []


async def test_what_a_record_knew_is_kept_while_its_run_is_there(standby: World) -> None:
    await reported(standby, "kept", settled=False)
    standby.server.remove(path_of_record("kept"))
    await quiet(standby)
    assert remembered(standby, "kept")
    standby.server.remove(f"{RUNS}/kept")
    await reported(standby, "later", settled=False)
    assert not remembered(standby, "kept")


def ended_object(name: str, channel: str = "C1") -> dict[str, Any]:
    known = run_object(name)
    condition = {"type": "Succeeded", "status": "True", "reason": "Succeeded"}
    ended = {"conditions": [condition], "startTime": "2027-01-15T08:00:01Z", "completionTime": "2027-01-15T08:00:09Z"}
    return {**known, "metadata": {**known["metadata"], "annotations": {CHANNEL: channel}}, "status": ended}


async def shown(world: World, name: str) -> None:
    """A run whose end another process has shown; returns when we know that nothing is left to do."""
    runs = world.cluster.runs
    await reported(world, name, settled=False)
    world.server.put(f"{RUNS}/{name}", ended_object(name))

    def cached() -> Run | None:
        return runs.get("PipelineRun", NAMESPACE, name)

    async def ended() -> Run | None:
        return run if (run := cached()) is not None and run.final else None

    async def dropped() -> bool:
        return cached() is None

    run = await polled(ended, 5)
    [(request, wanted)] = work(run).items()
    digest = plan(world.integration, run, wanted).digest
    condition = Condition(status="True", reason="Reported", last_transition=1.0)
    record = replace(new_record(request, run), condition=condition, owned=True, input_digest=digest)
    world.server.put(path_of_record(name), to_object(record))
    await polled(dropped, 5)


@pytest.mark.parametrize("run_first", [True, False])
async def test_a_run_whose_record_was_collected_with_it_is_not_reported_again_by_whoever_takes_over(
    standby: World, run_first: bool
) -> None:
    await shown(standby, "done")
    paths = [f"{RUNS}/done", path_of_record("done")]
    for path in paths if run_first else reversed(paths):
        standby.server.remove(path)
        await reported(standby, f"after-{len(path)}", settled=False)
    assert standby.cluster.runs.last("uid-done") is None
    assert not remembered(standby, "done")


async def test_a_run_that_asks_for_something_else_since_its_record_was_deleted_is_still_to_be_shown(
    standby: World,
) -> None:
    await shown(standby, "moved")
    standby.server.remove(path_of_record("moved"))
    await reported(standby, "first", settled=False)
    standby.server.put(f"{RUNS}/moved", ended_object("moved", channel="C2"))
    await reported(standby, "second", settled=False)
    standby.server.remove(f"{RUNS}/moved")
    await reported(standby, "third", settled=False)
    assert standby.cluster.runs.last("uid-moved") is not None
