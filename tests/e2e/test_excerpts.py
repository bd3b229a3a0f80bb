"""Logs of real pods, as far as a namespace lets the controller's ServiceAccount read them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hack.controller import NAMESPACE, SERVICE_ACCOUNT
from hack.testbed import Kubelet, TestBed
from tekton_integrations.excerpts import Excerpts
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import load
from tekton_integrations.run import Child, Excerpt, State, Step

RBAC = "rbac.authorization.k8s.io"
CHILD = Child(
    name="build-test",
    task="test",
    state=State.FAILED,
    reason="StepFailed",
    message="",
    started=1,
    finished=2,
    steps=(Step(name="test", exit_code=1, reason="Error", container="step-test", started=1, finished=2),),
    pod="build-test-pod",
)
POD: dict[str, Any] = {
    "volumes": [{"name": "v", "secret": {"secretName": "registry"}}],
    "imagePullSecrets": [{"name": "never-made"}],
    "automountServiceAccountToken": False,
}


@pytest.fixture
async def kubelet(bed: TestBed) -> AsyncIterator[Kubelet]:
    async with Kubelet.started(bed) as started:
        yield started


@pytest.fixture
async def excerpts(bed: TestBed) -> AsyncIterator[Excerpts]:
    """With the rights of the controller."""
    kubeconfig = await bed.service_account_kubeconfig(NAMESPACE, SERVICE_ACCOUNT)
    async with KubeClient(await load(str(kubeconfig))) as client:
        yield Excerpts(client)


@pytest.fixture
async def failed(bed: TestBed, namespace: str, kubelet: Kubelet) -> Kubelet:
    """A step that failed, in a pod that reaches a Secret."""
    secret = {"metadata": {"name": "registry"}, "stringData": {"password": "hunter2", "username": "robot"}}
    await bed.request("POST", f"/api/v1/namespaces/{namespace}/secrets", secret)
    await kubelet.create_pod(namespace, CHILD.pod, ["step-build", "step-test"], **POD)
    for line in ("\x1b[1mlogin robot:hunter2\x1b[0m", "cm9ib3Q6aHVudGVyMg==", "main_test.go:7: want 1, got 2"):
        kubelet.write(namespace, CHILD.pod, "step-test", line)
    return kubelet


async def bind(bed: TestBed, namespace: str, kind: str, name: str) -> None:
    subject = {"kind": "ServiceAccount", "name": SERVICE_ACCOUNT, "namespace": NAMESPACE}
    binding = {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
        "subjects": [subject],
    }
    await bed.request("POST", f"/apis/{RBAC}/v1/namespaces/{namespace}/rolebindings", binding)


@pytest.mark.usefixtures("failed")
async def test_a_namespace_that_binds_the_role_shows_logs_without_its_secrets(
    bed: TestBed, namespace: str, excerpts: Excerpts
) -> None:
    await bind(bed, namespace, "ClusterRole", "tekton-integrations-logs")
    found = await excerpts.get(namespace, CHILD, [b"want 1"])
    assert found == Excerpt(step="test", lines=("login ***:***", "***Q6***", "main_test.go:7: ***, got 2"))


@pytest.mark.usefixtures("failed")
async def test_a_namespace_that_binds_nothing_shows_nothing(bed: TestBed, namespace: str, excerpts: Excerpts) -> None:
    found = await excerpts.get(namespace, CHILD, ())
    why = "not enabled in this namespace; bind the role tekton-integrations-logs"
    assert found == Excerpt(step="test", withheld=why)


@pytest.mark.usefixtures("failed")
async def test_a_namespace_that_hides_its_secrets_shows_nothing(
    bed: TestBed, namespace: str, excerpts: Excerpts
) -> None:
    rule = {"apiGroups": [""], "resources": ["pods", "pods/log", "serviceaccounts"], "verbs": ["get"]}
    role = {"metadata": {"name": "logs-only"}, "rules": [rule]}
    await bed.request("POST", f"/apis/{RBAC}/v1/namespaces/{namespace}/roles", role)
    await bind(bed, namespace, "Role", "logs-only")
    found = await excerpts.get(namespace, CHILD, ())
    why = "a Secret that its pod can reach can't be read, so nothing could be redacted"
    assert found == Excerpt(step="test", withheld=why)


async def test_what_is_gone_or_never_ran_is_said(
    bed: TestBed, namespace: str, excerpts: Excerpts, failed: Kubelet
) -> None:
    await bind(bed, namespace, "ClusterRole", "tekton-integrations-logs")
    await failed.create_pod(namespace, "waiting", ["step-test"])
    waiting = Child(**{each: getattr(CHILD, each) for each in CHILD.__struct_fields__} | {"pod": "waiting"})
    assert (await excerpts.get(namespace, waiting, ())).withheld == "its container has no log"
    await bed.request("DELETE", f"/api/v1/namespaces/{namespace}/pods/{CHILD.pod}")
    assert (await excerpts.get(namespace, CHILD, ())).withheld == "its pod is gone"


async def test_a_node_that_does_not_answer_is_said_without_its_address(
    bed: TestBed, namespace: str, excerpts: Excerpts
) -> None:
    await bind(bed, namespace, "ClusterRole", "tekton-integrations-logs")
    node = {"metadata": {"name": "down"}}
    await bed.request("POST", "/api/v1/nodes", node)
    addresses = {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}]}
    port = {"daemonEndpoints": {"kubeletEndpoint": {"Port": 1}}}
    await bed.api.patch("/api/v1/nodes/down/status", {"status": addresses | port}, "merge")
    container = {"name": "step-test", "image": "none.invalid/none"}
    spec = {"nodeName": "down", "containers": [container], "terminationGracePeriodSeconds": 0}
    pod = {"metadata": {"name": CHILD.pod}, "spec": spec}
    await bed.request("POST", f"/api/v1/namespaces/{namespace}/pods", pod)
    found = await excerpts.get(namespace, CHILD, ())
    await bed.request("DELETE", "/api/v1/nodes/down")
    assert found.withheld == "the node of its pod does not answer"
