"""Pods: what their containers wrote, and the Secrets that they can reach.

A namespace allows it by binding the role tekton-integrations-logs. Nothing of it is kept.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tekton_integrations.kube.client import ApiError, KubeClient, collection

# Bytes of a log that are kept, and that are read at most to get there.
KEEP = 256 * 1024
MOST = 4 * 1024 * 1024
MOST_SECRETS = 100

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
# The fields of a pod, of its containers and of its volumes that refer to a Secret.
_REFERENCES = frozenset({"secret", "secretRef", "secretKeyRef", "nodePublishSecretRef"})
# In every token of a ServiceAccount, and no secret.
_PUBLIC = {"kubernetes.io/service-account-token": ("ca.crt", "namespace")}


class Pod(msgspec.Struct, frozen=True, kw_only=True):
    """`secrets`: the names of those that it refers to, and whether it can't start without."""

    namespace: str
    name: str
    service_account: str
    secrets: dict[str, bool]


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """`whole`: nothing before it was left out. `endless`: there is more after it, since there is too much."""

    data: bytes
    whole: bool
    endless: bool


class Unreadable(Exception):
    """A Secret that a pod can reach can't be known; the message says why."""


class _PodJson(msgspec.Struct):
    spec: dict[str, Any]


class _Secret(msgspec.Struct):
    type: str = ""
    data: dict[str, bytes] | None = None  # msgspec knows that it is base64


class _Reference(msgspec.Struct):
    name: str = ""


class _ServiceAccount(msgspec.Struct, rename="camel"):
    secrets: list[_Reference] | None = None
    image_pull_secrets: list[_Reference] | None = None


class Pods:
    """Live reads, each of them. They raise ApiError and msgspec.DecodeError."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    async def read(self, namespace: str, name: str) -> Pod:
        spec = msgspec.json.decode(await self._get("pods", namespace, name), type=_PodJson).spec
        secrets: dict[str, bool] = {}
        for secret, required in _references(spec):
            secrets[secret] = secrets.get(secret, False) or required
        account = str(spec.get("serviceAccountName") or "default")
        return Pod(namespace=namespace, name=name, service_account=account, secrets=secrets)

    async def log(self, pod: Pod, container: str, lines: int) -> Log:
        """The last lines that a container wrote."""
        path = f"{collection('v1', 'pods', pod.namespace)}/{pod.name}/log"
        # No limitBytes: it would keep the beginning.
        params = {"container": container, "tailLines": str(lines)}
        data, size = await self._client.tail(path, params, KEEP, MOST)
        return Log(data=data, whole=len(data) == size, endless=size > MOST)

    async def secrets(self, pod: Pod) -> list[bytes]:
        """All values in Secrets that the pod's containers or its ServiceAccount refer to, as they are now. Raises
        Unreadable if one of them can't be known."""
        try:
            names = pod.secrets | dict.fromkeys(await self._of_account(pod) - pod.secrets.keys(), False)
            if len(names) > MOST_SECRETS:
                raise Unreadable(f"its pod can reach more than {MOST_SECRETS} Secrets")
            return [value for name, required in names.items() for value in await self._values(pod, name, required)]
        except ApiError as error:
            if error.status != 403:
                raise
            raise Unreadable("a Secret that its pod can reach can't be read, so nothing could be redacted") from error

    async def _of_account(self, pod: Pod) -> set[str]:
        if (raw := await self._find("serviceaccounts", pod.namespace, pod.service_account)) is None:
            return set()
        account = msgspec.json.decode(raw, type=_ServiceAccount)
        return {each.name for each in [*(account.secrets or ()), *(account.image_pull_secrets or ())]}

    async def _values(self, pod: Pod, name: str, required: bool) -> list[bytes]:
        if (raw := await self._find("secrets", pod.namespace, name)) is None:
            if required:
                raise Unreadable("a Secret that its pod used was deleted, so nothing could be redacted")
            return []
        secret = msgspec.json.decode(raw, type=_Secret)
        public = _PUBLIC.get(secret.type, ())
        return [value for key, value in (secret.data or {}).items() if key not in public]

    async def _find(self, plural: str, namespace: str, name: str) -> bytes | None:
        try:
            return await self._get(plural, namespace, name)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def _get(self, plural: str, namespace: str, name: str) -> bytes:
        if not _NAME.fullmatch(name):  # in a URL it would be another call
            raise ApiError(404, "NotFound", f"nothing can have the name {name!r}")
        return await self._client.get(f"{collection('v1', plural, namespace)}/{name}")


def _references(node: Any, key: str = "") -> Iterator[tuple[str, bool]]:
    """Secrets' names wherever a pod's spec may have them, and whether the pod can't start without. Rather too many:
    what a later version of Kubernetes adds will most likely look the same."""
    if isinstance(node, list):
        for each in node:
            yield from _references(each, key)
    elif isinstance(node, str) and key == "secretName":
        yield node, False  # of a storage driver
    elif isinstance(node, dict) and key == "imagePullSecrets":
        yield str(node.get("name", "")), False
    elif isinstance(node, dict) and key in _REFERENCES:
        yield str(node.get("secretName") or node.get("name") or ""), node.get("optional") is not True
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _references(value, name)
