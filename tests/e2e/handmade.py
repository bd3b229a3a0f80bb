"""A PipelineRun that a test takes from state to state itself, with pods whose logs it writes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hack.testbed import Kubelet, TestBed

TEKTON = "/apis/tekton.dev/v1/namespaces"


class Handmade:
    """`kubelet` serves the logs; steps are `run` unless a test says otherwise."""

    def __init__(self, bed: TestBed, kubelet: Kubelet, namespace: str, name: str) -> None:
        self._bed, self._kubelet = bed, kubelet
        self.namespace, self.name = namespace, name
        self.uid = ""
        self._children: list[dict[str, Any]] = []
        self._tasks: dict[str, dict[str, Any]] = {}

    async def create(self) -> None:
        spec = {"pipelineSpec": {"tasks": [{"name": "t", "taskSpec": {"steps": [{"name": "run", "image": "x"}]}}]}}
        body = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": self.name}, "spec": spec}
        made = await self._bed.request("POST", f"{TEKTON}/{self.namespace}/pipelineruns", body)
        self.uid = made["metadata"]["uid"]
        await self._say("Unknown", "Running")

    def task_run(self, task: str) -> str:
        return f"{self.name}-{task}"

    def pod(self, task: str) -> str:
        return str(self._tasks[task]["podName"])

    async def task(self, task: str, *steps: str, pod: bool = True, says: str = "") -> None:
        """A task begins. Without `pod` there is none any more; `says`: the pod that it gives as its own."""
        name, steps = self.task_run(task), steps or ("run",)
        owner = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": self.name, "uid": self.uid}
        labels = {"tekton.dev/pipelineRun": self.name, "tekton.dev/pipelineTask": task}
        metadata = {"name": name, "labels": labels, "ownerReferences": [owner | {"controller": True}]}
        body = {
            "apiVersion": "tekton.dev/v1",
            "kind": "TaskRun",
            "metadata": metadata,
            "spec": {"taskSpec": {"steps": [{"name": step, "image": "x"} for step in steps]}},
        }
        await self._bed.request("POST", f"{TEKTON}/{self.namespace}/taskruns", body)
        if pod:
            await self._kubelet.create_pod(self.namespace, f"{name}-pod", [f"step-{step}" for step in steps])
        await self._try(task, says or f"{name}-pod", steps)
        self._children.append({"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "name": name})
        await self._say("Unknown", "Running")

    async def retry(self, task: str) -> None:
        """It failed, and is tried again in another pod."""
        status = self._tasks[task]
        past = [*status.pop("retriesStatus", ()), _ended(status, "False")]
        steps = [step["name"] for step in status["steps"]]
        pod = f"{self.task_run(task)}-pod-retry{len(past)}"
        await self._kubelet.create_pod(self.namespace, pod, [f"step-{step}" for step in steps])
        await self._try(task, pod, steps, past)

    async def _try(self, task: str, pod: str, steps: Sequence[str], past: Sequence[Any] = ()) -> None:
        running = [{"name": s, "container": f"step-{s}", "running": {"startedAt": now()}} for s in steps]
        status = {"podName": pod, "startTime": now(), "steps": running, "retriesStatus": list(past)}
        self._tasks[task] = status | {"conditions": [_condition("Unknown", "Running")]}
        await self._patch("taskruns", self.task_run(task), self._tasks[task])

    def write(self, task: str, *lines: str, step: str = "run") -> None:
        for line in lines:
            self._kubelet.write(self.namespace, self.pod(task), f"step-{step}", line)

    def cut(self, task: str, step: str = "run") -> None:
        self._kubelet.cut(self.namespace, self.pod(task), f"step-{step}")

    async def end(self, task: str, status: str = "True") -> None:
        """A task has ended, and its containers."""
        for step in self._tasks[task]["steps"]:
            self._kubelet.end(self.namespace, self.pod(task), step["container"])
        self._tasks[task] = _ended(self._tasks[task], status)
        await self._patch("taskruns", self.task_run(task), self._tasks[task])

    async def finish(self, status: str = "True", **more: Any) -> None:
        reason = "Succeeded" if status == "True" else "Failed"
        await self._say(status, reason, **{"completionTime": now(), **more})

    async def _say(self, status: str, reason: str, **more: Any) -> None:
        said = {"conditions": [_condition(status, reason)], "startTime": now(), "childReferences": self._children}
        await self._patch("pipelineruns", self.name, said | more)

    async def _patch(self, plural: str, name: str, status: dict[str, Any]) -> None:
        path = f"{TEKTON}/{self.namespace}/{plural}/{name}/status"
        await self._bed.api.patch(path, {"status": status}, "merge")


def _condition(status: str, reason: str) -> dict[str, str]:
    return {"type": "Succeeded", "status": status, "reason": reason, "message": f"it is {reason}"}


def _ended(status: dict[str, Any], outcome: str) -> dict[str, Any]:
    ended = {"exitCode": 0 if outcome == "True" else 1, "reason": "Completed", "startedAt": now(), "finishedAt": now()}
    steps = [{"name": s["name"], "container": s["container"], "terminated": ended} for s in status["steps"]]
    reason = "Succeeded" if outcome == "True" else "Failed"
    return status | {"steps": steps, "completionTime": now(), "conditions": [_condition(outcome, reason)]}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
