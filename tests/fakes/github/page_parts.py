"""Pieces of the web pages: what a check's state looks like, and in which words."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from tests.fakes.github.clock import seconds
from tests.fakes.github.entities import CheckRun, Commit, Repository, Status

# Drawn on 16 by 16, for a filled circle or a ring behind it.
TICK = '<path class="mark" d="M4.6 8.3l2.3 2.3 4.6-4.9"/>'
CROSS = '<path class="mark" d="M5.3 5.3l5.4 5.4m0-5.4l-5.4 5.4"/>'
DASH = '<path class="mark" d="M4.8 8h6.4"/>'
SLASH = '<path class="mark" d="M4.4 11.6l7.2-7.2"/>'
HANDS = '<path class="mark" d="M8 4.2V8l2.6 1.8"/>'
POINT = '<path class="mark" d="M8 4v4.6m0 2.6v.4"/>'
SQUARE = '<rect class="dot" x="5.2" y="5.2" width="5.6" height="5.6" rx="1"/>'
DOT = '<circle class="dot" cx="8" cy="8" r="3.2"/>'


@dataclass(frozen=True)
class Look:
    kind: str  # class of the stylesheet: good, bad, quiet, busy
    shape: str
    solid: bool
    word: str  # in counts: "1 failing, 2 successful"
    sentence: str  # in a line: "Failing after 12s"


LOOKS = {
    "success": Look("good", TICK, True, "successful", "Successful in"),
    "failure": Look("bad", CROSS, True, "failing", "Failing after"),
    "error": Look("bad", CROSS, True, "failing", "Failing after"),
    "timed_out": Look("bad", HANDS, True, "timed out", "Timed out after"),
    "action_required": Look("warn", POINT, True, "waiting for action", "Action required after"),
    "cancelled": Look("quiet", SLASH, False, "cancelled", "Cancelled after"),
    "skipped": Look("quiet", SLASH, False, "skipped", "Skipped after"),
    "stale": Look("quiet", DASH, False, "stale", "Stale after"),
    "neutral": Look("quiet", SQUARE, False, "neutral", "Neutral after"),
    "queued": Look("busy", DOT, False, "queued", "Queued"),
    "pending": Look("busy", DOT, False, "pending", "Pending"),
    "in_progress": Look("busy turning", DOT, False, "in progress", "In progress"),
}


def state_of(report: CheckRun | Status) -> str:
    if isinstance(report, Status):
        return report.state
    return report.conclusion or report.status


def icon(state: str) -> str:
    look = LOOKS[state]
    disc = '<circle class="disc" cx="8" cy="8" r="8"/>' if look.solid else '<circle class="ring" cx="8" cy="8" r="7"/>'
    label = escape(state.replace("_", " "))
    return (
        f'<svg class="icon {look.kind}" viewBox="0 0 16 16" width="16" height="16" role="img" '
        f'aria-label="{label}">{disc}{look.shape}</svg>'
    )


def sentence(run: CheckRun) -> str:
    look = LOOKS[state_of(run)]
    if run.status != "completed":
        return look.sentence
    return f"{look.sentence} {duration(run)}" if duration(run) else look.sentence.rpartition(" ")[0]


def _worst_first(words: Counter[str]) -> list[tuple[str, int]]:
    order = list(dict.fromkeys(look.word for look in LOOKS.values() if look.kind != "good"))
    return sorted(words.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))


def duration(run: CheckRun) -> str:
    """Empty where it took no time."""
    if not run.started_at or not run.completed_at:
        return ""
    total = max(0, round(seconds(run.completed_at) - seconds(run.started_at)))
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return " ".join(f"{number}{unit}" for number, unit in parts if number)


def verdict(states: Iterable[str]) -> tuple[str, str, str]:
    """(state of the icon, headline, counts) of a commit, as the box of a pull request says it."""
    counted = Counter(LOOKS[state].word for state in states)
    counts = ", ".join(f"{number} {word}" for word, number in _worst_first(counted))
    kinds = {LOOKS[state].kind.split()[0] for state in states}
    if not kinds:
        return "neutral", "No checks", "Nothing has been reported on this commit"
    if {"bad", "warn"} & kinds or {"cancelled", "stale"} & set(states):
        return "failure", "Some checks were not successful", counts
    if "busy" in kinds:
        return "in_progress", "Some checks haven't completed yet", counts
    return "success", "All checks have passed", counts


def top(repository: Repository, commit: Commit | None = None) -> str:
    name = escape(repository.full_name)
    crumbs = f'<a href="/">GitHub look-alike</a> / <a href="/{name}"><b>{name}</b></a>'
    if commit:
        crumbs += f' / <a href="/{name}/commit/{commit.sha}/checks"><code>{commit.sha[:7]}</code></a>'
    return f'<header class="top">{crumbs}</header>'
