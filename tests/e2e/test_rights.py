"""By the API server's audit log: the controller asks for nothing that it may not have, nor for what the table of rights
does not know, and all that is written there is written."""

from typing import Any

from hack.controller import NAMESPACE
from tests import rights
from tests.e2e.stage import GROUP, USER, WRITES, Stage, run_path
from tests.e2e.test_deletion import delete, half_way, no_records
from tests.e2e.test_excerpts import bind
from tests.rights import Right

# Nobody notifies here.
UNSEEN_WRITES = {Right(rights.OURS, "notifications/status", "patch")}


async def test_a_controller_at_work_asks_for_what_it_is_granted(stage: Stage, namespace: str) -> None:
    before = len(stage.bed.audit(user=USER))
    selector = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}, "targets": ["acme/*"]}
    await stage.provide(selector)
    await bind(stage.bed, namespace, "ClusterRole", "tekton-integrations-logs")
    await stage.bed.request("DELETE", f"/apis/{rights.LEASES}/v1/namespaces/{NAMESPACE}/leases")
    await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/integrations")
    async with stage.controller():
        await stage.player.play("failure", namespace=namespace)
        await stage.reported(namespace)
        await stage.bed.request("DELETE", run_path(namespace, "failure"))
        await no_records(stage, namespace)
        await half_way(stage, namespace)
        await delete(stage, namespace)
        await no_records(stage, namespace)
    entries = stage.bed.audit(user=USER)[before:]
    asked = {_right(each) for each in entries if "objectRef" in each}
    assert [each for each in entries if each["annotations"].get("authorization.k8s.io/decision") == "forbid"] == []
    assert sorted(asked - rights.USED) == []
    written = {each for each in rights.USED if each.verb in WRITES}
    assert sorted(written - asked - UNSEEN_WRITES) == []


def _right(entry: dict[str, Any]) -> Right:
    ref = entry["objectRef"]
    resource = "/".join(filter(None, (ref["resource"], ref.get("subresource"))))
    return Right(ref.get("apiGroup", ""), resource, entry["verb"])
