"""A run, what is below it, and its record, as integrations get them. What matters to a test is given as a change."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from tekton_integrations.integration import Integration
from tekton_integrations.record import Record, RunRef, record_name
from tekton_integrations.run import Child, Run, State, Step

RUN = Run(
    api_version="tekton.dev/v1",
    kind="PipelineRun",
    namespace="team-a",
    name="build-x7k2p",
    uid="8a6b",
    resource_version="100",
    generation=1,
    created=1_800_000_000.0,
    started=1_800_000_001.0,
    finished=None,
    state=State.RUNNING,
    reason="Running",
    message="Tasks Completed: 0 (Failed: 0, Cancelled 0), Incomplete: 1, Skipped: 0",
    pipeline="build",
    parent="",
    unresolved=False,
    annotations={},
    ignored=(),
)


def make_run(state: State = State.RUNNING, **changes: Any) -> Run:
    """One that ended has an end, and says its state as reason."""
    ended = {"finished": 1_800_000_064.0, "reason": str(state), "message": f"It was {state}."} if state.final else {}
    return replace(RUN, state=state, **(ended | changes))


def make_child(task: str = "test", state: State = State.FAILED, *steps: Step, **changes: Any) -> Child:
    made = Child(
        name=f"{RUN.name}-{task}",
        task=task,
        state=state,
        reason=str(state),
        message="",
        started=1_800_000_002.0,
        finished=1_800_000_003.0,
        steps=steps,
    )
    return replace(made, **changes)


def make_record(
    integration: Integration, options: Any, *, run: Run = RUN, memory: Mapping[str, str] | None = None, **changes: Any
) -> Record:
    """As the core has it before a reconcile: with the target that the options come to."""
    made = Record(
        namespace=run.namespace,
        name=record_name(run.name, run.uid, integration.name),
        run=RunRef(api_version=run.api_version, kind=run.kind, name=run.name, uid=run.uid),
        integration=integration.name,
        memory=dict(memory or {}),
        target=integration.target(run, options),
    )
    return replace(made, **changes)
