"""Runs from the API server's JSON: only the fields that matter are decoded, straight into flat values."""

from datetime import datetime
from typing import Any

import msgspec

from tekton_integrations import annotations
from tekton_integrations.record import seconds
from tekton_integrations.run import KINDS, Child, Run, State, Step, state_of

# Tekton gives it to the runs that it makes for a PipelineRun.
PARENT_LABEL = "tekton.dev/pipelineRun"


class _Owner(msgspec.Struct, gc=False, rename="camel"):
    kind: str
    uid: str
    api_version: str = ""
    name: str = ""
    controller: bool = False


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    name: str
    uid: str
    resource_version: str
    creation_timestamp: datetime
    deletion_timestamp: str = ""
    namespace: str = ""
    generation: int = 1
    generate_name: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[_Owner, ...] = ()
    managed_fields: msgspec.Raw = msgspec.Raw(b"[]")


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


class _Retry(msgspec.Struct, gc=False, rename="camel"):
    start_time: datetime | None = None
    completion_time: datetime | None = None


class _Terminated(msgspec.Struct, gc=False, rename="camel"):
    exit_code: int = 0
    reason: str = ""


class _Step(msgspec.Struct, gc=False, rename="camel"):
    name: str = ""
    termination_reason: str = ""
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
    skipped_tasks: tuple[msgspec.Raw, ...] = ()
    pod_name: str = ""
    steps: tuple[_Step, ...] = ()


class _Object(msgspec.Struct, gc=False, rename="camel"):
    metadata: _Metadata
    api_version: str = ""
    kind: str = ""
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


class _Labelled(msgspec.Struct, gc=False):
    metadata: _Metadata


_decoder = msgspec.json.Decoder(_Object)


def decode_run(raw: bytes | msgspec.Raw) -> Run:
    """A Run from the JSON of a PipelineRun, TaskRun or CustomRun; msgspec.DecodeError if it is none."""
    source = _decoder.decode(raw)
    metadata, status = source.metadata, source.status
    condition = _succeeded(status)
    mine = annotations.ours(metadata.annotations)
    ignored = _ignored(source, mine)
    state = _state(status, condition)
    finished = status.completion_time or (
        condition.last_transition_time if condition and condition.status != "Unknown" else None
    )
    return Run(
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
        parent=owner.uid if (owner := _owner(metadata)) else "",
        unresolved=state is State.QUEUED and bool(source.spec.pipeline_ref or source.spec.task_ref),
        annotations={key: value for key, value in mine.items() if key not in ignored},
        ignored=tuple(sorted(ignored)),
        children=tuple(child.name for child in status.child_references),
        retries=tuple(seconds(each.completion_time) or 0.0 for each in status.retries_status),
    )


class Labelled(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The metadata of a run that says to be another's child. `parent` is the uid of the run that controls it,
    `parent_kind` and `parent_name` tell more of that or, without one, what the label says. `annotations` holds ours
    only. `going`: it was deleted, and somebody still holds it."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    labelled: bool
    going: bool
    parent: str
    parent_kind: str
    parent_name: str
    annotations: dict[str, str]


_labelled_decoder = msgspec.json.Decoder(_Labelled)


def decode_labelled(raw: bytes | msgspec.Raw) -> Labelled:
    metadata = _labelled_decoder.decode(raw).metadata
    owner = _owner(metadata)
    return Labelled(
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        labelled=PARENT_LABEL in metadata.labels,
        going=bool(metadata.deletion_timestamp),
        parent=owner.uid if owner else "",
        parent_kind=owner.kind if owner else "PipelineRun",
        parent_name=owner.name if owner else metadata.labels.get(PARENT_LABEL, ""),
        annotations=annotations.ours(metadata.annotations),
    )


def decode_child(raw: bytes | msgspec.Raw) -> tuple[str, Child]:
    """(uid of the controlling run, the child) from the JSON of a TaskRun."""
    source = _decoder.decode(raw)
    condition = _succeeded(source.status)
    owner = _owner(source.metadata)
    return owner.uid if owner else "", Child(
        name=source.metadata.name,
        task=source.metadata.labels.get("tekton.dev/pipelineTask", source.metadata.name),
        state=_state(source.status, condition),
        reason=condition.reason if condition else "",
        message=condition.message if condition else "",
        started=seconds(source.status.start_time),
        finished=seconds(source.status.completion_time),
        steps=tuple(
            Step(name=step.name, exit_code=step.exit_code, reason=step.terminated.reason if step.terminated else "")
            for step in source.status.steps
        ),
    )


def _owner(metadata: _Metadata) -> _Owner | None:
    """The run that controls it; kinds of that name in another API group report nothing."""
    owner = next((owner for owner in metadata.owner_references if owner.controller), None)
    return owner if owner and owner.kind in KINDS and owner.api_version.startswith("tekton.dev/") else None


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


def _ignored(source: _Object, mine: dict[str, str]) -> frozenset[str]:
    reference = source.spec.pipeline_ref or source.spec.task_ref
    if not mine or reference is None or not (reference.resolver or reference.bundle):
        return frozenset()
    managed: list[dict[str, Any]] = msgspec.json.decode(source.metadata.managed_fields)
    return annotations.inherited(mine, managed)


def _pipeline(source: _Object) -> str:
    """What people call this run's pipeline. From the spec alone, since a name that came later would move the report."""
    reference = source.spec.pipeline_ref or source.spec.task_ref or source.spec.custom_ref
    if reference is not None:
        # The resolvers for clusters, hubs and bundles take the name as a parameter.
        named = next((p.value for p in reference.params if p.name == "name" and isinstance(p.value, str)), "")
        if found := reference.name or named:
            return found
    return source.metadata.generate_name.rstrip("-") or source.metadata.name
