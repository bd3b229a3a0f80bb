"""The steps of a report, as far as its record and the run tell: asked for, matched, granted, waiting, sent."""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec.structs import replace

from tekton_integrations import words
from tekton_integrations.record import Record
from tekton_integrations.requests import Asked, asked_by
from tekton_integrations.story.values import MATCHED, Facts, Stage, Step

# Reasons for which a report ends before a Provider is looked for, and those for which no Provider is found.
_UNASKED = frozenset(
    {
        "AnnotationTooLong",
        "InheritedAnnotationIgnored",
        "InvalidAnnotation",
        "MissingAnnotation",
        "NotInstalled",
        "NotOurs",
        "ReportedElsewhere",
        "UnknownAnnotation",
        "UnsupportedVersion",
    }
)
_UNGRANTED = {
    "AmbiguousProvider": "more than one Provider grants it",
    "NoProvider": "there is no Provider for it",
    "NotGranted": "no Provider grants it",
}


def steps(record: Record, asked: Asked | None, facts: Facts) -> Iterator[Step]:
    """Up to the one at which it stopped."""
    reason = record.condition.reason
    counts = reason not in _UNASKED
    who = _asked(record, asked, facts)
    yield Step(stage=Stage.ASKED, done=counts, text=who if counts else f"{who}, which is of no use as it stands")
    for path in asked.notifications if asked else filter(None, (record.notification,)):
        yield Step(stage=Stage.MATCHED, done=True, text=f"matched by Notification {path}")
    if not counts:
        return
    if reason in _UNGRANTED:
        yield Step(stage=Stage.GRANTED, done=False, text=_UNGRANTED[reason])
        return
    if record.provider:
        yield _granted(record, facts)
    if record.next_attempt is not None and not (record.reported or record.given_up):
        yield waits(record.next_attempt, facts.now)
    yield _sent(record)


def asks(asked: Asked, facts: Facts) -> Iterator[Step]:
    """Of a report that has no record yet."""
    if facts.run is not None:
        yield Step(stage=Stage.ASKED, done=True, text=asked_by(facts.run, asked))
    for path in asked.notifications:
        yield Step(stage=Stage.MATCHED, done=True, text=f"matched by Notification {path}")


def waits(until: float, now: float) -> Step:
    """Times as everywhere: seconds since the epoch."""
    if until <= now:
        return Step(stage=Stage.WAITS, done=True, text="waited, and is due now")
    return Step(stage=Stage.WAITS, done=None, text=f"waits until {moment(until)}")


def moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _asked(record: Record, asked: Asked | None, facts: Facts) -> str:
    """What was inferred is known by the record alone: whether a controller infers is its own business."""
    if facts.run is not None and asked is not None:
        return asked_by(facts.run, replace(asked, sources=record.sources or asked.sources))
    named = [record.notification] if record.notification else []
    who = words.asked_by(own=not (named or record.sources), notifications=named, sources=record.sources)
    return f"no more; it was {who}" if facts.run is not None and _withdrawn(record, facts) else who


def _withdrawn(record: Record, facts: Facts) -> bool:
    """Whether it is sure that what asked asks no more: a Notification may be out of our sight."""
    if not record.notification:
        return not record.sources
    outcomes = {match.outcome for match in facts.matches or () if match.notification == record.notification}
    return bool(outcomes) and MATCHED not in outcomes


def _granted(record: Record, facts: Facts) -> Step:
    text = words.granted_by(record.provider)
    found = next((each for each in facts.providers or () if each.path == record.provider), None)
    if found is None:
        read = facts.providers is not None
        return Step(stage=Stage.GRANTED, done=not read, text=f"{text}, which is gone" if read else text)
    verdict = found.standing.verdict
    if verdict is not None and verdict.status == "False":
        why = "" if verdict.message == record.condition.message else f": {verdict.message}"
        return Step(stage=Stage.GRANTED, done=False, text=f"{text}, which is not ready{why}")
    return Step(stage=Stage.GRANTED, done=True, text=text)


def _sent(record: Record) -> Step:
    tried = "one try failed" if record.attempts == 1 else f"{record.attempts:,} tries in a row failed"
    failed = f"; {tried}" if record.attempts else ""
    if not record.observed_state:
        return Step(stage=Stage.SENT, done=False if record.given_up else None, text=f"nothing sent so far{failed}")
    shows = f"shows {record.observed_state}"
    if record.given_up:
        return Step(stage=Stage.SENT, done=False, text=f"it still {shows}{failed}")
    since = f" since {moment(record.condition.last_transition)}" if record.reported else ""
    return Step(stage=Stage.SENT, done=True if not failed else None, text=f"{shows}{since}{failed}")
