"""Writes runs and their states as Tekton would, and tries again until it is done, whatever the API server is doing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from hack.recording import SHA, Step, created, load
from hack.rewrite import Rewrite
from hack.testbed import ApiError, TestBed

from .acts import ENDINGS, Ending

RUNS = "/apis/tekton.dev/v1/namespaces/{}/pipelineruns"
# Seconds: of one request, and between two tries.
_TIMEOUT, _PAUSE = 5.0, 0.2
# Requests at once: more only make a busy API server answer all of them too late.
_AT_ONCE = 32


@dataclass(kw_only=True, eq=False)
class Life:
    """One run from its creation on; there may be another one of its name later. `ended`, `exists`: as far as the API
    server has been told. `shift`: from recorded times to its own."""

    number: str
    name: str
    recording: str
    annotations: Mapping[str, str]
    uid: str = ""
    ended: bool = False
    exists: bool = True
    shift: timedelta = field(default_factory=timedelta)

    @property
    def ending(self) -> Ending:
        return ENDINGS[self.recording]

    @property
    def sha(self) -> str:
        return self.annotations[SHA]


class Driver:
    def __init__(self, bed: TestBed, namespace: str) -> None:
        self._bed = bed
        self._runs = RUNS.format(namespace)
        self._namespace = namespace
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def create(self, life: Life) -> None:
        steps = load(life.recording)
        life.shift = datetime.now(UTC).replace(microsecond=0) - created(steps)
        first = steps[0]
        body = self._rewrite(life)(first.object)
        made = await self._stubborn("POST", f"{self._runs}?fieldManager={first.manager}", body)
        if made is None:  # an answer of ours was lost: it is there
            made = await self._stubborn("GET", f"{self._runs}/{life.name}")
        assert made is not None, f"{life.name} was neither made nor found"
        life.uid = made["metadata"]["uid"]

    async def run(self, life: Life) -> None:
        if (step := _running(life.recording)) and life.exists:
            await self._status(life, step)

    async def end(self, life: Life) -> None:
        if life.exists:
            await self._status(life, _last(life.recording))
            life.ended = True

    async def delete(self, life: Life) -> None:
        body = {"preconditions": {"uid": life.uid}, "propagationPolicy": "Background"}
        await self._stubborn("DELETE", f"{self._runs}/{life.name}", body)
        life.exists = False

    async def _status(self, life: Life, step: Step) -> None:
        body = {"status": self._rewrite(life)(step.object)["status"]}
        path = f"{self._runs}/{life.name}/status?fieldManager={step.manager}"
        await self._stubborn("PATCH", path, body, "application/merge-patch+json")

    async def _stubborn(self, method: str, path: str, body: Any = None, kind: str = "") -> dict[str, Any] | None:
        """The answer; None where the API server says that this is done, or can't be any more."""
        headers = {"Content-Type": kind} if kind else None
        while True:
            try:
                async with self._turns, asyncio.timeout(_TIMEOUT):
                    return await self._bed.request(method, path, body, headers)
            except ApiError as error:
                if error.status in (404, 409):
                    return None
                if error.status < 500 and error.status != 429:
                    raise
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                pass
            await asyncio.sleep(_PAUSE)

    def _rewrite(self, life: Life) -> Rewrite:
        first = load(life.recording)[0].object["metadata"]
        return Rewrite(
            recorded=first["name"],
            name=life.name,
            namespace=self._namespace,
            annotations=life.annotations,
            uids={},
            shift=life.shift,
            fraction=0,
            sha=(first["annotations"][SHA], life.sha),
        )


def _running(recording: str) -> Step | None:
    return next((step for step in _own(recording) if step.status == "Unknown"), None)


def _last(recording: str) -> Step:
    return next(step for step in _own(recording) if step.status in ("True", "False"))


def _own(recording: str) -> list[Step]:
    return [step for step in load(recording) if step.kind == "PipelineRun" and step.subresource == "status"]
