"""Which of the runs that say to be another run's child are reported on their own.

Tekton copies a run's annotations down to its children, so those are the parent's business: they are selected out on
the server, and of them only the metadata is watched. But a child may carry annotations of its own (its Task's, its
pipeline task's), and a label or an owner can be forged: the parent must exist, and list it (docs/decisions/0010).
"""

import time
from array import array
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import NamedTuple

import msgspec

from tekton_integrations.annotations import asks_again
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.metadata_json import PARENT_LABEL, Labelled, decode_labelled
from tekton_integrations.kube.own_words import ALL, integration_of, on_its_own
from tekton_integrations.kube.runs import Runs
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.kube.source import Source
from tekton_integrations.log import logger
from tekton_integrations.run import KINDS, Run
from tekton_integrations.workqueue import WorkQueue, backoff

# Tekton lists a child a moment after it made it; and the children of a deleted run go a moment after it.
PATIENCE = 10.0
Verdict = frozenset[str]
SILENT: Verdict = frozenset()
NOBODY_ANSWERS: Verdict = frozenset({ALL})


class Suspect(NamedTuple):
    """`asked`: somebody wants to know what it is, and not just the watch has seen it. `waited`: when it was seen its
    parent had not listed it yet."""

    kind: str
    namespace: str
    name: str
    uid: str
    asked: bool = False
    waited: bool = False


