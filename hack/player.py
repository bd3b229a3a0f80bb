"""Takes runs through recordings on a real API server: each recorded write becomes one write of the same field manager.

So `metadata.managedFields` tells what a run's creator wrote from what Tekton copied, as it did when it was recorded.
All state belongs to one `PlayedRun`: any number may be played at once. See `rewrite.py` for what a replay changes.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Required, Self, TypedDict, Unpack

from .recording import SHA, Object, Step, created, load
from .rewrite import Rewrite
from .testbed.api import Api, ApiError

METADATA = ("labels", "annotations", "finalizers", "ownerReferences")
Until = int | Callable[[Step], bool]


class Options(TypedDict, total=False):
    """How to play a recording."""

    namespace: Required[str]
    name: str  # of the run; its children follow. As recorded, unless given
    annotations: Mapping[str, str | None]  # merged into those of the run's creator; None takes one away
    sha: str  # instead of the recorded commit, wherever it stands
    speed: float  # 1 = as recorded; infinite (unless given) = as fast as the API server takes it
    until: Until  # stop before the step of this index, or the first that the predicate holds for
    delete: bool  # go on with the recording's DELETED events
    children: bool  # False: leave out TaskRuns, CustomRuns and their Events
    events: bool  # False: leave out core Events
    begin: datetime  # what the status gives as the run's begin. Now, unless given
    before_step: "Callable[[PlayedRun, Step], Awaitable[None]]"


@dataclass(frozen=True, kw_only=True)
class Script:
    """`Options` with what is taken where they are silent."""

    namespace: str
    name: str | None = None
    annotations: Mapping[str, str | None] = field(default_factory=dict)
    sha: str | None = None
    speed: float = math.inf
    until: Until | None = None
    delete: bool = False
    children: bool = True
    events: bool = True
    begin: datetime | None = None
    before_step: "Callable[[PlayedRun, Step], Awaitable[None]] | None" = None

    def steps(self, recording: str | Path) -> tuple[Step, ...]:
        steps = load(recording)
        return tuple(step for step in steps if self._takes(step, steps[0].uid))

    def _takes(self, step: Step, run: str) -> bool:
        if step.type == "DELETED" and not self.delete:
            return False
        if step.kind == "Event" and not self.events:
            return False
        return self.children or step.about == run


class Player:
    """Plays recordings onto one API server."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @classmethod
    @asynccontextmanager
    async def connected(cls, kubeconfig: Path | str) -> AsyncIterator[Self]:
        async with Api.from_kubeconfig(kubeconfig) as api:
            yield cls(api)

    async def play(self, recording: str | Path, **options: Unpack[Options]) -> str:
        """Plays to the end, or to `until`. Returns the run's uid. Raises ApiError, as when the run is deleted."""
        run = await self.start(recording, **options)
        await run.to_end()
        return run.uid

    async def start(self, recording: str | Path, **options: Unpack[Options]) -> "PlayedRun":
        """Creates the run and stops there: go on with `step()` and `to_end()`."""
        script = Script(**options)
        run = PlayedRun(self._api, script.steps(recording), script)
        await run.step()
        return run


