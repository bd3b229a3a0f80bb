"""Runs of all kinds for tests: made and taken on by hand as Tekton and others do, or played from altered recordings."""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from hack.controller import Controller
from hack.player import PlayedRun
from hack.recording import load
from hack.testbed import TestBed
from hack.testbed.api import polled
from tekton_integrations.run import KINDS
from tests.e2e.stage import SHA

Object = dict[str, Any]
OURS = "github.integrations.tekton.dev"
PARENT = "tekton.dev/pipelineRun"


def asking(sha: str = SHA, **more: str) -> dict[str, str]:
    """The annotations that ask for a check in acme/api; `more` are further keys of ours."""
    asked = {"owner": "acme", "repo": "api", "sha": sha, **more}
    return {f"{OURS}/{key}": value for key, value in asked.items()}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a run is made as. `owner` is the one that controls it."""

    namespace: str
    kind: str = "TaskRun"
    name: str = "unit"
    annotations: Mapping[str, str] = field(default_factory=asking)
    labels: Mapping[str, str] = field(default_factory=dict)
    owner: Mapping[str, str] | None = None
    finalizers: Sequence[str] = ()
    spec: Mapping[str, Any] = field(default_factory=dict)

    def object(self) -> Object:
        metadata: Object = {
            "name": self.name,
            "annotations": dict(self.annotations),
            "labels": dict(self.labels),
            "finalizers": list(self.finalizers),
        }
        if self.owner:
            metadata["ownerReferences"] = [{**self.owner, "controller": True}]
        return {"apiVersion": KINDS[self.kind][0], "kind": self.kind, "metadata": metadata, "spec": dict(self.spec)}


@dataclass(frozen=True, kw_only=True)
class Made:
    """A run at the API server."""

    bed: TestBed
    kind: str
    namespace: str
    name: str
    uid: str

    @classmethod
    async def create(cls, bed: TestBed, wanted: Wanted) -> Self:
        path = _collection(wanted.kind, wanted.namespace)
        made = await bed.request("POST", path, wanted.object())
        uid = made["metadata"]["uid"]
        return cls(bed=bed, kind=wanted.kind, namespace=wanted.namespace, name=wanted.name, uid=uid)

    @property
    def path(self) -> str:
        return f"{_collection(self.kind, self.namespace)}/{self.name}"

    @property
    def owner(self) -> dict[str, str]:
        """As its children refer to it."""
        return {"apiVersion": KINDS[self.kind][0], "kind": self.kind, "name": self.name, "uid": self.uid}

    async def says(self, status: str, reason: str, message: str = "", **more: Any) -> None:
        """The condition `Succeeded`; `more` are further fields of its status."""
        found = {"type": "Succeeded", "status": status, "reason": reason, "message": message}
        needed = {"podName": ""} if self.kind == "TaskRun" else {}
        change = {"status": {"conditions": [found], **needed, **more}}
        await self.bed.api.patch(f"{self.path}/status", change, "merge")

    async def lists(self, *children: "Made") -> None:
        """It runs, and these are its children."""
        references = [{"name": child.name, "kind": child.kind, "pipelineTaskName": child.name} for child in children]
        await self.says("Unknown", "Running", childReferences=references)

    async def patch(self, change: Object) -> None:
        await self.bed.api.patch(self.path, change, "merge")

    async def annotate(self, **values: str | None) -> None:
        """Changes annotations of ours; None takes one away."""
        await self.patch({"metadata": {"annotations": {f"{OURS}/{key}": value for key, value in values.items()}}})

    async def delete(self) -> None:
        await self.bed.request("DELETE", self.path, {"propagationPolicy": "Background"})


def child_of(parent: Made, name: str, annotations: Mapping[str, str], **more: Any) -> Wanted:
    """As Tekton makes them: labelled and controlled."""
    return Wanted(
        namespace=parent.namespace,
        name=name,
        annotations=annotations,
        labels={PARENT: parent.name},
        owner=parent.owner,
        **more,
    )


def _collection(kind: str, namespace: str) -> str:
    version, plural = KINDS[kind]
    return f"/apis/{version}/namespaces/{namespace}/{plural}"


def altered(recording: str, folder: Path, change: Callable[[Object], Object | None]) -> Path:
    """A recording in which each object is what `change` makes of it; None leaves it out."""
    changed = [(step.type, change(copy.deepcopy(step.object))) for step in load(recording)]
    lines = [json.dumps({"type": kind, "object": found}) for kind, found in changed if found]
    path = folder / f"{recording}.ndjson"
    path.write_text("\n".join(lines))
    return path


def alone(recording: str, name: str, folder: Path) -> Path:
    """One TaskRun of a recorded PipelineRun as if somebody had made it without one."""

    def change(found: Object) -> Object | None:
        metadata = found["metadata"]
        if (found["kind"], metadata["name"]) != ("TaskRun", name):
            return None
        del metadata["ownerReferences"]
        metadata["labels"] = {"app.kubernetes.io/managed-by": "tekton-pipelines"}
        return found

    return altered(recording, folder, change)


def annotated(recording: str, folder: Path, child: str, **more: str) -> Path:
    """A recording of which one child carries annotations of its own, as by `taskSpec.metadata.annotations`."""

    def change(found: Object) -> Object:
        if found["metadata"]["name"] == child:
            found["metadata"]["annotations"].update({f"{OURS}/{key}": value for key, value in more.items()})
        return found

    return altered(recording, folder, change)


async def looks(controller: Controller) -> float:
    """How often a run was looked at so far."""
    metrics = await controller.metrics()
    return metrics.get('tekton_integrations_reconcile_seconds_count{integration="github"}', 0.0)


async def watched_step(run: PlayedRun, controller: Controller) -> None:
    """Takes a step of a run that is shown and goes on, and returns when the controller has looked at it."""
    before = await looks(controller)
    await run.step()

    async def probe() -> bool:
        return await looks(controller) > before

    await polled(probe)