class Children:
    """`informers` watch the runs with the label of children; `work` looks into what is not plain at once."""

    def __init__(self, client: KubeClient, runs: Runs, silence: float, namespace: str = "") -> None:
        self._runs = runs
        # Whether somebody wants to hear of it, whatever it says, if it is nobody's child.
        self.audited: Callable[[str, Labelled], bool] = lambda _kind, _child: False
        # uid → the integrations for which the run is reported on its own, which may be none.
        self._verdicts: dict[str, Verdict] = {}
        # By kind, hash of namespace and name of a child that carried nothing of its own → hash of its uid and of its
        # annotations' keys then: one that is taken from its parent later doesn't become its own.
        self._copies: dict[str, dict[int, int]] = {kind: {} for kind in KINDS}
        # Of the parents that are not cached: uid's hash → hash of the annotations' keys, then of each child's name.
        self._listed: dict[int, array[int]] = {}
        # uid → whether its parent was there, and since when that is so.
        self._since: dict[str, tuple[bool, float]] = {}
        self._queue: WorkQueue[Suspect] = WorkQueue(lambda suspect: suspect.namespace, cap=1)
        self._failures: dict[Suspect, int] = {}
        self.informers = {
            kind: Informer(
                client,
                Source(
                    f"{kind} (children)",
                    collection(*api, namespace),
                    decode_labelled,
                    silence,
                    selector={"labelSelector": PARENT_LABEL},
                    metadata_only=True,
                    keep=partial(self._look, kind),
                ),
                Lister[Labelled](),
            )
            for kind, api in KINDS.items()
        }
        for kind, informer in self.informers.items():
            informer.add_handler(partial(self._gone, kind))
            informer.on_list(partial(self._on_list, kind))
        runs.add_handler(lambda before, now: None if now or not before else self._run_gone(before))
        runs.judge = self.judge
        runs.dropped = self._remember_parent

    def judge(self, run: Run) -> Run:
        """The run as far as it counts on its own. One of which that is not known yet keeps its parent."""
        verdict = self._verdicts.get(run.uid)
        if verdict is not None:
            return on_its_own(run, verdict)
        if run.parent and run.asks:
            self._queue.add(Suspect(run.kind, run.namespace, run.name, run.uid, asked=True))
        return run

    async def work(self) -> None:
        """Until cancelled: looks at what is in doubt. Several may do so."""
        while True:
            suspect = await self._queue.get()
            again: float | None = None
            try:
                again = await self._examine(suspect)
                self._failures.pop(suspect, None)
            except (ApiError, msgspec.DecodeError) as error:
                again = self._failed(suspect)
                logger.debug("child not examined", error=str(error), name=suspect.name, namespace=suspect.namespace)
            except Exception:
                again = self._failed(suspect)
                logger.exception("bug", name=suspect.name, namespace=suspect.namespace)
            finally:
                self._queue.done(suspect)
            if again:
                self._queue.add_after(suspect, again)

    def _failed(self, suspect: Suspect) -> float:
        failures = self._failures[suspect] = self._failures.get(suspect, 0) + 1
        return backoff(failures)

    def _look(self, kind: str, child: Labelled) -> bool:
        """Nothing of it stays in the cache."""
        suspect = Suspect(kind, child.namespace, child.name, child.uid)
        if self._verdicts.get(child.uid):
            self._queue.add(suspect)
        elif (child.annotations or self.audited(kind, child)) and not self._known_copy(kind, child):
            self._weigh(child, suspect)
        return False

    def _weigh(self, child: Labelled, suspect: Suspect) -> None:
        """Without a call, where it is a child like nearly all: with the parent's annotations, and listed by it."""
        parent = self._runs.get(child.parent_kind, child.namespace, child.parent_name)
        if parent is None:
            listed = self._listed.get(hash(child.parent))
            if listed is None or listed[0] != _hash_of_keys(child.annotations) or hash(child.name) not in listed[1:]:
                self._queue.add(suspect)
        elif parent.uid != child.parent or not child.annotations.keys() <= keys(parent):
            self._queue.add(suspect)
        elif answers(parent, child):
            self._is_copy(suspect.kind, child)
        else:  # it will be; whenever the child changes until then, we look again
            self._since.setdefault(child.uid, (True, time.monotonic()))
            self._queue.add_after(suspect._replace(waited=True), PATIENCE)

    async def _examine(self, suspect: Suspect) -> float | None:
        """Decides about it and reports it on; gives the seconds after which to look again, if that is needed."""
        if suspect.waited and suspect.uid not in self._since:
            return None  # it was listed meanwhile, as nearly all are
        raw = await self._runs.fetch(suspect.kind, suspect.namespace, suspect.name)
        child = decode_labelled(raw) if raw else None
        if raw is None or child is None or child.uid != suspect.uid:
            self._since.pop(suspect.uid, None)
            return None
        if not suspect.asked and self._known_copy(suspect.kind, child):
            return None
        verdict = self._verdicts.get(child.uid) or await self._verdict(suspect.kind, child)
        if verdict is None:
            return self._left(child)
        self._since.pop(child.uid, None)
        self._verdicts[child.uid] = verdict
        run = self.judge(self._runs.decode(raw))
        if verdict:
            self._runs.take(run, watched=not child.labelled)
        elif suspect.asked:
            self._runs.changed(run, run)
        return None

    async def _verdict(self, kind: str, child: Labelled) -> Verdict | None:
        """The integrations for which it says what its parent doesn't; None where it is too early to tell."""
        if self._known_copy(kind, child):
            return SILENT
        parent = self._runs.get(child.parent_kind, child.namespace, child.parent_name)
        if parent is None or not answers(parent, child):
            raw = await self._runs.fetch(child.parent_kind, child.namespace, child.parent_name)
            parent = decode_run(raw) if raw else None
        if parent is None or not answers(parent, child):
            return self._unanswered(child, there=parent is not None and parent.uid == child.parent)
        if own := child.annotations.keys() - keys(parent):
            return frozenset(map(integration_of, own))
        self._is_copy(kind, child)
        return SILENT

    def _unanswered(self, child: Labelled, *, there: bool) -> Verdict | None:
        if child.going:
            return SILENT  # with its parent
        now = time.monotonic()
        was_there, since = self._since.setdefault(child.uid, (there, now))
        if was_there != there:
            self._since[child.uid] = (there, now)
            return None
        return NOBODY_ANSWERS if now - since >= PATIENCE else None

    def _left(self, child: Labelled) -> float:
        """Seconds until nobody can be expected to answer for it any more."""
        return max(0.01, self._since[child.uid][1] + PATIENCE - time.monotonic())

    def _is_copy(self, kind: str, child: Labelled) -> None:
        self._copies[kind][hash((child.namespace, child.name))] = _copy(child)
        self._since.pop(child.uid, None)

    def _known_copy(self, kind: str, child: Labelled) -> bool:
        return self._copies[kind].get(hash((child.namespace, child.name))) == _copy(child)

    def _remember_parent(self, run: Run) -> None:
        """A run that is not cached (any more): its children are still to be recognised."""
        self._listed[hash(run.uid)] = array("q", [_hash_of_keys(keys(run)), *map(hash, run.children)])
        for child in run.children:
            for copies in self._copies.values():
                copies.pop(hash((run.namespace, child)), None)

    def _run_gone(self, run: Run) -> None:
        self._listed.pop(hash(run.uid), None)
        self._verdicts.pop(run.uid, None)

    def _on_list(self, kind: str, seen: Collection[int]) -> None:
        self._runs.lost_all_but(kind, seen)
        self._copies[kind] = {key: copy for key, copy in self._copies[kind].items() if key in seen}

    def _gone(self, kind: str, before: Labelled | None, now: Labelled | None) -> None:
        if now is None and before is not None:
            self._copies[kind].pop(hash((before.namespace, before.name)), None)
            self._since.pop(before.uid, None)
            self._runs.lost(kind, before.namespace, before.name)
            self._verdicts.pop(before.uid, None)


def answers(parent: Run, child: Labelled) -> bool:
    """Whether it is the one that the child names, and knows of it. A CustomRun has no list of what it made."""
    return parent.uid == child.parent and (parent.kind == "CustomRun" or child.name in parent.children)


def _hash_of_keys(annotations: Iterable[str]) -> int:
    return hash(frozenset(annotations))


def _copy(child: Labelled) -> int:
    return hash((child.uid, frozenset(child.annotations)))


def keys(run: Run) -> set[str]:
    """Of its annotations, as in Labelled."""
    return {key for key in (*run.annotations, *run.ignored) if not asks_again(key)}
