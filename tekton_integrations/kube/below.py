"""What is below a run: a live read, for reports that have to say what failed.

Anybody who may create runs may give theirs the label by which we ask, and fill each up to the 1.5 MiB that etcd takes:
so no more is in memory at once than some pages, and after so many pages or bytes the rest is left out.
"""

import asyncio
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
        """The runs that a PipelineRun lists and controls, in the order in which they started: one call for ten of each
        kind that is among them. Nothing of a kind that we may not read, and not all where there is too much. Raises
        ApiError."""
        found = [child for kind in run.child_kinds for child in await self._of_kind(run, kind)]
        return sorted(found, key=lambda child: (child.started or float("inf"), child.name))

    async def _of_kind(self, run: Run, kind: str) -> list[Child]:
        try:
            return await self._listed(run, collection(*KINDS[kind], run.namespace))
        except ApiError as error:
            if error.status in (403, 404):
                return []
            raise

    async def _listed(self, run: Run, path: str) -> list[Child]:
        found: list[Child] = []
        query, left = {"labelSelector": f"{PARENT_LABEL}={run.name}", "limit": str(PAGE)}, MOST
        for _ in range(PAGES):
            page = await self._page(path, query)
            # The label can be forged; the owner's uid says whose child it is.
            found += [child for parent, child in page.children if parent == run.uid]
            left -= page.size
            query["continue"] = page.continued
            if left <= 0 or not page.continued:
                break
        return found

    async def _page(self, path: str, query: dict[str, str]) -> _Page:
        """Nothing of the JSON is kept."""
        async with self._turns:
            raw = await self._client.get(path, query)
            listed = msgspec.json.decode(raw, type=_List)
            return _Page([decode_child(item) for item in listed.items], len(raw), listed.metadata.continued)
