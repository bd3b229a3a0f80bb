"""The outcome of a run in one line that a person understands without opening the page. Pure."""

from collections.abc import Sequence

from tekton_integrations.outcome.blame import Culprit, and_more, culprits, ignored, itself, run_to_blame
from tekton_integrations.outcome.causes import cause_of, cause_of_run
from tekton_integrations.outcome.infrastructure import blamed, platform
from tekton_integrations.outcome.messages import Tally, tally
from tekton_integrations.run import Child, Run, State
from tekton_integrations.text import count, listed, one_line, took

MAX_TITLE = 255
_GOING = {
    "CancelledRunningFinally": "Being cancelled",
    "PipelineRunStopping": "Stopping after a failure",
    "PipelineRunTimeoutRunningFinally": "Out of time, ending",
    "ResolvingPipelineRef": "Fetching the pipeline",
    "ResolvingStepActionRef": "Fetching a step",
    "ResolvingTaskRef": "Fetching the task",
    "StoppedRunningFinally": "Being stopped",
    "ToBeRetried": "Failed, about to be tried again",
}
_LATE = (State.CANCELLED, State.TIMED_OUT)
_ON_HOLD = frozenset({"PipelineRunPending", "TaskRunPending"})


def title(run: Run, children: Sequence[Child]) -> str:
    """At most 255 characters, which is what GitHub takes."""
    return one_line(_title(run, children), MAX_TITLE)


def _title(run: Run, children: Sequence[Child]) -> str:
    match run.state:
        case State.SUCCEEDED:
            return f"Succeeded{_after(run, 'in')}{_ignored(run, children)}"
        case State.SKIPPED:
            return "Skipped: no task had to run"
        case State.COULD_NOT_START:
            return f"Could not start: {cause_of_run(run).text}"
        case State.CANCELLED:
            return f"Cancelled{_after(run)}"
        case State.TIMED_OUT:
            return _timed_out(run, children)
        case State.FAILED:
            return _failed(run, children)
        case State.FAILURE_IGNORED:
            return f"{_failed(run, children)} (ignored)"
        case State.QUEUED:
            return _queued(run, children)
        case _:
            return _running(run, children)


def _after(run: Run, word: str = "after") -> str:
    return f" {word} {taken}" if (taken := took(run.started, run.finished)) else ""


def _ignored(run: Run, children: Sequence[Child]) -> str:
    names = [child.task for child in ignored(run, children)]
    return f" ({listed(names, 3)} failed, which is ignored)" if names else ""


def _failed(run: Run, children: Sequence[Child]) -> str:
    found = culprits(run, children)
    if cause := run_to_blame(run, found):
        return f"Failed: {_counted(run) or cause.text}"
    if not found:
        return f"Failed: {cause_of_run(run).text}"
    return found[0].alone if itself(run, children) else f"{found[0].sentence}{and_more(found)}"


def _counted(run: Run) -> str:
    counts = tally(run.message)
    return f"{counts.failed:,} of {count(counts.due, 'task')} failed" if counts and counts.failed else ""


def _timed_out(run: Run, children: Sequence[Child]) -> str:
    own = itself(run, children)
    if own:
        step = blamed(own)
        return f"Timed out{_after(run)}{f' in step {step.name}' if step else ''}{_held(own, run)}"
    found = culprits(run, children)
    late = [culprit.child for culprit in found if culprit.child.state in _LATE]
    names = listed([child.task for child in late], 3)
    where = f" in task{'s' if len(late) > 1 else ''} {names}" if late else ""
    others = [culprit for culprit in found if culprit.child not in late]
    more = f"; {others[0].sentence}{and_more(others)}" if others else ""
    return f"Timed out{_after(run)}{where}{_held(late[0], run) if len(late) == 1 else ''}{more}"


def _held(child: Child, run: Run) -> str:
    """What a child that ran out of time had waited for."""
    if child.state not in _LATE or (cause := cause_of(child, run.namespace)).log:
        return ""
    return f": {cause.text.partition(': ')[2]}"


def _queued(run: Run, children: Sequence[Child]) -> str:
    if run.reason in _ON_HOLD:
        return "Queued: on hold until its spec.status is changed"
    return f"Queued{_waits(run, children, ': ')}"


def _running(run: Run, children: Sequence[Child]) -> str:
    word = _GOING.get(run.reason, "")
    progress = _progress(run, children)
    return f"{': '.join(filter(None, (word, progress))) or 'Running'}{_waits(run, children, '; ')}"


def _progress(run: Run, children: Sequence[Child]) -> str:
    if own := itself(run, children):
        done = sum(step.exit_code is not None or step.finished is not None for step in own.steps)
        return f"{done} of {count(len(own.steps), 'step')} done" if own.steps else ""
    counts = tally(run.message) or _told_by(children)
    if counts is None or not counts.due:
        return ""
    failures = f", {counts.failed:,} failed" if counts.failed else ""
    return f"{counts.completed:,} of {count(counts.due, 'task')} done{failures}"


def _told_by(children: Sequence[Child]) -> Tally | None:
    if not children:
        return None
    done = sum(child.state.final for child in children)
    failures = sum(child.state.red for child in children)
    return Tally(completed=done, failed=failures, incomplete=len(children) - done, skipped=0)


def _waits(run: Run, children: Sequence[Child], joint: str) -> str:
    """What keeps a task from going on, if it is something that a person can mend."""
    own = itself(run, children)
    for child in children:
        if not child.state.final and (cause := platform(child)):
            return f"{joint}{cause.text}" if child is own else f"{joint}{Culprit(child=child, cause=cause).sentence}"
    return ""