class PlayedRun:
    """One run on its way through a recording."""

    def __init__(self, api: Api, steps: tuple[Step, ...], script: Script) -> None:
        first = steps[0].object
        self.steps = steps
        self.position = 0
        self.kind: str = first["kind"]
        self.name: str = script.name or first["metadata"]["name"]
        self.namespace = script.namespace
        self.uid = ""
        self._api = api
        self._script = script
        self._uids: dict[str, str] = {}
        self._begun = time.monotonic()
        begin = (script.begin or datetime.now(UTC)).replace(microsecond=0)
        recorded_sha = first["metadata"].get("annotations", {}).get(SHA)
        self._rewrite = Rewrite(
            recorded=first["metadata"]["name"],
            name=self.name,
            namespace=script.namespace,
            annotations=script.annotations,
            uids=self._uids,
            shift=begin - created(steps),
            fraction=time.time_ns() % 10**9,
            sha=(recorded_sha, script.sha) if recorded_sha and script.sha else None,
        )

    @property
    def finished(self) -> bool:
        return self.position == len(self.steps)

    @property
    def next(self) -> Step | None:
        """The step that `step()` would take."""
        return None if self.finished else self.steps[self.position]

    @property
    def path(self) -> str:
        """The run's path on the API server."""
        return self._path(self._rewrite(self.steps[0].object))

    async def to_end(self, until: Until | None = None) -> None:
        """Takes the steps before `until` (the one given here or to the player), or all; keeps the recorded pace."""
        until = until if until is not None else self._script.until
        while (step := self.next) is not None and not _reached(until, step):
            await self._pace(step)
            await self.step()

    async def _pace(self, step: Step) -> None:
        due = self._begun + step.at / self._script.speed
        if (seconds := due - time.monotonic()) > 0:
            await asyncio.sleep(seconds)

    async def step(self) -> Step:
        """Takes one step at once, whatever the pace, and returns it."""
        step = self.steps[self.position]
        if self._script.before_step is not None:
            await self._script.before_step(self, step)
        await self._take(step)
        self.position += 1
        return step

    async def _take(self, step: Step) -> None:
        if step.previous is None:
            await self._create(step)
        elif step.type == "DELETED":
            await self._delete(step)
        elif step.subresource == "status":
            await self._write_status(step, step.previous)
        else:
            await self._write(step, step.previous)

    async def _create(self, step: Step) -> None:
        wanted = self._rewrite(step.object)
        collection = self._path(wanted).rpartition("/")[0]
        answer = await self._api.request("POST", f"{collection}?fieldManager={step.manager}", wanted)
        self._uids[step.uid] = answer["metadata"]["uid"]
        self.uid = self.uid or answer["metadata"]["uid"]

    async def _write(self, step: Step, previous: Object) -> None:
        """Metadata, spec, or an Event: a merge patch of what changed, so that others' changes stay."""
        before, after = _written(self._rewrite(previous)), _written(self._rewrite(step.object))
        if patch := merge_patch(before, after):
            patch.setdefault("metadata", {})["uid"] = self._uid(step)  # never write to a namesake
            path = self._path(self._rewrite(step.object))
            await self._api.patch(f"{path}?fieldManager={step.manager}", patch, "merge")

    async def _write_status(self, step: Step, previous: Object) -> None:
        """A JSON patch: it can ask for the uid on `/status` too, and keeps the nulls that Tekton writes."""
        wanted = self._rewrite(step.object)
        before, after = self._rewrite(previous).get("status"), wanted.get("status", {})
        patch = [{"op": "test", "path": "/metadata/uid", "value": self._uid(step)}]
        patch += _status_patch(before, after)
        await self._api.patch(f"{self._path(wanted)}/status?fieldManager={step.manager}", patch, "json")

    async def _delete(self, step: Step) -> None:
        """Garbage collection may have been faster, or another one of that name may stand there: both are fine."""
        body = {"preconditions": {"uid": self._uid(step)}, "propagationPolicy": "Background"}
        try:
            await self._api.request("DELETE", self._path(self._rewrite(step.object)), body)
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    def _uid(self, step: Step) -> str:
        return self._uids[step.uid]

    @staticmethod
    def _path(found: Object) -> str:
        version, metadata = found["apiVersion"], found["metadata"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        return f"{root}/namespaces/{metadata['namespace']}/{found['kind'].lower()}s/{metadata['name']}"


def _reached(until: Until | None, step: Step) -> bool:
    if until is None:
        return False
    return step.index >= until if isinstance(until, int) else until(step)


def _written(found: Object) -> Object:
    """The part of an object that a write to its main resource may change."""
    metadata = {key: value for key, value in found["metadata"].items() if key in METADATA}
    rest = {key: value for key, value in found.items() if key not in ("metadata", "status")}
    return {**rest, "metadata": metadata}


def merge_patch(before: Object, after: Object) -> Object:
    """The JSON merge patch (RFC 7386) that makes `after` of `before`."""
    patch: Object = {key: None for key in before if key not in after}
    for key, value in after.items():
        if key not in before:
            patch[key] = value
        elif isinstance(value, dict) and isinstance(before[key], dict):
            if nested := merge_patch(before[key], value):
                patch[key] = nested
        elif value != before[key]:
            patch[key] = value
    return patch


def _status_patch(before: Object | None, after: Object) -> list[Any]:
    if before is None:
        return [{"op": "add", "path": "/status", "value": after}]
    removed = [{"op": "remove", "path": f"/status/{key}"} for key in before if key not in after]
    changed = [key for key, value in after.items() if key not in before or before[key] != value]
    return removed + [{"op": "add", "path": f"/status/{key}", "value": after[key]} for key in changed]
