"""Notifications of one test, and recorded runs as other people would have created them."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hack import objects
from hack.recording import DATA
from hack.testbed.api import ApiError, polled
from tests.e2e.stage import GROUP, SHA, Stage

Object = dict[str, Any]
PLACE = {"owner": "acme", "repo": "api", "sha": SHA}
OURS = "integrations.tekton.dev/"


class Board:
    """They go with the test."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._made: set[str] = set()

    async def put(self, namespace: str, name: str = "all", **spec: Any) -> Object:
        """Makes or changes one; gives its status once the controller has looked at it."""
        body = objects.notification(namespace, name, {"providerRef": {"name": "github"}, **spec})
        self._made.add(path(namespace, name))
        await self._stage.bed.apply(body)
        return await self.status(namespace, name)

    async def delete(self, namespace: str, name: str = "all") -> None:
        self._made.discard(path(namespace, name))
        await self._stage.bed.request("DELETE", path(namespace, name))

    async def status(self, namespace: str, name: str = "all") -> Object:
        """Of the present generation."""

        async def probe() -> Object | None:
            found = await self._stage.bed.request("GET", path(namespace, name))
            status: Object = found.get("status", {})
            return status if status.get("observedGeneration") == found["metadata"]["generation"] else None

        return await polled(probe)

    async def counted(self, namespace: str, name: str = "all", **counts: int) -> Object:
        """Once it counts so; it is written every 10 s at most."""

        async def probe() -> Object | None:
            found = await self.status(namespace, name)
            told = {**found, **found.get("suppressed", {})}
            return found if counts.items() <= told.items() else None

        return await polled(probe, 25)

    async def clear(self) -> None:
        for each in self._made:
            with suppress(ApiError):  # gone with all that was in the test's namespace
                await self._stage.bed.request("DELETE", each)


def path(namespace: str, name: str) -> str:
    return f"{GROUP}/namespaces/{namespace}/notifications/{name}"


def ready(status: Object) -> tuple[str, str]:
    [condition] = status["conditions"]
    return condition["status"], condition["reason"]


def recorded(
    folder: Path,
    name: str,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
) -> Path:
    """A recorded run whose creator wrote these, and no annotation of ours besides."""
    lines = [json.loads(line) for line in (DATA / f"{name}.ndjson").read_text().splitlines()]
    for line in lines:
        found = line["object"]
        metadata = found["metadata"]
        kept = {key: value for key, value in metadata.get("annotations", {}).items() if OURS not in key}
        metadata["annotations"] = kept | dict(annotations or {}) if found["kind"] != "Event" else kept
        if found["kind"] == "PipelineRun":
            metadata["labels"] = {**metadata.get("labels", {}), **(labels or {})}
            found["spec"]["params"] = [{"name": key, "value": value} for key, value in (params or {}).items()]
    made = folder / f"{name}.ndjson"
    made.write_text("\n".join(map(json.dumps, lines)))
    return made
