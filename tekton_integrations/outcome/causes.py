"""Why a task failed, in plain words with a piece of advice, and which failure is the root of the others: first what is
invalid, then what the cluster did (image, memory, eviction, time), then the step that failed first. Pure.

Reasons: pkg/apis/pipeline/v1/taskrun_types.go and pkg/pod/status.go of https://github.com/tektoncd/pipeline.
"""

import re

import msgspec

from tekton_integrations.outcome.infrastructure import LONGEST, Cause, Rank, blamed, platform
from tekton_integrations.outcome.messages import before, essence, exited
from tekton_integrations.run import Child, Run, State
from tekton_integrations.text import one_line, spoken, took

_EXITS = {
    126: "its command can't be executed",
    127: "command not found",
    130: "interrupted",
    134: "aborted",
    137: "killed, often for want of memory",
    139: "crashed: segmentation fault",
    143: "terminated from outside",
}
_INVALID = re.compile(
    r"(Invalid|CouldntGet|Param|ObjectParam|RequiredWorkspace|CELEvaluation|PipelineInvalid)(?!\w*Results?\Z)"
    r"|\w*(?<!Results)(Validation|Verification|Resolution)Failed\Z|CreateRunFailed\Z|CustomRunWorkspaceNotSupported\Z"
)
_SLOW_STEP = re.compile(r'"(?:step-)?([^"]{1,253})" exited because the step exceeded the specified timeout limit')


def cause_of(child: Child, namespace: str) -> Cause:
    """Of a child that failed, timed out, was cancelled or could not start."""
    if child.state is State.TIMED_OUT:
        return _late(child, namespace, f"timed out after {taken}" if (taken := _taken(child)) else "timed out")
    if child.state is State.CANCELLED:
        return _late(child, namespace, "still running when the time was up")
    return (
        platform(child)
        or _invalid(child, namespace)
        or _step(child)
        or _container(child)
        or Cause(rank=Rank.STEP, text=_told(child, namespace), log=bool(child.steps))
    )


def _taken(child: Child) -> str:
    return took(child.started, child.finished)


def _late(child: Child, namespace: str, text: str) -> Cause:
    """Tekton tells what it waited for until then, if that was anything."""
    _, reason, message = before(child.message)
    held = platform(msgspec.structs.replace(child, state=State.RUNNING, reason=reason, message=message, steps=()))
    if held is None:
        return Cause(rank=Rank.PLATFORM, text=text, log=True)
    return Cause(rank=Rank.PLATFORM, text=f"{text}: {held.text}", advice=held.advice)


def _invalid(child: Child, namespace: str) -> Cause | None:
    if child.state is not State.COULD_NOT_START and not invalid(child.reason):
        return None
    return Cause(rank=Rank.INVALID, text=_told(child, namespace))


def invalid(reason: str) -> bool:
    """Whether it says that what was asked for can't be run."""
    return _INVALID.match(reason) is not None


def _step(child: Child) -> Cause | None:
    if found := _SLOW_STEP.search(child.message):
        return Cause(
            rank=Rank.PLATFORM, text=f"step {found[1]} ran longer than it may", advice="see its timeout", log=True
        )
    step = blamed(child)
    if step is None or child.reason in ("SidecarFailed", "InitContainerFailed"):
        return None
    return Cause(rank=Rank.STEP, text=_ended(f"step {step.name}", step.exit_code or 0), log=True)


def _container(child: Child) -> Cause | None:
    ended = exited(child.message)
    if ended is None:
        return None
    return Cause(rank=Rank.STEP, text=_ended(ended.who, ended.code), log=ended.what == "step")


def _ended(who: str, code: int) -> str:
    known = _EXITS.get(code) or (f"killed by signal {code - 128}" if 128 < code < 160 else "")
    return f"{who} exited with code {code}{f' ({known})' if known else ''}"


def _told(child: Child, namespace: str) -> str:
    """Tekton's message without what only names the run; else its reason."""
    if text := one_line(essence(child.message, namespace, child.name), LONGEST):
        return text
    return "no reason was given" if child.reason in ("", "Failed", "Error") else spoken(child.reason)


def cause_of_run(run: Run) -> Cause:
    """From what the run itself says."""
    return cause_of(
        Child(
            name=run.name,
            task=run.name,
            state=run.state,
            reason=run.reason,
            message=run.message,
            started=run.started,
            finished=run.finished,
            steps=(),
        ),
        run.namespace,
    )
