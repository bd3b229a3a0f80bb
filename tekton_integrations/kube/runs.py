"""The runs in the cluster, the last state of those that were just deleted, and what is below a run."""

from collections.abc import Callable

import msgspec

from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.informer import Informer, Source
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.runs_json import decode_child, decode_run
from tekton_integrations.requests import Request, for_run
from tekton_integrations.run import KINDS, Child, Run


class _List(msgspec.Struct):
    items: list[msgspec.Raw]


class Runs:
    """`namespace`: only runs in there; empty for all."""

    def __init__(self, client: KubeClient, silence: float, namespace: str = "") -> None:
        self._client = client
        self._last: dict[str, Run] = {}
        # Who still has to look at a deleted run.
        self._waiting: dict[str, set[str]] = {}
        self._at_start: set[str] = set()
        self.informers: dict[str, Informer[Run]] = {
            kind: Informer(client, Source(kind, collection(*api, namespace), decode_run, silence), Lister[Run]())
            for kind, api in KINDS.items()
        }
        for informer in self.informers.values():
            informer.add_handler(self._on_change)

    def get(self, request: Request) -> Run | None:
        """The run itself, not another one of the same name."""
        run = self.informers[request.kind].lister.get(request.namespace, request.name)
        return run if run is not None and run.uid == request.uid else None

    def last(self, uid: str) -> Run | None:
        """What a deleted run was when it was last seen; None if nobody looked."""
        return self._last.get(uid)

    def forget(self, request: Request) -> None:
        """This integration is done with a deleted run; the last one that says so ends our memory of it."""
        waiting = self._waiting.get(request.uid, set())
        waiting.discard(request.integration)
        if not waiting:
            self._waiting.pop(request.uid, None)
            self._last.pop(request.uid, None)
            self._at_start.discard(request.uid)

    def older_than_us(self, uid: str) -> bool:
        """The run was there when we started, and what an earlier process did about it may be unknown."""
        return uid in self._at_start

    def started(self, unknown: Callable[[str], bool]) -> None:
        """All caches are filled: remember which of the runs that were there nobody keeps a record of."""
        for informer in self.informers.values():
            self._at_start |= {run.uid for run in informer.lister if for_run(run) and unknown(run.uid)}

    async def children(self, run: Run) -> list[Child]:
        """The TaskRuns that the run controls, in the order in which they started.

        None where we may not read them, or they are gone with the run: a report without details beats no report.
        """
        path = collection("tekton.dev/v1", "taskruns", run.namespace)
        try:
            raw = await self._client.get(path, {"labelSelector": f"tekton.dev/pipelineRun={run.name}"})
        except ApiError as error:
            if error.status in (403, 404):
                return []
            raise
        found = [decode_child(item) for item in msgspec.json.decode(raw, type=_List).items]
        # The label can be forged; the owner's uid says whose child it is.
        children = [child for parent, child in found if parent == run.uid]
        return sorted(children, key=lambda child: (child.started or float("inf"), child.name))

    def _on_change(self, before: Run | None, now: Run | None) -> None:
        if now is None and before is not None and (requests := for_run(before)):
            self._last[before.uid] = before
            self._waiting[before.uid] = {request.integration for request in requests}
