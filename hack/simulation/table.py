"""The figures as a table, and what each column means."""

from collections.abc import Sequence

from .figures import Delays, Figures
from .workload import FLOOD, SMALL

_HEAD = (
    "profile and faults",
    "calls",
    "made/updated/read/comments/tokens",
    "drained: expected",
    "reached",
    "flood: p99",
    "largest",
    "small: p99",
    "largest",
    "alone",
    "refused",
    "early",
    "lost",
    "doubled",
    "stale",
    "CPU s",
    "hours",
)
NOTES = """\
calls     check runs made and changed, reads, comments made and changed, tokens; refused ones, too
drained   when the last end was shown, since the first run began; expected: see hack/simulation/drain.py
p99       from a run's end until it was shown, of 99 of 100 runs; largest: of all; alone: without the flood
refused   calls that were answered 403 or 429; early: calls while a limit was known to be exceeded
lost      ends, findings or comments that are not shown; stale: something else is shown than the last state"""
_KINDS = (
    ("POST /repos/{repo}/check-runs",),
    ("PATCH /repos/{repo}/check-runs/{check_run_id}",),
    ("GET",),
    ("POST /repos/{repo}/issues", "PATCH /repos/{repo}/issues"),
    ("POST /app/",),
)


def table(figures: Sequence[Figures], alone: Sequence[Figures]) -> str:
    """`alone`: those of the small tenant without the flood, in the same order."""
    rows = [_HEAD, *(_row(each, single) for each, single in zip(figures, alone, strict=True))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "  ".join(_cell(text, width, index) for index, (text, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    return "\n".join([*lines, "", NOTES])


def _cell(text: str, width: int, column: int) -> str:
    return text.rjust(width) if column else text.ljust(width)


def _row(figures: Figures, alone: Figures) -> tuple[str, ...]:
    flood, small = figures.delays[FLOOD], figures.delays[SMALL]
    return (
        figures.scenario,
        f"{sum(figures.calls.values()):,}",
        "/".join(str(_count(figures, kinds)) for kinds in _KINDS),
        _long(figures.expected),
        _long(figures.reached),
        *_delays(flood),
        *_delays(small),
        _short(alone.delays[SMALL].largest),
        str(figures.refused),
        *(str(each) for each in (figures.early, len(figures.lost), len(figures.doubled), len(figures.stale))),
        f"{figures.cpu:.0f}",
        f"{figures.settled / 3600:.1f}",
    )


def _count(figures: Figures, kinds: Sequence[str]) -> int:
    return sum(count for endpoint, count in figures.calls.items() if endpoint.startswith(tuple(kinds)))


def _delays(delays: Delays) -> tuple[str, str]:
    return _short(delays.most), _short(delays.largest)


def _long(seconds: float) -> str:
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"


def _short(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else _long(seconds)
