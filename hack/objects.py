"""The objects that an administrator writes, as the README shows them: Providers and their Secrets."""

import base64
from collections.abc import Sequence
from typing import Any

GROUP = "integrations.tekton.dev"
# Paths at the API server: of all that is ours, of a namespace's records, of one of its Providers.
PATH = f"/apis/{GROUP}/v1alpha1"
RECORDS = PATH + "/namespaces/{}/integrationstatuses"
PROVIDER = PATH + "/namespaces/{}/providers/{}"


def github_app_secret(namespace: str, name: str, private_key_pem: str) -> dict[str, Any]:
    return secret(namespace, name, "GitHubApp", {"private-key.pem": private_key_pem})


def github_token_secret(namespace: str, name: str, token: str) -> dict[str, Any]:
    return secret(namespace, name, "GitHubToken", {"token": token})


def secret(namespace: str, name: str, kind: str, data: dict[str, str]) -> dict[str, Any]:
    """One that Providers of the type `kind` may use."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": f"{GROUP}/{kind}",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }


def grant(*namespaces: str, targets: Sequence[str] = ("*",), names: Sequence[str] = ("*",)) -> dict[str, Any]:
    return {"namespaces": list(namespaces), "targets": list(targets), "names": list(names)}


def github_app(
    namespace: str, name: str, *, app_id: int, secret: str, endpoint: str, grants: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    block = {"githubApp": {"appId": app_id, "privateKey": {"secretRef": {"name": secret}}}}
    spec = {"type": "GitHubApp", "endpoint": endpoint, "grants": list(grants)}
    return provider(namespace, name, spec | block)


def github_token(
    namespace: str, name: str, *, secret: str, endpoint: str, grants: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    block = {"githubToken": {"token": {"secretRef": {"name": secret}}}}
    spec = {"type": "GitHubToken", "endpoint": endpoint, "grants": list(grants)}
    return provider(namespace, name, spec | block)


def provider(namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": "Provider",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def notification(namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": "Notification",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
