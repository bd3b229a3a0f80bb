"""Tasks of a run from the JSON of their TaskRuns: each try in its order, with its pod and the steps in there."""

from typing import Any

import msgspec

from tekton_integrations.kube.metadata_json import Metadata
from tekton_integrations.kube.runs_json import decode_child
from tekton_integrations.run import Child


class TaskStep(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`container` is that of the pod; `ended`: it writes no more."""

    name: str
    container: str
    ended: bool


class Attempt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One try of a task. `pod` is empty as long as there is none."""

    pod: str
    steps: tuple[TaskStep, ...]
    ended: bool


class Task(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run below a run (of a TaskRun: itself). `parent` is the uid of the run that controls it. Only TaskRuns have
    attempts; one that is tried again has several."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    parent: str
    child: Child
    attempts: tuple[Attempt, ...]


class _Step(msgspec.Struct, gc=False):
    name: str = ""
    container: str = ""
    terminated: Any = None


class _Try(msgspec.Struct, gc=False, rename="camel"):
    pod_name: str = ""
    steps: tuple[_Step, ...] = ()


class _Status(_Try, gc=False, rename="camel"):
    retries_status: tuple[_Try, ...] = ()


class _TaskRun(msgspec.Struct, gc=False):
    metadata: Metadata
    status: _Status = msgspec.field(default_factory=_Status)


_decoder = msgspec.json.Decoder(_TaskRun)


def decode_task(raw: bytes | msgspec.Raw) -> Task:
    """From the JSON of a TaskRun, a CustomRun or a PipelineRun below another; msgspec.DecodeError if it is none."""
    source = _decoder.decode(raw)
    parent, child = decode_child(raw)
    metadata, status = source.metadata, source.status
    past = tuple(_attempt(each, ended=True) for each in status.retries_status)
    now = (_attempt(status, ended=child.state.final),) if child.kind == "TaskRun" else ()
    return Task(
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        parent=parent,
        child=child,
        attempts=past + now,
    )


def _attempt(tried: _Try, *, ended: bool) -> Attempt:
    return Attempt(
        pod=tried.pod_name,
        steps=tuple(
            TaskStep(name=each.name, container=each.container, ended=ended or each.terminated is not None)
            for each in tried.steps
        ),
        ended=ended,
    )
