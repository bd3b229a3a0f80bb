"""Tells when another look at runs is worth while: a run or a record of theirs has changed. By watches, no polling."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tekton_integrations.event_loop import happened
from tekton_integrations.inquiry.view import RECORDS
from tekton_integrations.kube.client import KubeClient, collection
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.metadata_json import Labelled, decode_labelled
from tekton_integrations.kube.source import Source
from tekton_integrations.record import API_VERSION
from tekton_integrations.run import KINDS

# Seconds without a byte after which a watch counts as dead; the API server sends a bookmark about each minute.
SILENCE = 90.0


class Watch:
    """Of one namespace, or of all. Use as made by `watched`."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def note(self, *_: object) -> None:
        self._news.set()

    async def news(self, seconds: float | None = None) -> bool:
        """Waits for something new since the last call, `seconds` at most; whether there was."""
        found = await happened(self._news, seconds)
        self._news.clear()
        return found


@asynccontextmanager
async def watched(client: KubeClient, namespace: str) -> AsyncIterator[Watch]:
    """What is there when it begins is news already: nothing is missed between a look and its watch."""
    watch = Watch()
    paths = [collection(*api, namespace) for api in KINDS.values()]
    paths.append(collection(API_VERSION, RECORDS, namespace))
    tasks = [asyncio.create_task(_informer(client, path, watch).run()) for path in paths]
    try:
        yield watch
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _informer(client: KubeClient, path: str, watch: Watch) -> Informer[Labelled]:
    source = Source(f"why: {path}", path, decode_labelled, SILENCE, metadata_only=True)
    informer: Informer[Labelled] = Informer(client, source, Lister[Labelled]())
    informer.add_handler(watch.note)
    return informer
