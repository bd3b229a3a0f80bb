"""Labels of namespaces, for grants that select by them; read when asked and kept for a minute."""

import time

import msgspec

from tekton_integrations.kube.client import KubeClient

MAX_AGE = 60.0


class _Metadata(msgspec.Struct):
    labels: dict[str, str] = {}


class _Namespace(msgspec.Struct):
    metadata: _Metadata


class Namespaces:
    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._cache: dict[str, tuple[float, dict[str, str]]] = {}

    async def labels(self, name: str) -> dict[str, str]:
        cached = self._cache.get(name)
        if cached and time.monotonic() - cached[0] < MAX_AGE:
            return cached[1]
        raw = await self._client.get(f"/api/v1/namespaces/{name}")
        labels = msgspec.json.decode(raw, type=_Namespace).metadata.labels
        self._cache[name] = (time.monotonic(), labels)
        return labels
