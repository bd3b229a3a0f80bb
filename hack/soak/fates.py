"""What becomes of each run, and what all services must show in the end."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tekton_integrations_slack.looks import LOOKS

from hack.recording import Step
from tekton_integrations import State

INTEGRATIONS = ("github", "slack", "webhook", "cloudevent")
MILESTONES = ("created", "started", "finished")


@dataclass(frozen=True, kw_only=True)
class Fate:
    """`children`: its TaskRuns are there, too. `until`: it is deleted before the first such step."""

    recording: str
    state: State
    conclusion: str
    children: bool = False
    until: Callable[[Step], bool] | None = None

    @property
    def color(self) -> str:
        return LOOKS[self.state].color

    @property
    def gone(self) -> bool:
        """Whether it is deleted while it runs."""
        return self.until is not None


def _ends(step: Step) -> bool:
    return step.kind == "PipelineRun" and step.status in ("True", "False")


GREEN = Fate(recording="skipped", state=State.SUCCEEDED, conclusion="success")
WHOLE = Fate(recording="success", state=State.SUCCEEDED, conclusion="success", children=True)
RED = Fate(recording="failure", state=State.FAILED, conclusion="failure", children=True)
CANCELLED = Fate(recording="cancelled", state=State.CANCELLED, conclusion="cancelled")
GONE = Fate(recording="success", state=State.CANCELLED, conclusion="cancelled", until=_ends)
# Of a hundred runs in a row: which are not green, or have TaskRuns.
_OTHERS: Mapping[int, Fate] = {3: RED, 23: WHOLE, 33: RED, 43: WHOLE, 50: CANCELLED, 63: RED, 75: GONE, 83: WHOLE}


def fate(number: int) -> Fate:
    return _OTHERS.get(number % 100, GREEN)


def asks(number: int) -> tuple[str, ...]:
    """Which integrations the run asks for: every tenth for all, the others for one each in turn. All runs for all would
    cost the API server a processor of its own."""
    return INTEGRATIONS if number % 10 == 3 else (INTEGRATIONS[(number + number // 100) % 4],)


def name(number: int) -> str:
    return f"run-{number:06d}"


def sha(number: int) -> str:
    return hashlib.sha1(name(number).encode(), usedforsecurity=False).hexdigest()
