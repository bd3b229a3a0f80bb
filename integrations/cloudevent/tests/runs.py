"""Recorded runs as the API server has them, and milestones."""

import json
from typing import Any

from hack.recording import load
from tekton_integrations import Milestone, Run
from tests.recorded import recorded

AT = 1_800_000_064.0


def milestone(name: str = "finished", number: int = 1) -> Milestone:
    return Milestone(key=name, name=name, sequence=number, id=f"id-{name}-{number}", time=AT + 0.25)


def manifest(name: str, until: int | None = None) -> tuple[Run, dict[str, Any]]:
    """A recorded run in the end, or after so many writes, and its manifest as the core hands it over."""
    steps = [step for step in load(name) if step.kind in ("PipelineRun", "TaskRun")]
    last = [step for step in steps[:until] if step.uid == steps[0].uid][-1]
    found: dict[str, Any] = json.loads(json.dumps(last.object))
    found["metadata"].pop("managedFields", None)
    return recorded(name, until)[0], found
