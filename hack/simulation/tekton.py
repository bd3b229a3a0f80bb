"""What Tekton would write: a planned run at each stage, its TaskRuns, and what their pods say."""

from collections.abc import Mapping
from typing import Any

from tekton_integrations.record import rfc3339

from .virtual import EPOCH
from .workload import ENDED, FAILED, Planned

TASKS = ("clone", "test", "publish")
PREFIX = "github.integrations.tekton.dev/"
Object = dict[str, Any]


def asking_github(run: Planned) -> dict[str, str]:
    owner, _, repository = run.repository.partition("/")
    options = {"owner": owner, "repo": repository, "sha": run.sha}
    if run.pull:
        options |= {"pull-request": str(run.pull), "comment": "on-failure"}
    return {f"{PREFIX}{key}": value for key, value in options.items()}


def pipeline_run(run: Planned, stage: int, annotations: Mapping[str, str]) -> Object:
    """`stage`: 0 created, 1 running, then one more for each task that is done, `ENDED`."""
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "metadata": {
            "uid": f"run-{run.number}",
            "creationTimestamp": _time(run.created),
            "annotations": dict(annotations),
        },
        "spec": {"pipelineRef": {"name": run.pipeline}},
        "status": _status(run, stage),
    }


def _status(run: Planned, stage: int) -> Object:
    if stage == 0:
        return {}
    began = run.changes[0] if run.changes else run.ends
    status: Object = {"conditions": [_condition(run, stage)], "startTime": _time(began)}
    if run.ending.began:
        status["childReferences"] = [{"kind": "TaskRun", "name": f"{run.name}-{task}"} for task in TASKS]
    elif run.ending.conclusion == "skipped":
        status["skippedTasks"] = [{"name": task, "reason": "When Expressions evaluated to false"} for task in TASKS]
    return status | ({"completionTime": _time(run.ends)} if stage == ENDED else {})


def _condition(run: Planned, stage: int) -> Object:
    if stage == ENDED:
        message = f"Tasks Completed: 3 (Failed: {int(run.ending is FAILED)}, Cancelled 0), Skipped: 0"
        return _succeeded(run.ending.status, run.ending.reason, message, run.ends)
    done = stage - 1
    message = f"Tasks Completed: {done} (Failed: 0, Cancelled 0), Incomplete: {3 - done}, Skipped: 0"
    return _succeeded("Unknown", "Running", message, run.changes[done])


def task_runs(run: Planned, stage: int) -> list[Object]:
    if stage == 0 or not run.changes:
        return []
    return [_task_run(run, number, stage) for number in range(min(stage, len(TASKS)))]


def _task_run(run: Planned, number: int, stage: int) -> Object:
    name, begins = f"{run.name}-{TASKS[number]}", run.changes[number]
    ends = [*run.changes[1:], run.ends][number]
    over, failed = stage > number + 1, run.ending is FAILED and number == len(TASKS) - 1
    state = {"terminated": {"exitCode": int(failed), "reason": "Error" if failed else "Completed"}} if over else {}
    condition = _succeeded("Unknown", "Running", "", begins)
    if over:
        condition = _succeeded("False", "Failed", '"step-run" exited with code 1', ends) if failed else _good(ends)
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "TaskRun",
        "metadata": {
            "name": name,
            "namespace": run.tenant,
            "uid": name,
            "resourceVersion": "1",
            "creationTimestamp": _time(begins),
            "labels": {"tekton.dev/pipelineRun": run.name, "tekton.dev/pipelineTask": TASKS[number]},
            "ownerReferences": [_owner(run)],
        },
        "status": {
            "conditions": [condition],
            "startTime": _time(begins),
            "podName": f"{name}-pod",
            "steps": [{"name": "run", "container": "step-run"} | state],
        }
        | ({"completionTime": _time(ends)} if over else {}),
    }


def _owner(run: Planned) -> Object:
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "name": run.name,
        "uid": f"run-{run.number}",
        "controller": True,
    }


def log(run: Planned) -> bytes:
    found = [f"src/part{number}.py:{number + 1}:4: error: wrong {number}" for number in range(run.findings)]
    return "\n".join(["building ...", *found, "it failed", ""]).encode()


def _succeeded(status: str, reason: str, message: str, time: float) -> Object:
    return {
        "type": "Succeeded",
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": _time(time),
    }


def _good(time: float) -> Object:
    return _succeeded("True", "Succeeded", "All Steps have completed executing", time)


def _time(seconds: float) -> str:
    return rfc3339(EPOCH + seconds, precise=False)
