"""What is below a run: a live read, for reports that have to say what failed.

Anybody who may create runs may give theirs the label by which we ask, and fill each up to the 1.5 MiB that etcd takes:
so no more is in memory at once than some pages, and after so many pages or bytes the rest is left out.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

import msgspec

from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.metadata_json import PARENT_LABEL
from tekton_integrations.kube.runs_json import decode_child
from tekton_integrations.run import KINDS, Child, Run

# Reading 20 of a namespace's 2,000 TaskRuns took kube-apiserver 1.36 8 ms of CPU as one list, 19 ms as pages of 5, and
# 31 ms one by one.
PAGE = 10
PAGES = 50
# Bytes of what its cache has at hand, which comes without pages.
AT_HAND = 4 * 1024 * 1024
# Bytes.
MOST = 32 * 1024 * 1024
# Pages that are read at once, for all runs.
AT_ONCE = 4


class _ListMetadata(msgspec.Struct):
    continued: str = msgspec.field(default="", name="continue")


class _List(msgspec.Struct):
    items: list[msgspec.Raw]
    metadata: _ListMetadata = msgspec.field(default_factory=_ListMetadata)


class _Page(NamedTuple):
    """`size` in bytes; `children` with the uid of the run that controls each."""

    children: list[tuple[str, Child]]
    size: int
    continued: str


class Below:
    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def children(self, run: Run) -> list[Child]:
        """The runs that a PipelineRun lists and controls, in the order in which they started: one call for each kind
        that is among them, of a run that goes on for ten of each. Nothing of a kind that we may not read, and not all
        where there is too much. Raises ApiError."""
        found = await self._ended(run) or await self._all(run, self._listed)
        return sorted(found, key=lambda child: (child.started or float("inf"), child.name))

    async def _ended(self, run: Run) -> list[Child]:
        """All of a run that has ended, if the API server's cache has them at hand with their ends.

        What is newest by all means, the other way to ask, is told when that cache has seen all that was written to etcd
        before: 40 to 120 ms later while other kinds are written. Here the ends tell that it is.
        https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list
        """
        if not run.final:
            return []
        found: list[Child] = []
        with suppress(ApiError):  # it may have no cache yet
            found = await self._all(run, self._at_hand)
        whole = {child.name for child in found}.issuperset(run.children) and all(child.state.final for child in found)
        return found if whole else []

    async def _all(self, run: Run, read: Callable[[Run, str], Awaitable[list[Child]]]) -> list[Child]:
        found: list[Child] = []
        for kind in run.child_kinds:
            try:
                found += await read(run, collection(*KINDS[kind], run.namespace))
            except ApiError as error:
                if error.status not in (403, 404):
                    raise
        return found

    async def _at_hand(self, run: Run, path: str) -> list[Child]:
        query = {"labelSelector": f"{PARENT_LABEL}={run.name}", "resourceVersion": "0"}
        async with self._turns:
            raw, size = await self._client.tail(path, query, AT_HAND, AT_HAND)
            return _of(run, _decoded(raw).children) if size <= AT_HAND else []

    async def _listed(self, run: Run, path: str) -> list[Child]:
        found: list[Child] = []
        query, left = {"labelSelector": f"{PARENT_LABEL}={run.name}", "limit": str(PAGE)}, MOST
        for _ in range(PAGES):
            page = await self._page(path, query)
            found += _of(run, page.children)
            left -= page.size
            query["continue"] = page.continued
            if left <= 0 or not page.continued:
                break
        return found

    async def _page(self, path: str, query: dict[str, str]) -> _Page:
        async with self._turns:
            return _decoded(await self._client.get(path, query))


def _decoded(raw: bytes) -> _Page:
    """Nothing of the JSON is kept."""
    listed = msgspec.json.decode(raw, type=_List)
    return _Page([decode_child(item) for item in listed.items], len(raw), listed.metadata.continued)


def _of(run: Run, found: list[tuple[str, Child]]) -> list[Child]:
    """The label can be forged; the owner's uid says whose child it is."""
    return [child for parent, child in found if parent == run.uid]
