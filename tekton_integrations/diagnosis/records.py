"""Reports that got stuck, by what their records say."""

from collections import Counter
from collections.abc import Sequence

from tekton_integrations.diagnosis.findings import Finding, Level
from tekton_integrations.reasons import of
from tekton_integrations.record import Record

# Seconds after which a try that is due and was not made is overdue; what waits for a service may be late by minutes.
OVERDUE = 600.0
_NAMED = 3


def stuck(records: Sequence[Record], now: float) -> list[Finding]:
    """`now`: the API server's time, in seconds since the epoch."""
    ours = [each for each in records if not each.open]
    found = [*_given_up(ours), *_overdue(ours, now)]
    waiting = sum(not (each.reported or each.given_up) for each in ours)
    said = f"{len(ours)} in all, of which {waiting} go on"
    return [*found, Finding(subject="reports", level=Level.OK, said=said)]


def _given_up(records: Sequence[Record]) -> list[Finding]:
    given_up = [each for each in records if each.given_up]
    counts = Counter(each.condition.reason for each in given_up)
    return [_one(reason, [each for each in given_up if each.condition.reason == reason]) for reason in sorted(counts)]


def _one(reason: str, records: Sequence[Record]) -> Finding:
    names = ", ".join(sorted(f"{each.namespace}/{each.run.name}" for each in records)[:_NAMED])
    more = f" and {len(records) - _NAMED} more" if len(records) > _NAMED else ""
    known = of(records[0].integration).get(reason)
    return Finding(
        subject="reports",
        level=Level.WARNING,
        said=f"{len(records)} given up for {reason}: {names}{more}",
        cure=known.cure if known else "see `why` for each",
    )


def _overdue(records: Sequence[Record], now: float) -> list[Finding]:
    late = [each for each in records if each.next_attempt is not None and now - each.next_attempt > OVERDUE]
    if not late:
        return []
    names = ", ".join(sorted(f"{each.namespace}/{each.run.name}" for each in late)[:_NAMED])
    said = f"{len(late)} should have been tried again more than {OVERDUE / 60:.0f} minutes ago: {names}"
    cure = "see whether a controller works, above; then its log"
    return [Finding(subject="reports", level=Level.PROBLEM, said=said, cure=cure)]
