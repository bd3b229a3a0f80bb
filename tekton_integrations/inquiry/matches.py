"""What comes of each Notification for one run: found by the controller's own code, with what is installed here."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from tekton_integrations import annotations
from tekton_integrations.integration import Integration
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.matching import Index, Standing
from tekton_integrations.notices import OPTED_OUT, TOO_MANY, Notices
from tekton_integrations.notification import Notification
from tekton_integrations.provider import Provider
from tekton_integrations.record import Record
from tekton_integrations.run import Run
from tekton_integrations.story import Match
from tekton_integrations.story.values import MATCHED, NOT_NOW, SUSPENDED
from tekton_integrations.tally import Tallies

# What one controller may do (--notified) is not known here.
_NO_CAP = 10**9
# What a Notification is told that names something which may only be out of our sight.
_HIDDEN = ("NoProvider", "NotInstalled")


class _Noted(Tallies):
    """Remembers what came of each run, by Notification and uid."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: dict[tuple[str, str], str] = {}

    def note(self, path: str, uid: str, outcome: str) -> bool:
        self.outcomes[path, uid] = MATCHED if outcome == "matched" else outcome
        return super().note(path, uid, outcome)


class Outcome(NamedTuple):
    run: Run
    matches: tuple[Match, ...]


class Matches:
    """`crowded`: those that count runs which are too many. `partial`: not all Providers and integrations could be read,
    so one that is missing may be there."""

    def __init__(
        self,
        integrations: Sequence[Integration],
        shared: str,
        notifications: Iterable[Notification],
        providers: Iterable[Provider],
        *,
        crowded: Collection[str],
        partial: bool,
    ) -> None:
        self._crowded = crowded
        self._integrations = integrations
        self._partial = partial
        self._providers = {(each.namespace, each.name): each for each in providers}
        self._live, self._live_noted = self._notices(shared)
        self._suspended, self._suspended_noted = self._notices(shared)
        self._faulty = Index(shared)
        for each in notifications:
            self._put(each)

    def of(self, raw: bytes | msgspec.Raw, records: Sequence[Record]) -> Outcome:
        """The run with all that ask for it, and what comes of each Notification that is about such runs."""
        kept = {record.notification for record in records} - {""}
        for notices in (self._live, self._suspended):
            notices.recorded = lambda _: kept
        run = decode_run(raw, notices=self._live)
        if self._suspended:
            decode_run(raw, notices=self._suspended)
        labels = msgspec.json.decode(raw, type=_Labelled).metadata.labels
        matches = tuple(self._matches(run, labels))
        return Outcome(run, tuple(self._admitted(each, run, kept) for each in matches))

    def _matches(self, run: Run, labels: Mapping[str, str]) -> Iterator[Match]:
        for standing in self._live.reaching(run, labels):
            path = standing.notification.path
            outcome = self._live_noted.outcomes.get((path, run.uid), NOT_NOW)
            yield Match(
                notification=path,
                outcome=outcome,
                integration=standing.integration.name,
                message=_message(outcome, standing, run),
            )
        for standing in self._suspended.reaching(run, labels):
            path = standing.notification.path
            if self._suspended_noted.outcomes.get((path, run.uid)) == MATCHED:
                yield Match(notification=path, outcome=SUSPENDED, integration=standing.integration.name)
        for standing in self._faulty.of(run.kind, run.namespace, labels):
            path = standing.notification.path
            problem = self._live.problem(path)
            if problem and not (self._partial and problem.reason in _HIDDEN):
                yield Match(notification=path, outcome=problem.reason, message=str(problem))

    def _admitted(self, match: Match, run: Run, kept: Collection[str]) -> Match:
        """How many of a namespace are open is known to the controller alone: of one that matches and has no record."""
        alone = any(each.notification == match.notification and each.record for each in run.matched)
        out = (
            match.outcome == MATCHED
            and alone
            and match.notification in self._crowded
            and match.notification not in kept
        )
        return replace(match, outcome=TOO_MANY) if out else match

    def _put(self, notification: Notification) -> None:
        path = notification.path
        self._live.put(notification)
        if self._live.problem(path) and self._integrations:
            # Whose it is doesn't matter to whether it is about a run.
            self._faulty.put(Standing(notification=notification, integration=self._integrations[0], within=""))
        elif notification.suspend:
            self._suspended.put(replace(notification, suspend=False))

    def _notices(self, shared: str) -> tuple[Notices, _Noted]:
        notices, noted = Notices(self._integrations, shared, _NO_CAP), _Noted()
        notices.provider = lambda namespace, name: self._providers.get((namespace, name))
        notices.tallies = noted
        return notices, noted


class _Metadata(msgspec.Struct):
    labels: dict[str, str] = {}


class _Labelled(msgspec.Struct):
    metadata: _Metadata


def _message(outcome: str, standing: Standing, run: Run) -> str:
    if outcome == OPTED_OUT:
        everything = run.annotations.get(annotations.SUSPEND_ALL) == "true"
        own = annotations.annotation(standing.integration.name, annotations.SUSPEND)
        return annotations.SUSPEND_ALL if everything else own
    return _filter(standing.notification) if outcome == NOT_NOW else ""


def _filter(notification: Notification) -> str:
    """What of a filter is about a moment, as people wrote it."""
    wanted = notification.filter
    results = [f"{each.name}={each.value}" for each in wanted.results]
    parts: dict[str, Any] = {"state": wanted.states, "reason": wanted.reasons, "result": results}
    said = [f"{name} {' or '.join(values)}" for name, values in parts.items() if values]
    return ", ".join([*said, *([wanted.expression] if wanted.expression else [])])
