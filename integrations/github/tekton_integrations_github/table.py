"""The tasks of a run as a table, in the order in which they started, with the steps of those that failed. Of very many,
those that failed are shown first, and the rest is counted: half a row would break the page. Pure.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from tekton_integrations import Child, Run, Skipped, State, Step
from tekton_integrations.outcome import Culprit, blamed, culprits, itself, labels, platform, skipped, tries
from tekton_integrations.text import one_line, size, took
from tekton_integrations_github.markdown import name, prose, row
from tekton_integrations_github.states import LOOKS

MOST_ROWS = 60
_MOST_STEPS = 30
_LONGEST_REASON = 240
# For the sentence that counts what was left out.
_ROOM_FOR_REST = 300


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A task's row and the rows of its steps; `bad`: it is left out last."""

    rows: tuple[str, ...]
    word: str
    bad: bool = False

    @property
    def text(self) -> str:
        return "".join(f"{each}\n" for each in self.rows)


def table(run: Run, children: Sequence[Child], room: int, most: int = MOST_ROWS) -> str:
    """At most `room` bytes; with nothing to show, or no room, empty. More than `most` rows only of what failed."""
    if own := itself(run, children):
        head, entries = "Step", [_step_entry(own, step) for step in own.steps]
    else:
        head, entries = "Task", [*_tasks(run, children), *map(_skipped, run.skipped)]
    lines = f"{row(head, 'State', 'Duration', 'Reason')}\n{row('---', '---', '---', '---')}\n"
    kept = _kept(entries, room - size(lines) - _ROOM_FOR_REST, most)
    if not kept:
        return ""
    rest = [entry for number, entry in enumerate(entries) if number not in kept]
    return lines + "".join(entries[number].text for number in sorted(kept)) + _rest(rest, head)


def _kept(entries: Sequence[_Entry], room: int, most: int) -> set[int]:
    kept: set[int] = set()
    for number in sorted(range(len(entries)), key=lambda number: not entries[number].bad):
        entry = entries[number]
        if not entry.bad and len(kept) >= most:
            break
        room -= size(entry.text)
        if room < 0:
            break
        kept.add(number)
    return kept


def _rest(entries: Sequence[_Entry], head: str) -> str:
    if not entries:
        return ""
    words = Counter(entry.word.lower() for entry in entries)
    counts = ", ".join(f"{number:,} {word}" for word, number in words.most_common())
    return f"\n{len(entries):,} more {head.lower()}{'s' if len(entries) > 1 else ''}: {counts}.\n"


def _tasks(run: Run, children: Sequence[Child]) -> Iterator[_Entry]:
    blame = {culprit.child.name: culprit for culprit in culprits(run, children)}
    label = labels(run, children)
    for child in sorted(children, key=_by_start):
        look, culprit = LOOKS[child.state], blame.get(child.name)
        cells = (
            name(label[child.name]),
            f"{look.sign} {look.word}",
            _short(child.started, child.finished),
            _why(child, culprit),
        )
        steps = _steps(child) if culprit else ()
        yield _Entry(rows=(row(*cells), *steps), word=look.word, bad=bool(culprit) or child.state not in _GOOD)


_GOOD = (State.SUCCEEDED, State.SKIPPED, State.QUEUED, State.RUNNING, State.CANCELLED)


def _short(started: float | None, finished: float | None) -> str:
    return took(started, finished).replace("less than a second", "under 1 s")


def _by_start(child: Child) -> tuple[float, str]:
    return float("inf") if child.started is None else child.started, child.name


def _why(child: Child, culprit: Culprit | None) -> str:
    if culprit:
        text = culprit.cause.text
        return prose(one_line(f"{text}, in all {child.retries + 1} tries" if child.retries else text, _LONGEST_REASON))
    held = None if child.state.final else platform(child)
    return prose(one_line(held.text, _LONGEST_REASON)) if held else tries(child)


def _skipped(task: Skipped) -> _Entry:
    look = LOOKS[State.SKIPPED]
    cells = (name(task.task), f"{look.sign} {look.word}", "", prose(one_line(skipped(task.reason), _LONGEST_REASON)))
    return _Entry(rows=(row(*cells),), word=look.word)


def _steps(child: Child) -> Iterator[str]:
    """Below their task: what ran before the step that failed, and what could not run after it."""
    if not any(step.exit_code for step in child.steps):
        return
    for step in child.steps[:_MOST_STEPS]:
        yield row(f"└ {name(step.name)}", *_step_cells(child, step))
    if len(child.steps) > _MOST_STEPS:
        yield row(f"└ {len(child.steps) - _MOST_STEPS:,} more steps", "", "", "")


def _step_entry(child: Child, step: Step) -> _Entry:
    sign, duration, reason = _step_cells(child, step)
    return _Entry(rows=(row(name(step.name), sign, duration, reason),), word=sign.partition(" ")[2], bad=bool(reason))


def _step_cells(child: Child, step: Step) -> tuple[str, str, str]:
    """State, duration, reason."""
    culprit = blamed(child)
    state, taken = _step_state(child, step, culprit), _short(step.started, step.finished)
    if state is State.QUEUED and child.state.final:
        return "⏭ Did not run", "", ""
    sign = f"{LOOKS[state].sign} {LOOKS[state].word}"
    if step is not culprit or state is not State.FAILED:
        return sign, taken, ""
    return sign, taken, "out of memory" if step.reason == "OOMKilled" else f"exit code {step.exit_code}"


def _step_state(child: Child, step: Step, culprit: Step | None) -> State:
    if step is culprit:
        return child.state if child.state in (State.CANCELLED, State.TIMED_OUT) else State.FAILED
    if culprit is not None and any(each is culprit for each in child.steps[: _place(child, step)]):
        return State.QUEUED
    if step.exit_code == 0:
        return State.SUCCEEDED
    if step.finished is not None:
        return State.FAILURE_IGNORED
    return State.RUNNING if step.started is not None and not child.state.final else State.QUEUED


def _place(child: Child, step: Step) -> int:
    return next(place for place, each in enumerate(child.steps) if each is step)
