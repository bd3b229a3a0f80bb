"""Open records on a real API server: who may keep one, that it can't be taken for an integration's, and that the
controller looks at none."""

import asyncio
import copy
from typing import Any

from hack.player import Player
from hack.testbed import TestBed
from tests.e2e import people
from tests.e2e.people import Object, Person
from tests.e2e.stage import Stage, run_path
from tests.e2e.test_protection import gone
from tests.e2e.test_run_command import run

ROLE = "tekton-integrations-record"
UID = "5e0f6c1e-0000-4000-8000-000000000001"
NAME = "success-scan.example.com"


async def scanner(bed: TestBed, namespace: str, name: str = "scanner") -> Person:
    """A ServiceAccount with the role in this namespace."""
    await bed.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}})
    return await people.bound(bed, f"system:serviceaccount:{namespace}:{name}", ROLE, namespace)


async def pod(bed: TestBed, namespace: str, name: str = "scanner") -> dict[str, str]:
    """What the command finds in a pod of that account."""
    folder = await bed.service_account_directory(namespace, name)
    return {**bed.service_environment, "TEKTON_INTEGRATIONS_SERVICE_ACCOUNT": str(folder)}


def open_record(uid: str = UID, integration: str = "scan.example.com", run: str = "demo") -> Object:
    ref = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": run, "uid": uid}
    return {
        "apiVersion": "integrations.tekton.dev/v1alpha1",
        "kind": "IntegrationStatus",
        "metadata": {
            "name": f"{run}-{integration}",
            "labels": {"integrations.tekton.dev/integration": integration, "tekton.dev/pipelineRun": run},
            "ownerReferences": [ref],
        },
        "spec": {"runRef": dict(ref), "integration": integration},
        "status": {"name": integration, "conditions": [{"type": "Succeeded", "status": "True"}]},
    }


async def test_a_task_says_something_of_its_run_which_one_can_wait_for_and_which_goes_with_the_run(
    bed: TestBed, namespace: str
) -> None:
    await scanner(bed, namespace)
    async with Player.connected(bed.admin_kubeconfig) as player:
        await player.play("success", namespace=namespace, events=False)
    environment = await pod(bed, namespace)
    said = await run("record", "success", "--integration", "scan.example.com", environment=environment)
    assert said == (0, f"integrationstatus/{NAME}\n")
    kubeconfig = await bed.service_account_kubeconfig(namespace, "scanner")
    more = ("--status", "True", "--reason", "Clean", "--message", "no findings", "--annotation", "scan-id=7")
    again = await run(
        "record", "success", "--integration", "scan.example.com", *more, environment={"KUBECONFIG": str(kubeconfig)}
    )
    assert again == (0, f"integrationstatus/{NAME}\n")
    selector = ("-l", "tekton.dev/pipelineRun=success", "-n", namespace)
    await bed.kubectl("wait", "--for=condition=Succeeded", "integrationstatus", *selector, "--timeout=5s")
    row = (await bed.kubectl("get", "integrationstatuses", *selector, "--no-headers")).split()
    assert row[:5] == [NAME, "success", "scan.example.com", "True", "Clean"]
    stored = await bed.request("GET", f"{people.records_path(namespace)}/{NAME}")
    assert stored["status"]["annotations"] == {"scan-id": "7"}
    await bed.request("DELETE", run_path(namespace, "success"))
    await gone(bed, f"{people.records_path(namespace)}/{NAME}")


async def test_without_the_role_without_the_run_or_under_the_name_of_an_integration_the_command_says_what_to_do(
    bed: TestBed, namespace: str
) -> None:
    await scanner(bed, namespace)
    await bed.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "x", "namespace": namespace}})
    mine = ("--integration", "scan.example.com")
    (unbound, unbound_says), (missing, missing_says), (forged, forged_says) = await asyncio.gather(
        run("record", "demo", *mine, environment=await pod(bed, namespace, "x")),
        run("record", "demo", *mine, environment=await pod(bed, namespace)),
        run("record", "demo", "--integration", "github", environment=await pod(bed, namespace)),
    )
    assert (unbound, missing, forged) == (1, 1, 1)
    assert f"bind the ClusterRole {ROLE}" in unbound_says
    assert f"-n {namespace}" in unbound_says
    assert f"there is no PipelineRun demo in namespace {namespace}" in missing_says
    assert "names without a dot are those of integrations" in forged_says


