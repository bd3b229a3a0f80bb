"""Who may do what to records and Integrations, and that cleaning up goes on. No controller runs here."""

import asyncio

import pytest

from hack.controller import NAMESPACE
from hack.player import Player
from hack.testbed import ApiError, TestBed
from hack.testbed.api import polled
from tests.e2e import people
from tests.e2e.people import Object, Person
from tests.e2e.stage import GROUP, USER, run_path

UID = "5e0f6c1e-0000-4000-8000-000000000001"
POLICY = "only the tekton-integrations controller {} IntegrationStatus and Integration objects"


async def recorded(bed: TestBed, namespace: str, run: str = "demo", uid: str = UID, *, owned: bool = False) -> str:
    """The path of a record that the controller's account made."""
    body = people.record_of(run, uid)
    if owned:
        body["metadata"]["ownerReferences"] = [body["spec"]["runRef"]]
    await people.controller(bed).request("POST", people.records_path(namespace), body)
    return people.record_path(namespace, run, uid)


async def is_refused_each_write(person: Person, path: str, new: Object) -> list[str]:
    """What the API server says to each."""
    collection = path.rpartition("/")[0]
    found = await person.request("GET", path)
    return [
        await person.refused("POST", collection, new),
        await person.refused("PUT", path, found | {"metadata": found["metadata"] | {"labels": {"a": "b"}}}),
        await person.refused("PATCH", path, {"status": {"version": "v9"}}),
        await person.refused("DELETE", path),
        await person.refused("DELETE", collection),
    ]


async def test_an_admin_of_a_namespace_reads_records_and_no_more(bed: TestBed, namespace: str) -> None:
    path = await recorded(bed, namespace)
    await people.aggregate_admin(bed)
    tenant = await people.bound(bed, "tina", "admin", namespace)
    assert (await tenant.request("GET", path))["spec"]["integration"] == "github"
    said = await is_refused_each_write(tenant, path, people.record_of("forged", UID))
    assert all('User "tina" cannot' in message for message in said)  # by RBAC already


@pytest.mark.parametrize("plural", ["integrationstatuses", "integrations"])
async def test_not_even_all_rights_in_a_namespace_let_one_write_records_or_integrations(
    bed: TestBed, namespace: str, plural: str
) -> None:
    tenant = await people.bound(bed, "tina", "cluster-admin", namespace)
    collection = f"{GROUP}/namespaces/{namespace}/{plural}"
    old, new = people.record_of("demo", UID), people.record_of("forged", UID)
    if plural == "integrations":
        old, new = people.integration("github"), people.integration("forged")
        await people.bound(bed, USER, "cluster-admin", namespace)  # it has no rights to these outside its own
    await people.controller(bed).request("POST", collection, old)
    said = await is_refused_each_write(tenant, f"{collection}/{old['metadata']['name']}", new)
    wanted = [POLICY.format(verb) for verb in ("makes", "changes", "changes", "deletes", "deletes")]
    assert [message.partition("denied request: ")[2] for message in said] == wanted


async def test_every_account_of_the_controllers_namespace_may_write_and_its_namesake_elsewhere_may_not(
    bed: TestBed, namespace: str
) -> None:
    second = await people.bound(bed, f"system:serviceaccount:{NAMESPACE}:slack", "cluster-admin", namespace)
    stranger = await people.bound(bed, f"system:serviceaccount:{NAMESPACE}-2:slack", "cluster-admin", namespace)
    collection, record = people.records_path(namespace), people.record_of("demo", UID)
    message = await stranger.refused("POST", collection, record)
    assert POLICY.format("makes") in message
    await second.request("POST", collection, record)
    path = people.record_path(namespace, "demo", UID)
    await second.request("PATCH", path, {"status": {"version": "v1"}})
    await second.request("DELETE", path)


async def test_an_administrator_may_break_the_glass_but_not_edit(bed: TestBed, namespace: str) -> None:
    path = await recorded(bed, namespace)
    root = await people.administrator(bed)
    assert POLICY.format("changes") in await root.refused("PATCH", path, {"status": {"version": "v9"}})
    assert POLICY.format("makes") in await root.refused(
        "POST", people.records_path(namespace), people.record_of("forged", UID)
    )
    await root.request("DELETE", path)


async def gone(bed: TestBed, path: str, seconds: float = 60) -> None:
    async def probe() -> bool:
        try:
            await bed.request("GET", path)
        except ApiError as error:
            return error.status == 404
        return False

    await polled(probe, seconds)


async def run_with_a_record(bed: TestBed, namespace: str) -> str:
    """The path of the record of the finished run `success`, which owns it."""
    async with Player.connected(bed.admin_kubeconfig) as player:
        uid = await player.play("success", namespace=namespace, events=False)
    return await recorded(bed, namespace, "success", uid, owned=True)


async def test_garbage_collection_takes_the_records_of_runs_that_are_gone(bed: TestBed, namespace: str) -> None:
    path = await run_with_a_record(bed, namespace)
    await bed.request("DELETE", run_path(namespace, "success"))
    await gone(bed, path)
    entries = bed.audit(user="system:serviceaccount:kube-system:generic-garbage-collector", verbs=["delete"])
    assert [e["responseStatus"]["code"] for e in entries if e["requestURI"].startswith(path)] == [200]


async def test_a_run_that_is_deleted_without_its_dependents_is_not_held_up(bed: TestBed, namespace: str) -> None:
    path = await run_with_a_record(bed, namespace)
    await bed.request("DELETE", run_path(namespace, "success"), {"propagationPolicy": "Orphan"})
    await gone(bed, run_path(namespace, "success"))
    assert "ownerReferences" not in (await bed.request("GET", path))["metadata"]


async def test_deleting_a_namespace_takes_its_records(bed: TestBed, namespace: str) -> None:
    await asyncio.gather(*(recorded(bed, namespace, f"run-{n}") for n in range(3)))
    await bed.request("DELETE", f"/api/v1/namespaces/{namespace}")
    await gone(bed, f"/api/v1/namespaces/{namespace}")
