"""Which children of a run a person should look at, the root of the failure first, and how a line names them. Pure."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from tekton_integrations.outcome.causes import cause_of, cause_of_run, invalid
from tekton_integrations.outcome.infrastructure import Cause, Rank, blamed
from tekton_integrations.run import Child, Run, State

# These are also said when a result is missing because of what failed before.
_FOLLOWING = frozenset({"InvalidTaskResultReference", "InvalidPipelineResultReference", "PipelineValidationFailed"})
_JOINTS = {Rank.INVALID: " could not start: ", Rank.PLATFORM: ": ", Rank.STEP: " failed: "}


class Culprit(msgspec.Struct, frozen=True, kw_only=True):
    """`wants_log`: the end of its log may tell more than the cause does."""

    child: Child
    cause: Cause

    @property
    def wants_log(self) -> bool:
        return self.cause.log

    @property
    def joint(self) -> str:
        """What stands between the task's name and the cause."""
        tries = self.child.retries + 1
        return f" failed in all {tries} tries: " if tries > 1 else _JOINTS[self.cause.rank]

    @property
    def sentence(self) -> str:
        return f"{self.child.task}{self.joint}{self.cause.text}"

    @property
    def alone(self) -> str:
        """As a sentence of its own, where the task's name would only say again what is shown."""
        text = self.cause.text[:1].upper() + self.cause.text[1:]
        if self.child.retries:
            return f"Failed{self.joint.removeprefix(' failed')}{self.cause.text}"
        words = {Rank.INVALID: f"Could not start: {self.cause.text}", Rank.STEP: f"Failed: {self.cause.text}"}
        return words.get(self.cause.rank, text)


def itself(run: Run, children: Sequence[Child]) -> Child | None:
    """A TaskRun is its own child."""
    found = len(children) == 1 and children[0].name == run.name and run.kind != "PipelineRun"
    return children[0] if found else None


def culprits(run: Run, children: Sequence[Child]) -> list[Culprit]:
    """Root cause first. While the run goes on, too: what failed already may be mended before the rest has ended."""
    blame = [child for child in children if _to_blame(run, child, itself(run, children))]
    found = [Culprit(child=child, cause=cause_of(child, run.namespace)) for child in blame]
    return sorted(found, key=_order)


def _to_blame(run: Run, child: Child, own: Child | None) -> bool:
    if child.state.red or (child.state is State.FAILURE_IGNORED and child is own):
        return True
    return run.state is State.TIMED_OUT and child.state is State.CANCELLED


def _order(culprit: Culprit) -> tuple[int, float, float, str]:
    child = culprit.child
    step = blamed(child)
    ended = step.finished if step and step.finished is not None else child.finished
    never = float("inf")
    started = never if child.started is None else child.started
    return culprit.cause.rank, never if ended is None else ended, started, child.name


def run_to_blame(run: Run, found: Sequence[Culprit]) -> Cause | None:
    """The run's own cause, where that is the root: what was asked for is invalid, or no child says more."""
    if run.state is State.COULD_NOT_START:
        return cause_of_run(run)
    if run.state is State.FAILED and (not found or (invalid(run.reason) and run.reason not in _FOLLOWING)):
        return cause_of_run(run)
    return None


def labels(run: Run, children: Sequence[Child]) -> dict[str, str]:
    """By the child's name, what people call it: its task or, where a matrix makes several of one, its own name."""
    often = Counter(child.task for child in children)
    return {
        child.name: child.name.removeprefix(f"{run.name}-") if often[child.task] > 1 else child.task
        for child in children
    }


def and_more(found: Sequence[Culprit]) -> str:
    return f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""


def ignored(run: Run, children: Sequence[Child]) -> list[Child]:
    """Those that failed and may."""
    own = itself(run, children)
    return [child for child in children if child.state is State.FAILURE_IGNORED and child is not own]


def tries(child: Child) -> str:
    """Of one that did not fail."""
    return f"needed {child.retries + 1} tries" if child.retries else ""
