"""Tasks, their tries and pods, from what real Tekton wrote."""

import json

from hack.recording import load
from tekton_integrations.kube.tasks_json import decode_task


def last(recording: str, kind: str = "TaskRun") -> bytes:
    return json.dumps([step.object for step in load(recording) if step.kind == kind][-1]).encode()


def test_each_try_has_its_pod_in_order() -> None:
    task = decode_task(last("retries"))
    pods = ["retries-flaky-pod", "retries-flaky-pod-retry1", "retries-flaky-pod-retry2"]
    assert [each.pod for each in task.attempts] == pods
    assert all(each.ended for each in task.attempts)
    assert [step.container for each in task.attempts for step in each.steps] == ["step-run"] * 3


def test_a_pipeline_run_has_no_tries_of_its_own() -> None:
    assert decode_task(last("success", "PipelineRun")).attempts == ()
