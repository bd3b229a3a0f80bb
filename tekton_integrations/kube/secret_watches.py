"""Watches the Secrets that Providers name, each by its name and its metadata only, so that a corrected one is noticed
at once. Where we may not watch, the Secret is read again when it is next needed (see secrets.py).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from tekton_integrations.integration import ProviderType, SecretSource
from tekton_integrations.kube.client import KubeClient, collection
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.source import Source
from tekton_integrations.provider import Provider

# Nothing is lost by asking seldom for what is forbidden.
_PATIENCE = 300.0
# Secrets of one namespace that are watched; each takes a connection.
MOST = 50


class _Metadata(msgspec.Struct, rename="camel"):
    namespace: str
    name: str
    uid: str
    resource_version: str


class _Object(msgspec.Struct):
    metadata: _Metadata


class _Secret(msgspec.Struct, frozen=True, gc=False):
    namespace: str
    name: str
    uid: str
    resource_version: str


def _decode(raw: bytes | msgspec.Raw) -> _Secret:
    metadata = msgspec.json.decode(raw, type=_Object).metadata
    return _Secret(metadata.namespace, metadata.name, metadata.uid, metadata.resource_version)


def _names(provider: Provider, kind: ProviderType) -> set[str]:
    """Of the Secrets that its settings refer to; none where they can't be read."""
    try:
        settings = msgspec.convert(provider.spec.get(kind.block, {}), kind.settings)
    except msgspec.ValidationError:
        return set()
    values = (getattr(settings, field.name) for field in msgspec.structs.fields(kind.settings))
    return {value.secret_ref.name for value in values if isinstance(value, SecretSource)}


class SecretWatches:
    """Calls `changed` with each Provider one of whose Secrets was made, changed or deleted."""

    def __init__(self, client: KubeClient, silence: float, changed: Callable[[Provider], None]) -> None:
        self._client = client
        self._silence = silence
        self._changed = changed
        self._watches: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._users: dict[tuple[str, str], list[Provider]] = {}

    def follow(self, providers: Iterable[tuple[Provider, ProviderType]]) -> None:
        """Watches what these name, up to a number for each namespace, and nothing else."""
        self._users = {}
        watched: Counter[str] = Counter()
        for provider, kind in providers:
            for name in _names(provider, kind):
                key = (provider.namespace, name)
                if key not in self._users:
                    watched[provider.namespace] += 1
                    if watched[provider.namespace] > MOST:
                        continue
                    self._users[key] = []
                self._users[key].append(provider)
        for key in self._watches.keys() - self._users.keys():
            self._watches.pop(key).cancel()
        for key in self._users.keys() - self._watches.keys():
            self._watches[key] = asyncio.create_task(self._watch(*key).run())

    async def close(self) -> None:
        tasks = list(self._watches.values())
        self._watches.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _watch(self, namespace: str, name: str) -> Informer[_Secret]:
        informer = Informer(
            self._client,
            Source(
                "Secret",
                collection("v1", "secrets", namespace),
                _decode,
                self._silence,
                selector={"fieldSelector": f"metadata.name={name}"},
                metadata_only=True,
                patience=_PATIENCE,
            ),
            Lister[_Secret](),
        )

        def tell(before: _Secret | None, now: _Secret | None) -> None:
            if informer.synced.is_set():  # what was there before is no news
                for provider in self._users.get((namespace, name), []):
                    self._changed(provider)

        informer.add_handler(tell)
        return informer
