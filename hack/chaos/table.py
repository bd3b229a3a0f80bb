"""The rows as a table: 80 columns wide for a terminal, and for docs/chaos.md."""

from collections.abc import Iterable, Iterator, Sequence

from .cases import CASES
from .stage import Row

_LINE = "{:<34}{:>6}{:>9}{:>6}{:>6}{:>6}{:>7}{:>6}"
HEAD = _LINE.format("case", "seed", "expected", "lost", "dupl.", "stale", "maybe", "s")
NOTES = """\
expected  pairs of a run and a service (GitHub, Slack, webhook, cloudevent) that are to
          show the run's end; lost: never did; stale: something older in the end
dupl.     check runs, cards or milestones that stand twice; maybe: cards of these whose
          record said MaybeSent, as Slack can't be asked
s         from the first run on until nothing was left to do"""


def line(row: Row) -> str:
    counts = (row.expected, row.lost, row.duplicated, row.stale, row.maybe_sent)
    return _LINE.format(CASES[row.case].title, row.seed, *counts, round(row.seconds))


def remarks(row: Row) -> Iterator[str]:
    """What else is not as it should be."""
    if not row.struck:
        yield f"{row.case}: nothing of what was to disturb was felt"
    if row.unsettled:
        yield f"{row.case}: {row.unsettled} records still waited for something"


def markdown(rows: Sequence[Row]) -> str:
    """A line for each case, over all seeds."""
    seeds = sorted({row.seed for row in rows})
    which = f"seeds {', '.join(map(str, seeds))}" if len(seeds) > 1 else f"seed {seeds[0]}"
    return "\n".join(
        [
            f"`--runs {rows[0].runs}`, {which}:",
            "",
            "| Case | expected | lost | duplicated | stale | maybe_sent | repeats | states/s | seconds |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *(_row(name, [row for row in rows if row.case == name]) for name in _played(rows)),
        ]
    )


def _played(rows: Iterable[Row]) -> list[str]:
    found = {row.case for row in rows}
    return [name for name in CASES if name in found]


def _row(name: str, rows: Sequence[Row]) -> str:
    def all_of(field: str) -> int:
        return int(sum(getattr(row, field) for row in rows))

    counts = [all_of(each) for each in ("expected", "lost", "duplicated", "stale", "maybe_sent", "repeats")]
    least, most = round(min(row.pace for row in rows)), round(max(row.seconds for row in rows))
    return f"| {CASES[name].title} (`{name}`) | {' | '.join(map(str, counts))} | {least} | {most} |"
