"""Reads what rendering.py needs of one run from a cluster, with the rights of whoever asks: the run, what is below it,
and the Providers and Notifications that may hold for it. What can't be read is said, and done without."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from tekton_integrations.kube.below import Below
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.namespaces import Namespaces
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.notification import decode_notification
from tekton_integrations.provider import decode_provider
from tekton_integrations.record import API_VERSION
from tekton_integrations.rendering import Material, NoRunError, RenderError
from tekton_integrations.run import KINDS

T = TypeVar("T")


class _List(msgspec.Struct):
    items: list[msgspec.Raw]


async def gathered(client: KubeClient, kind: str, namespace: str, name: str, shared: str) -> tuple[Material, list[str]]:
    """The material, and sentences on what could not be read. Raises RenderError (NoRunError), ApiError."""
    if kind not in KINDS:
        raise RenderError(f"--kind {kind!r} must be one of {', '.join(KINDS)}")
    raw = await _run(client, kind, namespace, name)
    run, reader = decode_run(raw), _Reader(client)
    places = sorted({namespace, shared})
    providers = [each for place in places for each in await reader.listed("providers", place, decode_provider)]
    notifications = [
        each for place in places for each in await reader.listed("notifications", place, decode_notification)
    ]
    found = Material(
        runs=[raw],
        children=[(run.uid, child) for child in await Below(client).children(run)],
        # A choice among some of them only might be another one.
        providers=None if "providers" in reader.kinds else providers,
        notifications=notifications,
    )
    if any(each.selects_namespaces for each in providers):
        found.labels[namespace] = await reader.labels(namespace)
    return found, reader.unread


async def _run(client: KubeClient, kind: str, namespace: str, name: str) -> bytes:
    try:
        return await client.get(f"{collection(*KINDS[kind], namespace)}/{name}")
    except ApiError as error:
        if error.status != 404:
            raise
        raise NoRunError(f"there is no {kind} {name} in namespace {namespace}; see -n and --kind") from error


class _Reader:
    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self.unread: list[str] = []
        self.kinds: set[str] = set()

    async def listed(self, plural: str, namespace: str, decode: Callable[[msgspec.Raw], T]) -> list[T]:
        try:
            raw = await self._client.get(collection(API_VERSION, plural, namespace))
        except ApiError as error:
            if error.status not in (403, 404):
                raise
            self.kinds.add(plural)
            self.unread.append(f"{plural} of namespace {namespace} could not be read: {error.message}")
            return []
        return [decode(each) for each in msgspec.json.decode(raw, type=_List).items]

    async def labels(self, namespace: str) -> dict[str, str]:
        try:
            return await Namespaces(self._client).labels(namespace)
        except ApiError as error:
            if error.status not in (403, 404):
                raise
            self.unread.append(f"the labels of namespace {namespace}, which grants ask for: {error.message}")
            return {}
