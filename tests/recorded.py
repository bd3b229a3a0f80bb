"""Recordings of real Tekton runs, as the integration gets them."""

import json

from hack.recording import load
from tekton_integrations import Child, Run
from tekton_integrations.kube.runs_json import decode_child, decode_run

RECORDINGS = (
    "annotated-pipeline",
    "cancelled",
    "failure",
    "not-found",
    "remote-pipeline",
    "retries",
    "skipped",
    "success",
    "taskrun",
    "timeout",
)


def recorded(name: str, until: int | None = None) -> tuple[Run, list[Child]]:
    """The run and its children, a TaskRun as its own child, after so many writes (None: in the end)."""
    steps = [step for step in load(name) if step.kind in ("PipelineRun", "TaskRun")]
    last = {step.uid: json.dumps(step.object).encode() for step in steps[:until]}
    run = decode_run(last[steps[0].uid])
    decoded = [decode_child(raw) for raw in last.values()]
    own = [child for _, child in decoded if child.name == run.name and run.kind != "PipelineRun"]
    return run, own or [child for parent, child in decoded if parent == run.uid]
