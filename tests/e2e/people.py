"""Who else is at the API server (the admin speaks in their name), and the records that they try to write."""

from typing import Any

import pytest

from hack.controller import NAMESPACE
from hack.testbed import ApiError, TestBed
from hack.testbed.api import PATCHES, polled
from tekton_integrations.record import record_name
from tests.e2e.stage import GROUP, USER

Object = dict[str, Any]
ROLES = "/apis/rbac.authorization.k8s.io/v1"
# What kube-controller-manager puts together for the ClusterRole admin; the test bed runs no such controller.
AGGREGATED = [f"rbac.authorization.k8s.io/aggregate-to-{role}" for role in ("view", "edit", "admin")]


class Person:
    """Makes requests as `user`, who has the rights of that user only."""

    def __init__(self, bed: TestBed, user: str) -> None:
        self.user = user
        self._bed = bed

    async def request(self, method: str, path: str, body: Any = None) -> Object:
        """Raises ApiError. A PATCH is a merge patch."""
        kind = {"Content-Type": PATCHES["merge"]} if method == "PATCH" else {}
        return await self._bed.request(method, path, body, {"Impersonate-User": self.user, **kind})

    async def refused(self, method: str, path: str, body: Any = None, *, status: int = 403) -> str:
        """The message of a 403, or of the status that is meant; fails if it is anything else."""
        with pytest.raises(ApiError) as caught:
            await self.request(method, path, body)
        assert caught.value.status == status, caught.value
        return caught.value.message


def controller(bed: TestBed) -> Person:
    return Person(bed, USER)


async def bound(bed: TestBed, user: str, role: str, namespace: str) -> Person:
    """Somebody with a ClusterRole in one namespace, from when on the authorizer knows it."""
    name = f"{user.replace(':', '.')}-{role}"
    await bed.apply(_binding("RoleBinding", {"name": name, "namespace": namespace}, role, user))
    person = Person(bed, user)
    await _may(person, f"{GROUP}/namespaces/{namespace}/integrationstatuses")
    return person


async def administrator(bed: TestBed) -> Person:
    """One of the cluster who is not in the group system:masters."""
    await bed.apply(_binding("ClusterRoleBinding", {"name": "test-root"}, "cluster-admin", "root"))
    person = Person(bed, "root")
    await _may(person, f"{GROUP}/integrationstatuses")
    return person


def _binding(kind: str, metadata: Object, role: str, user: str) -> Object:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }


async def _may(person: Person, path: str) -> None:
    async def probe() -> bool:
        try:
            await person.request("GET", path)
        except ApiError as error:
            if error.status != 403:
                raise
            return False
        return True

    await polled(probe)


async def aggregate_admin(bed: TestBed) -> None:
    roles = (await bed.request("GET", f"{ROLES}/clusterroles"))["items"]
    labelled = [role for role in roles if set(AGGREGATED) & set(role["metadata"].get("labels") or ())]
    rules = [rule for role in labelled for rule in role.get("rules") or ()]
    await bed.api.patch(f"{ROLES}/clusterroles/admin", {"rules": rules}, "merge")


def records_path(namespace: str) -> str:
    return f"{GROUP}/namespaces/{namespace}/integrationstatuses"


def record_path(namespace: str, run: str, uid: str) -> str:
    return f"{records_path(namespace)}/{record_name(run, uid, 'github')}"


def record_of(run: str, uid: str, **status: Any) -> Object:
    """As the controller would write it for a PipelineRun; `status` completes it."""
    return {
        "apiVersion": "integrations.tekton.dev/v1alpha1",
        "kind": "IntegrationStatus",
        "metadata": {"name": record_name(run, uid, "github")},
        "spec": {
            "runRef": {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": run, "uid": uid},
            "integration": "github",
        },
        "status": {"name": "github.integrations.tekton.dev", "provider": f"{NAMESPACE}/github", **status},
    }


def integration(name: str) -> Object:
    return {"apiVersion": "integrations.tekton.dev/v1alpha1", "kind": "Integration", "metadata": {"name": name}}
