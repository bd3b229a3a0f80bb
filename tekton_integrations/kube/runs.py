"""The runs in the cluster that somebody still has to report, the last state of those that were just deleted.
Children are the business of children.py, and what is below a run that of below.py.
"""

import re
import time
from collections.abc import Callable, Collection, Iterator

import msgspec

from tekton_integrations.kube.below import Below
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.informer import Handler, Informer
from tekton_integrations.kube.lister import Lister, newer, remember
from tekton_integrations.kube.metadata_json import PARENT_LABEL
from tekton_integrations.kube.own_words import on_its_own
from tekton_integrations.kube.runs_json import decode_child, decode_run
from tekton_integrations.kube.source import Source
from tekton_integrations.requests import Request, for_run
from tekton_integrations.run import KINDS, Child, Run

# So many deleted runs are remembered with their last state until it was shown, and by their uid alone. To have
# forgotten one of the latter costs a call where its name still waits.
_LAST, _GONE = 20_000, 4_096
# Seconds; longer than nobody is in charge after a holder was killed.
_GAP = 60.0

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


class Runs:
    """`namespace`: only runs in there; empty for all. `wanted` tells whether a run still has to be reported: one
    that has not takes no memory, and `dropped` hears of it. `judge` gives what a run is after looking at whom it says
    to belong to."""

    def __init__(self, client: KubeClient, silence: float, namespace: str = "") -> None:
        self._client, self._below = client, Below(client)
        self.wanted: Callable[[Run], bool] = lambda _: True
        self.judge: Callable[[Run], Run] = lambda run: run
        self.decode: Callable[[bytes | msgspec.Raw], Run] = decode_run
        self.dropped: Callable[[Run], None] = lambda _: None
        self._last: dict[str, Run] = {}
        self._when: dict[str, float] = {}
        # Who still has to look at a deleted run.
        self._waiting: dict[str, set[tuple[str, str]]] = {}
        self._gone: dict[int, None] = {}
        self._at_start: set[str] = set()
        # Children that are reported on their own, which the informers leave out; see children.py.
        self._adopted: dict[str, Lister[Run]] = {kind: Lister() for kind in KINDS}
        self._handlers: list[Handler[Run]] = []
        self.informers: dict[str, Informer[Run]] = {
            kind: Informer(
                client,
                Source(
                    kind,
                    collection(*api, namespace),
                    lambda raw: self.judge(self.decode(raw)),
                    silence,
                    selector={"labelSelector": f"!{PARENT_LABEL}"},
                    keep=self._keep,
                ),
                Lister[Run](),
            )
            for kind, api in KINDS.items()
        }
        for informer in self.informers.values():
            informer.add_handler(self.changed)

    def __iter__(self) -> Iterator[Run]:
        for informer in self.informers.values():
            yield from informer.lister
        for adopted in self._adopted.values():
            yield from adopted

    def add_handler(self, handler: Handler[Run]) -> None:
        self._handlers.append(handler)

    def changed(self, before: Run | None, now: Run | None) -> None:
        if now is None and before is not None:
            remember(self._gone, hash(before.uid), None, _GONE)
        for handler in self._handlers:
            handler(before, now)

    def get(self, kind: str, namespace: str, name: str) -> Run | None:
        """From the cache."""
        return self.informers[kind].lister.get(namespace, name) if kind in KINDS else None

    async def find(self, request: Request, fence: int = 0) -> Run | None:
        """The run itself, not another one of the same name; read from the API server where the cache doesn't have
        it, or may be older than `fence`. Nobody takes a run for deleted just because it isn't cached."""
        if request.kind not in KINDS:
            return None  # nobody but a forger of records asks for such
        informer, key = self.informers[request.kind], (request.namespace, request.name)
        run = informer.lister.get(*key)
        if run and run.uid == request.uid and max(int(run.resource_version), informer.version) >= fence:
            return run
        child = self._adopted[request.kind].get(*key)
        if child and child.uid == request.uid and int(child.resource_version) >= fence:
            return child
        if hash(request.uid) in self._gone:
            return None
        read = await self.read(request.kind, *key)
        if read is None and run is not None and run.uid == request.uid and informer.lister.get(*key) is run:
            # A server that just starts may not know the kind yet. If it is true, the watch says so in a moment.
            raise ApiError(404, "Unsure", f"{request.kind} {request.name} is cached, and the API server has it not")
        if read is None or read.uid != request.uid:
            return None
        # Whose it is has yet to be looked at. That somebody asks for its name says that it was reported before.
        return on_its_own(read, {request.integration}) if read.parent else read

    async def read(self, kind: str, namespace: str, name: str) -> Run | None:
        """From the API server."""
        if (raw := await self.fetch(kind, namespace, name)) is None:
            return None
        return self.judge(self.decode(raw))

    def take(self, run: Run, *, watched: bool) -> None:
        """News of a run that says to be another's child and is reported on its own; `watched` by an informer here."""
        if watched:
            if self.wanted(run):
                self.informers[run.kind].observe(run)
                self.changed(None, run)
            return
        adopted = self._adopted[run.kind]
        before = adopted.get(run.namespace, run.name)
        if before is not None and before.uid != run.uid:
            self.lost(before.kind, before.namespace, before.name)
            before = None
        if self.wanted(run):
            if adopted.put(run):
                self.changed(before, run)
        elif adopted.remove(run.namespace, run.name):
            self.changed(before, run)

    def lost(self, kind: str, namespace: str, name: str) -> None:
        """Such a child was deleted."""
        if run := self._adopted[kind].remove(namespace, name):
            self.changed(run, None)

    def lost_all_but(self, kind: str, seen: Collection[int]) -> None:
        """Such children were deleted while nobody looked: `seen` are the hashes of what is there."""
        for run in self._adopted[kind].missing(seen):
            self.lost(kind, run.namespace, run.name)

    def drop_unless_wanted(self, kind: str, namespace: str, name: str) -> None:
        """Its record says that it is done: it needs no place in the cache any more."""
        if kind not in self.informers:
            return
        for cache in (self.informers[kind].lister, self._adopted[kind]):
            run = cache.get(namespace, name)
            if run is not None and not self.wanted(run):
                cache.remove(namespace, name)
                self._at_start.discard(run.uid)
                self.dropped(run)

    async def renew(self, kind: str, namespace: str, name: str) -> None:
        """Looks anew at what a cached run asks, although it has not changed. Raises ApiError."""
        run, before = await self.read(kind, namespace, name), self.get(kind, namespace, name)
        same = run is not None and before is not None and run.uid == before.uid
        if run is None or before is None or not same or newer(before.resource_version, run.resource_version):
            return  # the watch tells, or has told
        lister = self.informers[kind].lister
        lister.remove(namespace, name)
        if self.wanted(run):
            lister.put(run)
        self.changed(before, run)

    def relist(self) -> None:
        for informer in self.informers.values():
            informer.relist()

    def remember(self, run: Run, requests: Collection[Request]) -> None:
        """A deleted run, which these still have to look at."""
        remember(self._last, run.uid, run, _LAST)
        remember(self._when, run.uid, time.monotonic(), _LAST)
        remember(self._waiting, run.uid, {(each.integration, each.notification) for each in requests}, _LAST)

    def just_deleted(self) -> list[Run]:
        """Those that went while perhaps nobody was in charge. What was done about them may be unknown."""
        since = time.monotonic() - _GAP
        found = [run for uid, run in self._last.items() if self._when.get(uid, 0.0) > since]
        self._at_start |= {run.uid for run in found}
        return found

    def last(self, uid: str) -> Run | None:
        """What a deleted run was when it was last seen; None if nobody looked."""
        return self._last.get(uid)

    def forget(self, request: Request) -> None:
        """It is done with a deleted run; the last one that says so ends our memory of it."""
        waiting = self._waiting.get(request.uid, set())
        waiting.discard((request.integration, request.notification))
        if not waiting:
            self._waiting.pop(request.uid, None)
            self._last.pop(request.uid, None)
            self._when.pop(request.uid, None)
            self._at_start.discard(request.uid)

    def older_than_us(self, uid: str) -> bool:
        """The run was there when we started, and what an earlier process did about it may be unknown."""
        return uid in self._at_start

    def started(self, unknown: Callable[[Run], bool]) -> Iterator[None]:
        """All caches are filled: remember, one by one, which of the runs that are there nobody keeps a record of."""
        for run in self:
            if for_run(run) and unknown(run):
                self._at_start.add(run.uid)
            yield

    async def children(self, run: Run) -> list[Child]:
        """What is below the run, in the order in which it started; of a TaskRun, itself. Raises ApiError.

        Nothing where we may not read it, or it is gone with the run: a report without details beats no report.
        """
        if run.kind == "TaskRun":
            raw = await self.fetch(run.kind, run.namespace, run.name)
            return [decode_child(raw)[1]] if raw else []
        return await self._below.children(run)

    async def fetch(self, kind: str, namespace: str, name: str) -> bytes | None:
        """The JSON of a run; None if there is none. Raises ApiError."""
        if kind not in KINDS or not _NAME.fullmatch(name):
            return None  # nothing can have that name, and in a URL it would be another call
        try:
            return await self._client.get(f"{collection(*KINDS[kind], namespace)}/{name}")
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def _keep(self, run: Run) -> bool:
        if self.wanted(run):
            return True
        if run.children and run.asks:
            self.dropped(run)
        return False
