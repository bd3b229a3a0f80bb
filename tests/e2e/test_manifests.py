"""An installation under another name, and what kubectl shows of Integrations on a terminal of 80 columns."""

from typing import Any

import yaml

from hack import objects
from hack.testbed import ApiError, TestBed
from hack.testbed.api import polled
from tekton_integrations.registry import load
from tests.conftest import MANIFESTS
from tests.e2e import people
from tests.e2e.people import Person
from tests.e2e.stage import GROUP

UID = "5e0f6c1e-0000-4000-8000-000000000001"
ACCOUNT = "system:serviceaccount:{}:tekton-integrations"
STATUS: dict[str, Any] = {
    "version": "v1",
    "versions": ["v1"],
    "packageVersion": "0.2.0",
    "kinds": ["PipelineRun", "TaskRun"],
    "holder": "tekton-integrations-5d4f8c7b9-x2v7q",
    "conditions": [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Ready",
            "message": "holds the Lease",
            "lastTransitionTime": "2026-11-21T10:00:00Z",
        }
    ],
    "quota": "4,812 of 5,000 left",
    "quotas": [
        {
            "provider": "tekton-integrations/github",
            "scope": "acme",
            "limit": 5000,
            "remaining": 4812,
            "resetTime": "2026-11-21T11:00:00Z",
        }
    ],
}


async def test_the_overlay_changes_the_namespace_everywhere() -> None:
    async with TestBed.started(manifests=[MANIFESTS.parent / "crds"]) as bed:  # it waits until they are served
        await bed.kubectl("apply", "-k", str(MANIFESTS.parent / "overlays" / "other-namespace"))
        assert "integrations" in await bed.kubectl("get", "deployments", "-A", "--no-headers")
        assert "tekton-integrations " not in await bed.kubectl("get", "namespaces", "--no-headers")
        stranger = await people.bound(bed, ACCOUNT.format("tekton-integrations"), "cluster-admin", "default")
        collection, record = people.records_path("default"), people.record_of("demo", UID)

        async def refused() -> bool:  # a policy takes effect within seconds
            try:
                await stranger.request("POST", f"{collection}?dryRun=All", record)
            except ApiError as error:
                return error.status == 403
            return False

        await polled(refused)
        await Person(bed, ACCOUNT.format("integrations")).request("POST", collection, record)


async def test_the_overlay_of_all_integrations_loads_each_that_is_here(bed: TestBed) -> None:
    built = await bed.kubectl("kustomize", str(MANIFESTS.parent / "overlays" / "all-integrations"))
    [deployment] = [each for each in yaml.safe_load_all(built) if each["kind"] == "Deployment"]
    run, flag = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    names = flag.removeprefix("--integrations=").split(",")
    assert run == "run"
    assert [each.name for each in load(names)] == names
    assert sorted(names) == sorted(
        path.parent.name for path in MANIFESTS.parents[1].glob("integrations/*/pyproject.toml")
    )


async def test_integrations_read_well_on_80_columns(bed: TestBed, namespace: str) -> None:
    account = await people.bound(bed, people.controller(bed).user, "cluster-admin", namespace)
    for name in ("github", "cloudevents"):
        body = people.integration(name) | {"status": STATUS}
        made = await account.request("POST", f"{GROUP}/namespaces/{namespace}/integrations", body)
        assert made["status"] == STATUS  # nothing is pruned
    shown = await bed.kubectl("get", "integrations", "-n", namespace)
    titles, first, _ = shown.splitlines()
    assert titles.split() == ["NAME", "VERSION", "READY", "QUOTA", "AGE"]
    assert first.startswith("cloudevents   v1        True    4,812 of 5,000 left   ")
    assert max(map(len, shown.splitlines())) <= 80
    wide = await bed.kubectl("get", "integrations", "-n", namespace, "-o", "wide")
    assert wide.splitlines()[0].split() == ["NAME", "VERSION", "READY", "QUOTA", "AGE", "HOLDER", "MESSAGE"]
    await bed.kubectl("wait", "--for=condition=Ready", "-n", namespace, "integration/github", "--timeout=5s")


async def test_all_of_ours_are_listed_with_tektons(bed: TestBed) -> None:
    of_the_category = ("api-resources", "--categories=tekton", "--api-group=integrations.tekton.dev", "-o", "name")
    told = (await bed.kubectl(*of_the_category)).split()
    ours = ("integrations", "integrationstatuses", "notifications", "providers")
    assert sorted(told) == [f"{each}.integrations.tekton.dev" for each in ours]


async def test_notifications_show_whether_they_are_in_order_and_what_they_did(bed: TestBed, namespace: str) -> None:
    path = f"{GROUP}/namespaces/{namespace}/notifications/all/status"
    await bed.apply(objects.notification(namespace, "all", {"providerRef": {"name": "github"}}))
    ready = {**STATUS["conditions"][0], "message": "in order"}
    await bed.api.patch(path, {"status": {"conditions": [ready], "matched": 12, "reported": 7}}, "merge")
    titles, row = (await bed.kubectl("get", "notifications", "-n", namespace, "-o", "wide")).splitlines()
    assert titles.split() == ["NAME", "PROVIDER", "READY", "REASON", "MATCHED", "REPORTED", "AGE", "MESSAGE"]
    assert row.split()[:6] == ["all", "github", "True", "Ready", "12", "7"]
    assert row.endswith("in order")


async def test_the_overlay_of_pages_signs_links_with_a_key_that_the_service_takes(bed: TestBed) -> None:
    built = await bed.kubectl("kustomize", str(MANIFESTS.parent / "overlays" / "pages"))
    found = {
        each["metadata"]["name"]: each["spec"] for each in yaml.safe_load_all(built) if each["kind"] == "Deployment"
    }
    pods = {name: spec["template"]["spec"] for name, spec in found.items()}
    containers = {name: pod["containers"][0] for name, pod in pods.items()}
    said = {name: {each["name"]: each.get("value") for each in made["env"]} for name, made in containers.items()}
    key = said["tekton-integrations"]["TEKTON_INTEGRATIONS_LINK_KEY"]
    folder = said["tekton-integrations-serve"]["TEKTON_INTEGRATIONS_LINK_KEYS"]
    assert key == f"{folder}/2026-11"
    for name, pod in pods.items():
        assert {"name": "links", "mountPath": folder, "readOnly": True} in containers[name]["volumeMounts"]
        assert {"name": "links", "secret": {"secretName": "tekton-integrations-links"}} in pod["volumes"]
