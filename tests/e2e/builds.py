"""Runs of a pipeline with one task, made and taken on by hand as Tekton does: they ask for whatever a test is about."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hack.testbed.api import polled
from tests.e2e.kinds import Made, Wanted, asking, child_of
from tests.e2e.stage import Stage, condition


@dataclass(frozen=True, kw_only=True)
class Build:
    """A PipelineRun with one task, `test`, and what GitHub shows of it."""

    stage: Stage
    run: Made
    task: Made

    @classmethod
    async def started(cls, stage: Stage, namespace: str, *, name: str = "build", **more: str) -> "Build":
        asked = asking(name="ci", **more)
        spec = {"pipelineRef": {"name": "build"}}
        wanted = Wanted(namespace=namespace, kind="PipelineRun", name=name, annotations=asked, spec=spec)
        run = await Made.create(stage.bed, wanted)
        task = await Made.create(stage.bed, child_of(run, f"{name}-test", asked))
        await task.says("Unknown", "Running", startTime=now())
        await run.says("Unknown", "Running", startTime=now(), **_children(task))
        return cls(stage=stage, run=run, task=task)

    async def ends(self, *, well: bool = False) -> None:
        status, reason = ("True", "Succeeded") if well else ("False", "Failed")
        ended = {"exitCode": int(not well), "reason": "Error", "startedAt": now(), "finishedAt": now()}
        step = {"name": "unit", "container": "step-test", "terminated": ended}
        pod = f"{self.task.name}-pod"
        await self.task.says(status, reason, podName=pod, steps=[step], startTime=now(), completionTime=now())
        await self.run.says(status, reason, f"It {reason}", completionTime=now(), **_children(self.task))

    async def reported(self, seconds: float = 60) -> dict[str, Any]:
        """Its record, once nothing is left to do."""

        async def probe() -> dict[str, Any] | None:
            records = await self.stage.records(self.run.namespace)
            mine = [each for each in records if each["spec"]["runRef"]["uid"] == self.run.uid]
            done = mine and condition(mine[0])["status"] == "True" and "ownerReferences" in mine[0]["metadata"]
            return mine[0] if done else None

        return await polled(probe, seconds)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _children(task: Made) -> dict[str, Any]:
    return {"childReferences": [{"name": task.name, "kind": task.kind, "pipelineTaskName": "test"}]}


async def later_second(stage: Stage, than: str) -> None:
    """What is created from now on is newer than the run at that path: the time of creation has whole seconds, and
    within one chance decides."""
    before = (await stage.bed.request("GET", than))["metadata"]["creationTimestamp"]

    async def probe() -> bool:
        return bool(now() > before)

    await polled(probe)
