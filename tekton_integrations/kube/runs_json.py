"""Runs from the API server's JSON: only the fields that matter are decoded, straight into flat values."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from tekton_integrations.inference import Inference
from tekton_integrations.kube.creators_json import Written
from tekton_integrations.kube.metadata_json import Metadata
from tekton_integrations.notices import Notices
from tekton_integrations.record import seconds
from tekton_integrations.run import KINDS, Child, Run, Skipped, State, Step, state_of

_NO_INFERENCE = Inference()


class _Param(msgspec.Struct, gc=False):
    name: str
    value: Any = None


class _Reference(msgspec.Struct, gc=False):
    name: str = ""
    resolver: str = ""
    bundle: str = ""
    params: tuple[_Param, ...] = ()


class _Spec(msgspec.Struct, gc=False, rename="camel"):
    pipeline_ref: _Reference | None = None
    task_ref: _Reference | None = None
    custom_ref: _Reference | None = None


class _Condition(msgspec.Struct, gc=False, rename="camel"):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class _ChildReference(msgspec.Struct, gc=False):
    name: str = ""
    kind: str = ""


class _SkippedTask(msgspec.Struct, gc=False):
    name: str = ""
    reason: str = ""


class _Retry(msgspec.Struct, gc=False, rename="camel"):
    start_time: datetime | None = None
    completion_time: datetime | None = None


class _Running(msgspec.Struct, gc=False, rename="camel"):
    started_at: datetime | None = None


class _Terminated(msgspec.Struct, gc=False, rename="camel"):
    exit_code: int = 0
    reason: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class _Step(msgspec.Struct, gc=False, rename="camel"):
    name: str = ""
    container: str = ""
    termination_reason: str = ""
    running: _Running | None = None
    terminated: _Terminated | None = None

    @property
    def exit_code(self) -> int | None:
        return self.terminated.exit_code if self.terminated and self.termination_reason != "Continued" else None


class _Status(msgspec.Struct, gc=False, rename="camel"):
    conditions: tuple[_Condition, ...] = ()
    start_time: datetime | None = None
    completion_time: datetime | None = None
    child_references: tuple[_ChildReference, ...] = ()
    retries_status: tuple[_Retry, ...] = ()
    skipped_tasks: tuple[_SkippedTask, ...] = ()
    pod_name: str = ""
    steps: tuple[_Step, ...] = ()


class _Object(msgspec.Struct, gc=False, rename="camel"):
    metadata: Metadata
    api_version: str = ""
    kind: str = ""
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


_decoder = msgspec.json.Decoder(_Object)


def decode_run(raw: bytes | msgspec.Raw, inference: Inference = _NO_INFERENCE, notices: Notices | None = None) -> Run:
    """A Run from the JSON of a PipelineRun, TaskRun or CustomRun; msgspec.DecodeError if it is none."""
    source = _decoder.decode(raw)
    metadata, status = source.metadata, source.status
    condition = _succeeded(status)
    written = Written(raw=raw, kind=source.kind, metadata=metadata, remote=_is_remote(source))
    said = written.said(inference)
    state = _state(status, condition)
    finished = status.completion_time or (
        condition.last_transition_time if condition and condition.status != "Unknown" else None
    )
    below = {child.kind for child in status.child_references}
    run = Run(
        api_version=source.api_version,
        kind=source.kind,
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        generation=metadata.generation,
        created=metadata.creation_timestamp.timestamp(),
        started=_started(status),
        finished=seconds(finished),
        state=state,
        reason=condition.reason if condition else "",
        message=condition.message if condition else "",
        pipeline=_pipeline(source),
        parent=metadata.owner.uid if metadata.owner else "",
        unresolved=state is State.QUEUED and bool(source.spec.pipeline_ref or source.spec.task_ref),
        annotations=said.annotations,
        ignored=said.ignored,
        children=tuple(child.name for child in status.child_references),
        child_kinds=tuple(kind for kind in KINDS if kind in below),
        retries=tuple(seconds(each.completion_time) or 0.0 for each in status.retries_status),
        skipped=tuple(Skipped(task=each.name, reason=each.reason) for each in status.skipped_tasks),
        inferred=said.inferred,
        pipelines_as_code=said.pipelines_as_code,
    )
    return _matched(run, written, notices) if notices else run


def _matched(run: Run, written: Written, notices: Notices) -> Run:
    if not (found := notices.reaching(run, written.labels)):
        return run
    # Known before it is decided where the run shows: what another tool reports is not reported twice.
    run = replace(run, pipelines_as_code=not run.parent and written.by_pipelines_as_code)
    return replace(run, matched=notices(found, run, written))


def decode_child(raw: bytes | msgspec.Raw) -> tuple[str, Child]:
    """(uid of the controlling run, the child) from the JSON of a run; msgspec.DecodeError if it is none."""
    source = _decoder.decode(raw)
    condition = _succeeded(source.status)
    owner = source.metadata.owner
    return owner.uid if owner else "", Child(
        name=source.metadata.name,
        task=source.metadata.labels.get("tekton.dev/pipelineTask", source.metadata.name),
        state=_state(source.status, condition),
        reason=condition.reason if condition else "",
        message=condition.message if condition else "",
        started=seconds(source.status.start_time),
        finished=seconds(source.status.completion_time),
        steps=tuple(map(_step, source.status.steps)),
        kind=source.kind or "TaskRun",
        pod=source.status.pod_name,
        retries=len(source.status.retries_status),
    )


def _step(step: _Step) -> Step:
    ended = step.terminated
    began = ended or step.running
    return Step(
        name=step.name,
        exit_code=step.exit_code,
        reason=ended.reason if ended else "",
        container=step.container,
        started=seconds(began.started_at) if began else None,
        finished=seconds(ended.finished_at) if ended else None,
    )


def _succeeded(status: _Status) -> _Condition | None:
    return next((c for c in status.conditions if c.type == "Succeeded"), None)


def _started(status: _Status) -> float | None:
    """Its first try's begin: Tekton takes `startTime` back before each further one."""
    first = next((each.start_time for each in status.retries_status if each.start_time), None)
    return seconds(first or status.start_time)


def _state(status: _Status, condition: _Condition | None) -> State:
    return state_of(
        condition.status if condition else None,
        condition.reason if condition else "",
        began=bool(status.child_references or status.pod_name),
        ran_nothing=bool(status.skipped_tasks) and not status.child_references,
        retried=bool(status.retries_status),
    )


def _is_remote(source: _Object) -> bool:
    reference = source.spec.pipeline_ref or source.spec.task_ref
    return reference is not None and bool(reference.resolver or reference.bundle)


def _pipeline(source: _Object) -> str:
    """What people call this run's pipeline. From the spec alone, since a name that came later would move the report."""
    reference = source.spec.pipeline_ref or source.spec.task_ref or source.spec.custom_ref
    if reference is not None:
        # The resolvers for clusters, hubs and bundles take the name as a parameter.
        named = next((p.value for p in reference.params if p.name == "name" and isinstance(p.value, str)), "")
        if found := reference.name or named:
            return found
    return source.metadata.generate_name.rstrip("-") or source.metadata.name
