"""Which runs a namespace has, newest first. The API server lists by name: so all their metadata is read, a page of the
list at a time and nothing else kept, and then the runs of one page of ours.
"""

import asyncio
import heapq
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from tekton_integrations.kube.client import METADATA_ONLY_LIST, ApiError, KubeClient, collection
from tekton_integrations.kube.metadata_json import PARENT_LABEL
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.run import KINDS, Run

# Runs on a page, and objects that are looked at for one, in so many of the API server's pages of each kind.
PAGE = 25
CHUNK = 500
CHUNKS = 20
# Calls at a time, for all readers.
AT_ONCE = 8


class _Metadata(msgspec.Struct, rename="camel"):
    name: str
    creation_timestamp: datetime


class _Item(msgspec.Struct):
    metadata: _Metadata


class _ListMetadata(msgspec.Struct):
    continued: str = msgspec.field(default="", name="continue")


class _List(msgspec.Struct):
    items: list[_Item] | None  # of none, kube-apiserver 1.36 says null here
    metadata: _ListMetadata = msgspec.field(default_factory=_ListMetadata)


class Entry(NamedTuple):
    """Sorts by age; `created` in seconds since the epoch."""

    created: int
    kind: str
    name: str


class Listing(NamedTuple):
    """`next`: from where to go on, None at the end. `total`: of all pages; `whole`: there are not more than that."""

    runs: Sequence[Run]
    next: Entry | None
    total: int
    whole: bool


class Runs:
    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def listed(self, namespace: str, kinds: Sequence[str], before: Entry | None) -> Listing:
        """Runs that are no other run's children, made earlier than `before`. Raises ApiError."""
        total, whole, newest = 0, True, list[Entry]()
        for kind in kinds:
            query = {"labelSelector": f"!{PARENT_LABEL}", "limit": str(CHUNK)}
            for _ in range(CHUNKS):
                found, query["continue"] = await self._chunk(namespace, kind, query)
                total += len(found)
                older = [entry for entry in found if before is None or entry < before]
                newest = heapq.nlargest(PAGE + 1, [*newest, *older])
                if not query["continue"]:
                    break
            whole = whole and not query["continue"]
        runs = await asyncio.gather(*(self._read(namespace, entry) for entry in newest[:PAGE]))
        following = newest[PAGE - 1] if len(newest) > PAGE else None
        return Listing([run for run in runs if run], following, total, whole)

    async def _chunk(self, namespace: str, kind: str, query: dict[str, str]) -> tuple[list[Entry], str]:
        try:
            async with self._turns:
                raw = await self._client.get(collection(*KINDS[kind], namespace), query, METADATA_ONLY_LIST)
        except ApiError as error:
            if error.status == 404:  # a kind that is not installed
                return [], ""
            raise
        listed = msgspec.json.decode(raw, type=_List)
        found = [
            Entry(int(each.metadata.creation_timestamp.timestamp()), kind, each.metadata.name)
            for each in listed.items or ()
        ]
        return found, listed.metadata.continued

    async def _read(self, namespace: str, entry: Entry) -> Run | None:
        """None for one that is gone by now."""
        try:
            async with self._turns:
                return decode_run(await self._client.get(f"{collection(*KINDS[entry.kind], namespace)}/{entry.name}"))
        except ApiError as error:
            if error.status == 404:
                return None
            raise


def to_text(entry: Entry) -> str:
    return f"{entry.created}~{entry.kind}~{entry.name}"


def from_text(text: str) -> Entry | None:
    """None for what `to_text` never makes."""
    created, _, rest = text.partition("~")
    kind, _, name = rest.partition("~")
    return Entry(int(created), kind, name) if created.isdecimal() and len(created) < 12 and kind in KINDS else None
