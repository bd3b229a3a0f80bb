"""Summary and text of a check run: what happened, the root cause first, the tasks, and the ends of the logs of those
that failed. Each fits into what GitHub takes; what was left out is counted. Pure.

Limits: 65,535 characters and also bytes each, https://docs.github.com/en/rest/checks/runs.
"""

from collections.abc import Mapping, Sequence

import msgspec

from tekton_integrations import Child, Excerpt, Run, Skipped, State
from tekton_integrations.outcome import Cause, Culprit, culprits, ignored, itself, labels, run_to_blame, skipped
from tekton_integrations.text import count, one_line, size, took
from tekton_integrations_github.excerpts import logs
from tekton_integrations_github.markdown import code, name, prose
from tekton_integrations_github.states import LOOKS
from tekton_integrations_github.table import table

MAX_BYTES = 65_000
MAX_NOTES = 4_000
_NAMED = 10
_LONGEST_CAUSE = 500
_LONGEST_MESSAGE = 2000
_HEADS = {State.RUNNING: "Failed so far", State.CANCELLED: "Failed before"}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown besides the run and its children. `excerpts` are by the child's name; `notes` are sentences of our
    own for the end, and `footer` the very last. A comment also needs the check's `name` and page, and the commit."""

    excerpts: Mapping[str, Excerpt] = {}
    details_url: str = ""
    name: str = ""
    check_url: str = ""
    sha: str = ""
    notes: tuple[str, ...] = ()
    footer: str = ""


def summary(run: Run, children: Sequence[Child], notes: Sequence[str] = (), footer: str = "") -> str:
    """`footer` says why all this is there."""
    before = [sentence(run), *reasons(run, children), *_ignored(run, children)]
    after = [*_original(run), *_fitting(notes), *([prose(one_line(footer, _LONGEST_MESSAGE))] if footer else [])]
    room = MAX_BYTES - size("\n\n".join([*before, *after])) - 4
    return "\n\n".join(filter(None, [*before, table(run, children, room).rstrip("\n"), *after]))


def unrun(run: Run, task: Skipped) -> str:
    """Of a task that did not run; Tekton's own words are for those who look for them."""
    words = skipped(task.reason)
    said = f"\n\nTekton says {name(one_line(task.reason, _LONGEST_CAUSE))}" if words != task.reason else ""
    why = f": {prose(one_line(words, _LONGEST_CAUSE))}" if words else ""
    return f"{name(task.task)} did not run{why}.\n\n{sentence(run)}{said}"


def text(run: Run, children: Sequence[Child], excerpts: Mapping[str, Excerpt]) -> str:
    """The logs, that of the root cause first; empty without any."""
    found = [culprit.child for culprit in culprits(run, children)]
    blamed = {child.name for child in found}
    ordered = [*found, *(child for child in children if child.name not in blamed)]
    return logs([(child, excerpts[child.name]) for child in ordered if child.name in excerpts], MAX_BYTES)


def sentence(run: Run) -> str:
    taken = took(run.started, run.finished)
    word = "in" if run.state is State.SUCCEEDED else "after"
    lasted = f" {word} {taken}" if taken and run.state not in (State.SKIPPED, State.COULD_NOT_START) else ""
    return f"{run.kind} {name(run.name)} in namespace {name(run.namespace)} {LOOKS[run.state].verb}{lasted}."


def reasons(run: Run, children: Sequence[Child], most: int = _NAMED) -> list[str]:
    """Root cause first, then all else that failed, as far as it is not in the table alone."""
    found = culprits(run, children)
    own = run_to_blame(run, found)
    if own:
        first, others = f"**Cause:** {_advised(own)}", found
    elif found:
        first, others = f"**{_HEADS.get(run.state, 'Cause')}:** {_named(run, children, found[0])}", found[1:]
    else:
        return []
    lines = [f"- {_named(run, children, culprit)}" for culprit in others[:most]]
    if len(others) > most:
        lines.append(f"- {count(len(others) - most, 'more task')}")
    return [first, *(["Also failed:\n\n" + "\n".join(lines)] if lines else [])]


def _named(run: Run, children: Sequence[Child], culprit: Culprit) -> str:
    if itself(run, children):
        return _advised(culprit.cause)
    label = labels(run, children)[culprit.child.name]
    return f"{name(label)}{culprit.joint}{_advised(culprit.cause)}"


def _advised(cause: Cause) -> str:
    advice = f"; {cause.advice}" if cause.advice else ""
    return f"{prose(one_line(cause.text, _LONGEST_CAUSE))}{advice}."


def _ignored(run: Run, children: Sequence[Child]) -> list[str]:
    names = [name(child.task) for child in ignored(run, children)]
    if not names:
        return []
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return [f"Failed, which the pipeline ignores: {', '.join(names[:_NAMED])}{more}."]


def _original(run: Run) -> list[str]:
    """Tekton's own words, for those who look for them."""
    if not run.final or run.state in (State.SUCCEEDED, State.SKIPPED):
        return []
    said = f": {code(run.message[:_LONGEST_MESSAGE])}" if run.message else ""
    return [f"Tekton says {name(run.reason)}{said}"]


def _fitting(notes: Sequence[str]) -> list[str]:
    shown: list[str] = []
    for note in notes:
        if size("\n\n".join([*shown, prose(note)])) <= MAX_NOTES:
            shown.append(prose(note))
    return shown
