"""`tekton-integrations serve` as it is installed: with the rights of its ServiceAccount, and those of readers."""

import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hack.testbed import TestBed
from hack.testbed.api import polled
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.web.serving import opened
from tekton_integrations.web.settings import WebSettings
from tests.conftest import MANIFESTS

ACCOUNT = "tekton-integrations-serve"
HOME = "tekton-integrations"
MANIFEST = MANIFESTS.parent / "serve"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces"


@asynccontextmanager
async def acting(bed: TestBed, namespace: str, account: str) -> AsyncIterator[KubeClient]:
    """A client with the rights of a ServiceAccount."""
    token = await bed.token(namespace, account)

    async def authorization() -> str:
        return f"Bearer {token}"

    tls = ssl.create_default_context(cafile=bed.ca_file)
    async with KubeClient(ClusterConfig(bed.url, tls, authorization)) as client:
        yield client


@asynccontextmanager
async def served(bed: TestBed, **settings: Any) -> AsyncIterator[str]:
    """The URL of a service in this process."""
    await bed.apply(MANIFEST)
    await polled(lambda: _may_read(bed))
    given: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "insecure": True, **settings}
    async with acting(bed, HOME, ACCOUNT) as client, opened(WebSettings(**given), client) as port:
        yield f"{'https' if given.get('certificate') else 'http'}://127.0.0.1:{port}"


async def may_read_logs(bed: TestBed, namespace: str, account: str = ACCOUNT, home: str = HOME) -> None:
    """The namespace lets the service read its logs."""
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "tekton-integrations-serve-logs"}
    await bind(bed, namespace, role, account, home)


async def bind(bed: TestBed, namespace: str, role: dict[str, str], account: str, home: str) -> None:
    name = f"{role['name']}-{account}"
    await bed.apply(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name, "namespace": namespace},
            "roleRef": role,
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": home}],
        }
    )


def basic(name: str, password: str) -> str:
    """The value of the Authorization header."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


async def _may_read(bed: TestBed) -> bool:
    """Roles that were just made count a moment later."""
    asked = {
        "user": f"system:serviceaccount:{HOME}:{ACCOUNT}",
        "resourceAttributes": {"verb": "watch", "group": "tekton.dev", "resource": "pipelineruns", "namespace": "x"},
    }
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    answer = await bed.request("POST", path, {"spec": asked})
    return bool(answer["status"]["allowed"])
