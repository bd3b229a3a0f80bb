"""What one tenant can make, delete or name must not stop the reports of all others, nor the controller's end."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from hack.controller import NAMESPACE, Controller
from hack.testbed import TestBed
from hack.testbed.api import polled
from tekton_integrations.kube.children import PATIENCE
from tests.e2e import people
from tests.e2e.kinds import PARENT, Made, Wanted
from tests.e2e.replicas import LEASES
from tests.e2e.stage import CUSTOM_RUNS, GROUP, USER, Stage, condition
from tests.fakes.cuts import Cuts

DONE = ("completed", "success")
INTEGRATION = f"{GROUP}/namespaces/{NAMESPACE}/integrations/github"
# Longer than the time between two looks at who holds the Lease.
ABSENCE = 12
# A version of no API: the garbage collector leaves the child alone.
NOBODY = {"apiVersion": "tekton.dev/v9", "kind": "PipelineRun", "name": "gone", "uid": "0" * 36}


async def until_done(stage: Stage, *names: str, seconds: float = 30) -> None:
    """Returns when the checks of these TaskRuns, and no others, are shown as succeeded."""

    async def probe() -> bool:
        found = {check.name: (check.status, check.conclusion) for check in stage.checks()}
        return found == {f"Tekton / {name}": DONE for name in names}

    await polled(probe, seconds)


async def ended(stage: Stage, wanted: Wanted) -> Made:
    run = await Made.create(stage.bed, wanted)
    await run.says("True", "Succeeded")
    return run


@asynccontextmanager
async def deep_run(bed: TestBed, namespace: str, depth: int) -> AsyncIterator[None]:
    """A CustomRun whose customSpec is nested so deeply. Sent as text, since Python's JSON goes less deep."""
    path = CUSTOM_RUNS.replace("/customruns", f"/namespaces/{namespace}/customruns")
    nested = "[" * depth + "]" * depth
    body = (
        '{"apiVersion":"tekton.dev/v1beta1","kind":"CustomRun","metadata":{"name":"deep"},"spec":'
        f'{{"customSpec":{{"apiVersion":"test/v1","kind":"Test","spec":{{"x":{nested}}}}}}}}}'
    )
    headers = {"Content-Type": "application/json"}
    async with bed.api.session.post(f"{bed.url}{path}", data=body, headers=headers) as answer:
        assert answer.status == 201, (await answer.text())[:300]
    try:
        yield
    finally:  # nobody who reads it later is to stumble over it
        async with bed.api.session.delete(f"{bed.url}{path}/deep") as answer:
            assert answer.status == 200


@pytest.mark.parametrize("depth", [3000, 9000])
async def test_a_run_that_is_nested_very_deeply_stops_nobody(
    stage: Stage, controller: Controller, namespace: str, depth: int
) -> None:
    async with deep_run(stage.bed, namespace, depth):
        for kind, name in (("CustomRun", "custom"), ("TaskRun", "unit")):
            await ended(stage, Wanted(namespace=namespace, kind=kind, name=name))
        await until_done(stage, "custom", "unit")
        controller.child.check()
    async with stage.controller():  # one that meets it in its first list
        await ended(stage, Wanted(namespace=namespace, name="late"))
        await until_done(stage, "custom", "unit", "late")


async def test_a_forged_owner_or_label_is_no_call_of_its_own_and_holds_up_no_other_child(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    owners = {"query": "?watch=true", "limit": "?limit=3", "path": "../../../../../../api/v1/namespaces", "up": ".."}
    began = time.monotonic()
    for name, owner in owners.items():
        forged = NOBODY | {"name": owner}
        await ended(stage, Wanted(namespace=namespace, name=name, labels={PARENT: "gone"}, owner=forged))
    await ended(stage, Wanted(namespace=namespace, name="label", labels={PARENT: ""}))
    await ended(stage, Wanted(namespace=namespace, name="plain", labels={PARENT: "gone"}, owner=NOBODY))
    await until_done(stage, *owners, "label", "plain", seconds=40)
    assert PATIENCE < time.monotonic() - began < PATIENCE + 8
    calls = [entry["requestURI"] for entry in stage.bed.audit(user=USER)]
    runs = [uri for uri in calls if f"/namespaces/{namespace}/" in uri and "runs" in uri]
    assert any(uri.endswith("/pipelineruns/gone") for uri in runs)
    odd = [uri for uri in runs if "watch=true" in uri or "limit=3" in uri or ".." in uri or uri.endswith("/")]
    assert odd == []
    assert [uri for uri in calls if uri.split("?")[0] == "/api/v1/namespaces"] == []


async def test_an_integration_that_is_deleted_comes_back_and_nobody_is_told_that_it_is_missing(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await ended(stage, Wanted(namespace=namespace, name="before"))
    await until_done(stage, "before")
    former = (await stage.bed.request("GET", INTEGRATION))["metadata"]["uid"]
    await stage.bed.request("DELETE", INTEGRATION)
    remade = await until_published(stage, lambda found: found["metadata"]["uid"] != former, seconds=5)
    await until_published(stage, lambda found: bool(found["status"].get("holder")), seconds=5)
    assert remade["metadata"]["name"] == "github"
    await ended(stage, Wanted(namespace=namespace, name="after"))
    await until_done(stage, "before", "after")

    async def reported() -> bool:
        return all(condition(record)["reason"] == "Reported" for record in await stage.records(namespace))

    await polled(reported)
    assert await stage.events(namespace, "Warning") == []


async def test_who_holds_the_lease_again_says_so(stage: Stage, controller: Controller) -> None:
    await controller.in_charge("github")
    await stage.bed.request("DELETE", INTEGRATION)  # what is made anew is told at once
    before = await until_published(stage, lambda found: bool(found["status"].get("holder")))
    spec = {"holderIdentity": "another", "leaseDurationSeconds": ABSENCE}
    await stage.bed.api.patch(f"{LEASES}/tekton-integrations-github", {"spec": spec}, "merge")
    await people.controller(stage.bed).request("PATCH", INTEGRATION, {"status": {"holder": "another"}})
    holder = before["status"]["holder"]
    await until_published(stage, lambda found: found["status"]["holder"] == holder, seconds=ABSENCE + 15)


async def until_published(stage: Stage, holds: Any, seconds: float = 30) -> dict[str, Any]:
    async def probe() -> dict[str, Any] | None:
        answer = await stage.bed.request("GET", INTEGRATION.rpartition("/")[0])
        found = [item for item in answer["items"] if item["metadata"]["name"] == "github" and holds(item)]
        return found[0] if found else None

    return await polled(probe, seconds)


async def test_sigterm_is_heeded_while_the_api_server_answers_nothing(stage: Stage) -> None:
    bed = stage.bed
    async with Cuts.before(bed.host, bed.port) as cuts:
        way = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(cuts.port)}
        pod = replace(stage.pod, environment={**stage.pod.environment, **way})
        async with Controller.started(pod, stage.log) as controller:
            await controller.in_charge("github")
            cuts.part()
            controller.child.send(signal.SIGTERM)
            await asyncio.wait_for(controller.child.wait(), 25)