def changed(path: str, value: Any) -> Object:
    """An open record with something that is not to be there. Parts of `path` are separated by `|`."""
    made = copy.deepcopy(open_record())
    *parts, last = path.split("|")
    at: Any = made
    for part in parts:
        at = at[int(part) if isinstance(at, list) else part]
    at[last] = value
    return made


LABEL = "metadata|labels|integrations.tekton.dev"
FORGERIES = [
    (changed("spec|integration", "github"), "domain name of yours"),
    (changed("spec|integration", "other.example.com"), "is called <run>-<spec.integration>"),
    (open_record(integration="github.integrations.tekton.dev"), "domain name of yours"),
    (changed("spec|runRef|uid", "another"), "one ownerReference"),
    (changed("metadata|ownerReferences", []), "one ownerReference"),
    (changed("metadata|ownerReferences|0|blockOwnerDeletion", True), "one ownerReference"),
    (changed("metadata|finalizers", ["example.com/held"]), "no finalizers"),
    (changed("spec|notification", "audit"), "no spec.notification"),
    (changed(f"{LABEL}/integration", "github"), "another integration"),
    (changed(f"{LABEL}/sha", "3f786850e387550fdab836ed7e6dc881de23001b"), "another integration"),
    (changed("metadata|labels|tekton.dev/pipelineRun", "release"), "another run"),
    (changed("status|name", "github.integrations.tekton.dev"), "status.name"),
    (changed("status|url", "javascript:alert(1)"), "http or https"),
    (changed("status|target", {"resource": "acme/api", "name": "x"}), "has only name"),
    (changed("status|intent", {"id": "x"}), "has only name"),
    (changed("status|provider", "tekton-integrations/github"), "has only name"),
    (changed("status|format", 99), "has only name"),
]


async def test_each_forgery_is_refused_with_its_reason(bed: TestBed, namespace: str) -> None:
    account, path = await scanner(bed, namespace), people.records_path(namespace)
    said = await asyncio.gather(*(account.refused("POST", path, body, status=422) for body, _ in FORGERIES))
    assert [(words, text) for text, (_, words) in zip(said, FORGERIES, strict=True) if words not in text] == []
    assert "only the tekton-integrations controller makes" in await account.refused(
        "POST", path, people.record_of("demo", UID)
    )


async def test_what_is_an_integration_s_stays_out_of_reach_and_what_is_one_s_own_can_be_changed_and_deleted(
    bed: TestBed, namespace: str
) -> None:
    account, path = await scanner(bed, namespace), people.records_path(namespace)
    await people.controller(bed).request("POST", path, people.record_of("demo", UID))
    github = people.record_path(namespace, "demo", UID)
    for method, body in (("PATCH", {"status": {"version": "v9"}}), ("DELETE", None)):
        assert "only the tekton-integrations controller" in await account.refused(method, github, body)
    async with Player.connected(bed.admin_kubeconfig) as player:
        uid = await player.play("success", namespace=namespace, events=False)
    own = f"{path}/{NAME}"
    await account.request("POST", path, open_record(uid, run="success"))
    await account.request("PATCH", own, {"status": {"observedState": "Clean"}})
    for change, words in (
        ({"spec": {"notification": ""}}, "can't be changed"),
        ({"status": {"provider": "a/b"}}, "has only name"),
    ):
        assert words in await account.refused("PATCH", own, change, status=422)
    await account.request("DELETE", own)


async def test_neither_people_nor_accounts_of_other_namespaces_keep_open_records(bed: TestBed, namespace: str) -> None:
    tenant = await people.bound(bed, "tina", "cluster-admin", namespace)
    stranger = await people.bound(bed, "system:serviceaccount:default:scanner", "cluster-admin", namespace)
    for person in (tenant, stranger):
        said = await person.refused("POST", people.records_path(namespace), open_record())
        assert "only the tekton-integrations controller makes" in said


async def test_the_controller_looks_at_no_open_record(stage: Stage, namespace: str) -> None:
    account = await scanner(stage.bed, namespace)
    async with stage.controller():
        uid = await stage.player.play("success", namespace=namespace)
        await account.request("POST", people.records_path(namespace), open_record(uid, run="success"))
        await stage.reported(namespace)
        await stage.player.play("failure", namespace=namespace)
        await stage.all_reported(namespace, 3)
    mine = await stage.record(namespace, integration="scan.example.com")
    assert mine["status"]["conditions"] == [{"type": "Succeeded", "status": "True"}]
    assert not [each for each in stage.writes(namespace, "integrationstatuses") if NAME in each["requestURI"]]
    assert not [each for each in await stage.events(namespace) if "NotOurs" in each["reason"]]
