"""What the page about a run shows of it, its tasks and their steps: values for templates, in plain words. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tekton_integrations.outcome import (
    Cause,
    Culprit,
    blamed,
    cause_of,
    culprits,
    itself,
    labels,
    platform,
    title,
    tries,
)
from tekton_integrations.outcome import skipped as why_skipped
from tekton_integrations.run import Child, Run, Skipped, State, Step
from tekton_integrations.text import count, took

# Of more tasks those that failed are shown first, and the rest is counted.
MOST_ROWS = 250
MOST_STEPS = 50
_LONGEST_MESSAGE = 4000


@dataclass(frozen=True)
class Look:
    """`tone` is a colour, and `icon` a shape, since no state is told by colour alone."""

    word: str
    icon: str
    tone: str


LOOKS: Mapping[State, Look] = {
    State.QUEUED: Look("Queued", "clock", "soft"),
    State.RUNNING: Look("Running", "ring", "going"),
    State.SUCCEEDED: Look("Succeeded", "check", "good"),
    State.SKIPPED: Look("Skipped", "skip", "soft"),
    State.FAILED: Look("Failed", "cross", "bad"),
    State.FAILURE_IGNORED: Look("Failed, ignored", "warn", "warn"),
    State.COULD_NOT_START: Look("Could not start", "cross", "bad"),
    State.CANCELLED: Look("Cancelled", "stop", "soft"),
    State.TIMED_OUT: Look("Timed out", "clock", "bad"),
}
_DONE, _WENT_WRONG, _NEVER = LOOKS[State.SUCCEEDED], LOOKS[State.FAILED], Look("Did not run", "skip", "soft")


@dataclass(frozen=True, kw_only=True)
class Span:
    """Seconds since the epoch. `took` in words, empty as long as it is not over."""

    started: float | None
    finished: float | None

    @property
    def took(self) -> str:
        return took(self.started, self.finished).replace("less than a second", "under 1 s")

    @property
    def going(self) -> bool:
        return self.started is not None and self.finished is None


_NO_TIME = Span(started=None, finished=None)


@dataclass(frozen=True, kw_only=True)
class StepRow:
    name: str
    look: Look
    span: Span
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A task. `run` is the name of the TaskRun or CustomRun, empty for a task that was skipped; `message` Tekton's own
    words, where they may say more than the note."""

    id: str
    name: str
    look: Look
    span: Span
    note: str = ""
    advice: str = ""
    message: str = ""
    run: str = ""
    kind: str = ""
    steps: tuple[StepRow, ...] = ()
    more_steps: int = 0

    @property
    def opens(self) -> bool:
        return bool(self.steps or self.message)


@dataclass(frozen=True, kw_only=True)
class View:
    """`begin` and `end` bound the timeline, in seconds since the epoch; `end` is None while it grows. `rest` counts the
    tasks that are left out."""

    run: Run
    look: Look
    headline: str
    span: Span
    begin: float
    end: float | None
    rows: tuple[Row, ...]
    rest: str = ""


def view(run: Run, children: Sequence[Child]) -> View:
    span = Span(started=run.started, finished=run.finished if run.final else None)
    rows = [*_rows(run, children), *map(_skipped, run.skipped)]
    kept, left_out = _bounded(rows)
    ends = [child.finished for child in children if child.finished] + ([run.finished] if run.finished else [])
    return View(
        run=run,
        look=LOOKS[run.state],
        headline=title(run, children),
        span=span,
        begin=min([run.created, *([run.started] if run.started else [])]),
        end=max(ends, default=run.created) if run.final else None,
        rows=tuple(kept),
        rest=_rest(left_out) if rows else "No task ran." if run.final else "No task has begun.",
    )


def _rows(run: Run, children: Sequence[Child]) -> list[Row]:
    blame = {culprit.child.name: culprit for culprit in culprits(run, children)}
    label = labels(run, children)
    own = itself(run, children)
    return [_row(child, label[child.name], blame.get(child.name), child is own, run) for child in _sorted(children)]


def _sorted(children: Sequence[Child]) -> list[Child]:
    return sorted(children, key=lambda child: (child.started or float("inf"), child.name))


def _row(child: Child, name: str, culprit: Culprit | None, own: bool, run: Run) -> Row:
    held = None if child.state.final else platform(child)
    cause = culprit.cause if culprit else held or _ignored(child, run)
    note = cause.text if cause else ""
    if child.retries:
        note = f"{note}, in all {child.retries + 1} tries" if culprit else note or tries(child)
    return Row(
        id=f"row-{child.kind}-{child.name}",
        name=child.name if own else name,
        look=LOOKS[child.state],
        span=Span(started=child.started, finished=child.finished),
        note=note,
        advice=cause.advice if cause else "",
        message=child.message[:_LONGEST_MESSAGE] if child.state is not State.SUCCEEDED else "",
        run="" if own else child.name,
        kind=child.kind,
        steps=tuple(_step(child, step) for step in child.steps[:MOST_STEPS]),
        more_steps=max(0, len(child.steps) - MOST_STEPS),
    )


def _ignored(child: Child, run: Run) -> Cause | None:
    """Nobody is to blame for what may fail, but why it did is worth a line."""
    return cause_of(child, run.namespace) if child.state is State.FAILURE_IGNORED else None


def _skipped(task: Skipped) -> Row:
    look = LOOKS[State.SKIPPED]
    return Row(id=f"row-skipped-{task.task}", name=task.task, look=look, span=_NO_TIME, note=why_skipped(task.reason))


def _step(child: Child, step: Step) -> StepRow:
    culprit = blamed(child)
    span = Span(started=step.started, finished=step.finished)
    if step is culprit:
        look = LOOKS[child.state] if child.state in (State.CANCELLED, State.TIMED_OUT) else _WENT_WRONG
        note = "out of memory" if step.reason == "OOMKilled" else f"exit code {step.exit_code}"
        return StepRow(name=step.name, look=look, span=span, note=note)
    look = _step_look(child, step, culprit)
    # Tekton gives times, too, to what did not run.
    return StepRow(name=step.name, look=look, span=_NO_TIME if look is _NEVER else span)


def _step_look(child: Child, step: Step, culprit: Step | None) -> Look:
    if culprit is not None and child.steps.index(culprit) < child.steps.index(step):
        return _NEVER  # Tekton gives it an exit code all the same
    if step.exit_code == 0:
        return _DONE
    if step.finished is not None:
        return LOOKS[State.FAILURE_IGNORED]
    if child.state.final:
        return _NEVER
    return LOOKS[State.RUNNING if step.started is not None else State.QUEUED]


def _bounded(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Those that are shown, in their order, and the others."""
    worst = sorted(range(len(rows)), key=lambda number: rows[number].look.tone not in ("bad", "warn", "going"))
    shown, others = sorted(worst[:MOST_ROWS]), worst[MOST_ROWS:]
    return [rows[number] for number in shown], [rows[number] for number in others]


def _rest(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    words = Counter(row.look.word.lower() for row in rows)
    counts = ", ".join(f"{number:,} {word}" for word, number in words.most_common())
    return f"And {count(len(rows), 'more task')}: {counts}."
