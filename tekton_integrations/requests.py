"""Who asks for what: from a run's annotations to the names that go into work queues. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from tekton_integrations import annotations, words
from tekton_integrations.errors import PermanentError
from tekton_integrations.record import Record, RunRef, record_name
from tekton_integrations.run import Inferred, Matched, Run

_SWITCH = ("true", "false")
# Seconds by which a person's clock may be ahead of ours.
_SKEW = 300.0


class Request(NamedTuple):
    """The name of a piece of work: one run at one integration. Says nothing about the run's state."""

    integration: str
    notification: str
    kind: str
    namespace: str
    name: str
    uid: str

    @property
    def record_name(self) -> str:
        return record_name(self.name, self.uid, self.integration, self.notification)


class Asked(msgspec.Struct, frozen=True):
    """What a run asks of one integration: its options as written or inferred, and the keys that do not count.
    `sources`: where those came from that were inferred. `within`: the namespace that the Provider must be of, empty
    where it doesn't matter. `notifications`: those that ask, too. `again`: when somebody asked to have it reported
    again."""

    options: dict[str, str]
    ignored: tuple[str, ...]
    sources: dict[str, str] = {}
    within: str = ""
    notifications: tuple[str, ...] = ()
    again: str = ""


def asked(run: Run) -> dict[str, Asked]:
    """What a run itself asks, by integration. A run that another run controls asks nothing: its parent does."""
    if run.parent:
        return {}
    counted = annotations.by_integration(run.annotations)
    ignored = annotations.by_integration(dict.fromkeys(run.ignored, ""))
    inferred: dict[str, dict[str, Inferred]] = {}
    for each in run.inferred:
        inferred.setdefault(each.integration, {})[each.key] = each
    every = {
        name: _asked(_to_report(counted.get(name, {})), inferred.get(name, {}), ignored.get(name, {}))
        for name in sorted(counted.keys() | ignored.keys() | inferred.keys())
        if not annotations.suspended(run.annotations, name)
    }
    return {name: each for name, each in every.items() if each.options or each.ignored}


def asked_together(matched: Matched, own: Asked | None) -> Asked:
    """What a Notification asks for a run; where it is merged, what the run says (`own`) goes first."""
    if own is None:
        return Asked(matched.options, (), matched.sources, within=matched.within, notifications=(matched.notification,))
    return Asked(
        options=matched.options | own.options,
        ignored=own.ignored,
        sources={key: source for key, source in matched.sources.items() if key not in own.options} | own.sources,
        within="" if annotations.PROVIDER in own.options else matched.within,
        notifications=(matched.notification,),
    )


def asked_by(run: Run, wanted: Asked) -> str:
    """Who asks, in words."""
    merged = any(each.merged and each.notification in wanted.notifications for each in run.matched)
    own = not wanted.notifications and bool(wanted.ignored or wanted.options.keys() - wanted.sources.keys())
    return words.asked_by(own=own or merged, notifications=wanted.notifications, sources=wanted.sources)


def work(run: Run) -> dict[Request, Asked]:
    """All that is asked about a run: by itself, and by Notifications."""
    own, matched = asked(run), () if run.parent else run.matched
    covered = {each.integration for each in matched if each.merged or each.instead}
    every = {("", name): each for name, each in own.items() if name not in covered}
    for each in matched:
        every[each.record, each.integration] = asked_together(each, own.get(each.integration) if each.merged else None)
    return {
        Request(name, notification, run.kind, run.namespace, run.name, run.uid): replace(
            every[notification, name], again=annotations.report_at(run.annotations, name)
        )
        for notification, name in sorted(every)
    }


def ended_before(run: Run, integration: str, time: float, now: float) -> bool:
    """Whether nobody waits for its report any more, because it ended before `time` (seconds since the epoch) and nobody
    asked for it since. What is asked for the future does not count."""
    if not run.ended_before(time):
        return False
    asked_at = annotations.reported_at(annotations.report_at(run.annotations, integration))
    return not time <= asked_at <= now + _SKEW


def _asked(written: dict[str, str], inferred: dict[str, Inferred], ignored: Iterable[str]) -> Asked:
    left_out = {key: each for key, each in inferred.items() if key not in written}
    options = {key: each.value for key, each in left_out.items()} | written
    return Asked(options, tuple(sorted(ignored)), {key: each.source for key, each in left_out.items()})


def _to_report(written: dict[str, str]) -> dict[str, str]:
    """Without what only says whether to; another value of that is somebody's mistake, and told."""
    return {key: value for key, value in written.items() if key != annotations.SUSPEND or value not in _SWITCH}


def inherited(integration: str, key: str) -> PermanentError:
    """What to say of a key that does not count because Tekton copied it to the run."""
    where = annotations.annotation(integration, key)
    return PermanentError(
        "InheritedAnnotationIgnored",
        f"{where} came with a remotely resolved Pipeline and does not count; set it on the run itself",
    )


def for_run(run: Run) -> list[Request]:
    return list(work(run))


def for_record(record: Record) -> Request:
    return Request(
        record.integration,
        record.notification,
        record.run.kind,
        record.namespace,
        record.run.name,
        record.run.uid,
    )


def new_record(request: Request, run: Run) -> Record:
    return Record(
        namespace=run.namespace,
        name=request.record_name,
        run=RunRef(api_version=run.api_version, kind=run.kind, name=run.name, uid=run.uid),
        integration=request.integration,
        notification=request.notification,
    )


def sourced(record: Record, wanted: Asked) -> Record:
    """Where options came from is told whatever becomes of them."""
    return replace(record, sources=wanted.sources)
