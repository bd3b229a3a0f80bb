"""From Facts to Stories: of each record, of what asks and has none yet, of what is left out; else why nothing asks."""

from collections.abc import Iterator, Sequence

from tekton_integrations import annotations, reasons, words
from tekton_integrations.record import Record
from tekton_integrations.requests import Asked, Request, work
from tekton_integrations.story.silence import absent, elsewhere, left_out, nothing_asks, unreadable
from tekton_integrations.story.steps import steps
from tekton_integrations.story.values import MATCHED, NOT_NOW, Facts, Story, Verdict
from tekton_integrations.story.waiting import idle, pending
from tekton_integrations.text import clean

# Of a report that is tried again by itself.
_BY_ITSELF = frozenset({"InProgress", "MaybeSent", "Retrying", "ServiceDown", "Throttled"})


def stories(facts: Facts) -> tuple[Story, ...]:
    """One at least."""
    if facts.parent is not None:
        return elsewhere(facts), *stories(facts.parent)
    wanted = {
        request.record_name: (request, asked) for request, asked in (work(facts.run) if facts.run else {}).items()
    }
    records = facts.records or ()
    ours = [record for record in records if not record.open]
    told = [_of_record(record, _asked(wanted, record), facts) for record in ours]
    known = {record.name for record in ours}
    refused = {match.notification for match in facts.matches or () if match.outcome != MATCHED}
    wanted = {name: each for name, each in wanted.items() if name in known or each[0].notification not in refused}
    if facts.records is None:
        told += [unreadable(facts, request) for request, _ in wanted.values()]
    else:
        told += [pending(facts, request, asked) for name, (request, asked) in wanted.items() if name not in known]
    told += left_out(facts, {story.notification for story in told})
    if not told:
        told = [nothing_asks(facts) if facts.run else absent(facts)]
    return (*told, *map(_said, (record for record in records if record.open)))


def settled(facts: Facts, told: Sequence[Story]) -> bool:
    """Whether nothing more will come of the run, as far as can be told."""
    if not all(story.verdict.final for story in told):
        return False
    run = facts.run
    may_yet_ask = (
        run is not None
        and not run.final
        and (run.unresolved or any(each.outcome == NOT_NOW for each in facts.matches or ()))
    )
    return not (may_yet_ask and all(story.verdict.quiet for story in told))


def _asked(wanted: dict[str, tuple[Request, Asked]], record: Record) -> Asked | None:
    found = wanted.get(record.name)
    return found[1] if found else None


def _of_record(record: Record, asked: Asked | None, facts: Facts) -> Story:
    condition = record.condition
    story = Story(
        namespace=record.namespace,
        kind=record.run.kind,
        run=record.run.name,
        verdict=_verdict(record, facts),
        reason=condition.reason,
        sentence=words.sentence(condition.status, condition.message),
        integration=record.integration,
        notification=record.notification,
        fix=" ".join(_fix(record, facts)),
        url=record.url,
        provider=record.provider,
        since=condition.last_transition or None,
        until=record.next_attempt if condition.status == "Unknown" else None,
        steps=tuple(steps(record, asked, facts)),
    )
    return story if story.verdict.final else idle(story, facts)


def _verdict(record: Record, facts: Facts) -> Verdict:
    if record.reported:
        return Verdict.SHOWN
    if record.given_up:
        return Verdict.FAILED
    if record.condition.reason not in _BY_ITSELF:
        return Verdict.STUCK
    run = facts.run
    right = run is not None and not run.final and record.observed_state == run.state
    return Verdict.GOING_ON if right and record.condition.reason == "InProgress" else Verdict.WAITING


def _fix(record: Record, facts: Facts) -> Iterator[str]:
    reason = record.condition.reason
    if record.reported or reason == "InProgress":
        return
    if entry := reasons.of(record.integration).get(reason):
        yield entry.cure
    if reason == "NotInstalled" and (meant := _meant(record.integration, facts)):
        yield f"Did you mean {annotations.annotation(meant, '…')}?"


def _meant(name: str, facts: Facts) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  (seldom needed)

    return next(iter(get_close_matches(name, [each.name for each in facts.installed or ()], 1)), "")


def _said(record: Record) -> Story:
    """An open record: the word of whoever wrote it."""
    condition = record.condition
    return Story(
        namespace=record.namespace,
        kind=record.run.kind,
        run=record.run.name,
        verdict=Verdict.SAID,
        reason=clean(condition.reason),
        sentence=words.sentence(condition.status, condition.message),
        integration=record.integration,
        url=record.url,
        since=condition.last_transition or None,
    )
