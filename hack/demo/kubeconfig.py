"""The user's kubeconfig: to talk to their cluster, and to make one for the controller's ServiceAccount from it."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from kubernetes_asyncio.config import ConfigException
from kubernetes_asyncio.config.kube_config import KubeConfigMerger

from hack.testbed import Api
from tekton_integrations.kube import config

from .places import DemoError

AUTHORITY = "certificate-authority"
TOKEN_SECONDS = 24 * 3600


@asynccontextmanager
async def connected(kubeconfig: str) -> AsyncIterator[Api]:
    """As the user: any kubeconfig that kubectl takes, exec plug-ins too, or several of them with colons between."""
    try:
        cluster = await config.load(kubeconfig)
    except config.ConfigError as error:
        raise DemoError(str(error)) from error
    token = (await cluster.authorization()).removeprefix("Bearer ")
    context = cluster.ssl or ssl.create_default_context()
    async with Api.opened(cluster.url, token=token or None, context=context) as api:
        yield api


def current_context(kubeconfig: str) -> tuple[str, dict[str, Any]]:
    """Its name, and the cluster that it leads to, with absolute paths."""
    try:
        merged: Any = KubeConfigMerger(kubeconfig).config  # dicts and lists, wrapped
        if merged is None:
            raise DemoError(f"KUBECONFIG names no file that exists: {kubeconfig}; unset it to get a test bed")
        name: str = merged["current-context"]
        context = merged["contexts"].get_with_name(name)["context"]
        node = merged["clusters"].get_with_name(context["cluster"])["cluster"]
    except ConfigException as error:
        raise DemoError(f"KUBECONFIG: {error}") from error
    cluster = dict(node.value)
    if AUTHORITY in cluster:
        cluster[AUTHORITY] = str(Path(node.path).parent.absolute() / cluster[AUTHORITY])
    return name, cluster


async def for_service_account(api: Api, cluster: dict[str, Any], account: str, path: Path) -> Path:
    """Writes a kubeconfig for the ServiceAccount of this name, in the namespace of this name."""
    url = f"/api/v1/namespaces/{account}/serviceaccounts/{account}/token"
    answer = await api.request("POST", url, {"spec": {"expirationSeconds": TOKEN_SECONDS}})
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "demo",
        "clusters": [{"name": "demo", "cluster": cluster}],
        "users": [{"name": "demo", "user": {"token": answer["status"]["token"]}}],
        "contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "demo", "namespace": account}}],
    }
    return _written(path, yaml.safe_dump(content))


def _written(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path
