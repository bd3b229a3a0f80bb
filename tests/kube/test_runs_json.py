"""Runs from JSON: what Tekton really wrote, in recordings."""

import json
from itertools import groupby
from typing import Any

import pytest

from hack.recording import DATA, Step, load
from tekton_integrations.kube.runs_json import decode_child, decode_run
from tekton_integrations.run import Child, Run, Skipped, State

GITHUB = [f"github.integrations.tekton.dev/{key}" for key in ("owner", "repo", "sha")]
RECORDINGS = sorted(path.stem for path in DATA.glob("*.ndjson") if "cloudevents" not in path.stem)
Q, R = State.QUEUED, State.RUNNING
# What each recorded run is, one after the other.
STATES = {
    "annotated-pipeline": {"annotated-pipeline": [Q, R, State.SUCCEEDED]},
    "cancelled": {"cancelled": [Q, R, State.CANCELLED], "cancelled-slow": [Q, R, State.CANCELLED]},
    "failure": {
        "failure": [Q, R, State.FAILED],
        "failure-clone": [Q, R, State.SUCCEEDED],
        "failure-test": [Q, R, State.FAILED],
        "failure-cleanup": [Q, R, State.SUCCEEDED],
    },
    "not-found": {"not-found": [Q, State.COULD_NOT_START]},
    "remote-pipeline": {"remote-pipeline": [Q, R, State.SUCCEEDED]},
    "retries": {"retries": [Q, R, State.FAILED], "retries-flaky": [Q, R, State.FAILED]},
    "skipped": {"skipped": [Q, R, State.SUCCEEDED]},
    "success": {"success": [Q, R, State.SUCCEEDED], "success-test": [Q, R, State.SUCCEEDED]},
    "taskrun": {"taskrun": [Q, R, State.SUCCEEDED]},
    "timeout": {"timeout": [Q, R, State.TIMED_OUT], "timeout-slow": [Q, R, State.CANCELLED]},
}


def steps(recording: str, *kinds: str) -> list[Step]:
    return [step for step in load(recording) if step.kind in (kinds or ("PipelineRun", "TaskRun"))]


def raw(thing: object) -> bytes:
    return json.dumps(thing).encode()


def runs(recording: str) -> list[Run]:
    return [decode_run(raw(step.object)) for step in steps(recording)]


def last(recording: str, name: str) -> Run:
    return [run for run in runs(recording) if run.name == name][-1]


def thing(**changes: Any) -> bytes:
    """A PipelineRun with the least that the API server gives; nested keys are replaced whole."""
    metadata = {"name": "a", "uid": "u", "resourceVersion": "7", "creationTimestamp": "2026-11-21T09:00:00Z"}
    metadata |= {"namespace": "n"} | changes.pop("metadata", {})
    return raw({"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": metadata} | changes)


def status(word: str, reason: str, **more: Any) -> dict[str, Any]:
    return {"conditions": [{"type": "Succeeded", "status": word, "reason": reason}]} | more


def test_there_are_recordings() -> None:
    assert set(STATES) <= set(RECORDINGS)


@pytest.mark.parametrize("recording", RECORDINGS)
def test_every_recorded_run_decodes(recording: str) -> None:
    assert steps(recording)
    for step in steps(recording):
        run, metadata = decode_run(raw(step.object)), step.object["metadata"]
        assert (run.kind, run.api_version) == (step.kind, "tekton.dev/v1")
        assert (run.namespace, run.name, run.uid) == (metadata["namespace"], metadata["name"], metadata["uid"])
        assert run.created <= (run.started or run.created) <= (run.finished or float("inf"))
        assert (run.finished is not None) == run.final
        assert bool(run.parent) == (step.uid != load(recording)[0].uid)


@pytest.mark.parametrize(
    ("recording", "name", "states"),
    [(recording, name, states) for recording, named in STATES.items() for name, states in named.items()],
)
def test_each_run_goes_through_the_states_that_people_expect(recording: str, name: str, states: list[State]) -> None:
    assert [state for state, _ in groupby(run.state for run in runs(recording) if run.name == name)] == states


def test_a_failed_try_that_is_to_be_repeated_is_no_end() -> None:
    tries = [run for run in runs("retries") if run.reason == "ToBeRetried"]
    assert [run.state for run in tries] == [R, R]


def test_a_run_of_which_everything_was_skipped_was_skipped() -> None:
    skipped = {"skippedTasks": [{"name": "deploy", "reason": "When Expressions evaluated to false"}]}
    assert decode_run(thing(status=status("True", "Completed", **skipped))).state is State.SKIPPED
    ran = skipped | {"childReferences": [{"kind": "TaskRun", "name": "a-check"}]}
    assert decode_run(thing(status=status("True", "Completed", **ran))).state is State.SUCCEEDED


@pytest.mark.parametrize("begun", [{"childReferences": [{"name": "a-b"}]}, {"podName": "a-pod"}])
def test_an_invalid_run_failed_if_it_had_begun_and_could_not_start_if_not(begun: dict[str, Any]) -> None:
    assert decode_run(thing(status=status("False", "CouldntGetTask"))).state is State.COULD_NOT_START
    assert decode_run(thing(status=status("False", "CouldntGetTask", **begun))).state is State.FAILED


def test_only_the_condition_succeeded_counts() -> None:
    other = {"type": "Ready", "status": "False", "reason": "Failed"}
    succeeded = {"type": "Succeeded", "status": "True", "reason": "Succeeded"}
    assert decode_run(thing(status={"conditions": [other]})).state is State.QUEUED
    assert decode_run(thing(status={"conditions": [other, succeeded]})).state is State.SUCCEEDED


def test_a_run_without_a_completion_time_ended_when_its_condition_changed() -> None:
    ended = status("False", "Failed")
    ended["conditions"][0]["lastTransitionTime"] = "2026-11-21T09:00:05Z"
    run = decode_run(thing(status=ended))
    assert run.finished == run.created + 5


@pytest.mark.parametrize(
    "reference", [{"name": "ci"}, {"resolver": "hub", "params": [{"name": "name", "value": "ci"}]}]
)
@pytest.mark.parametrize("key", ["pipelineRef", "taskRef"])
def test_a_pipeline_is_called_what_the_run_calls_it(key: str, reference: dict[str, Any]) -> None:
    assert decode_run(thing(spec={key: reference})).pipeline == "ci"


@pytest.mark.parametrize(
    ("changes", "pipeline"),
    [
        ({"metadata": {"name": "ci-x7k2p", "generateName": "ci-"}}, "ci"),
        ({"metadata": {"name": "my.run"}}, "my.run"),
        ({"spec": {"pipelineRef": {"resolver": "git", "params": [{"name": "url", "value": "https://x"}]}}}, "a"),
        ({"spec": {"pipelineRef": {"resolver": "hub", "params": [{"name": "name", "value": ["ci"]}]}}}, "a"),
        ({"spec": {"pipelineSpec": {"tasks": []}}}, "a"),
    ],
)
def test_without_a_name_the_pipeline_is_called_after_its_run(changes: dict[str, Any], pipeline: str) -> None:
    assert decode_run(thing(**changes)).pipeline == pipeline


@pytest.mark.parametrize("recording", RECORDINGS)
def test_a_pipeline_s_name_never_changes_during_a_run(recording: str) -> None:
    names = {(run.uid, run.pipeline) for run in runs(recording)}
    assert len(names) == len({uid for uid, _ in names})


def test_annotations_of_a_pipeline_in_the_run_s_own_namespace_count() -> None:
    run = last("annotated-pipeline", "annotated-pipeline")
    assert sorted(run.annotations) == [*GITHUB, "slack.integrations.tekton.dev/channel"]
    assert run.ignored == ()


def test_annotations_of_a_remote_pipeline_never_count() -> None:
    seen = [run for run in runs("remote-pipeline") if run.name == "remote-pipeline"]
    brought = ("slack.integrations.tekton.dev/channel", "webhook.integrations.tekton.dev/url")
    assert seen[-1].ignored == brought
    assert all(sorted(run.annotations) == GITHUB for run in seen)
    assert not any(set(run.annotations) & set(brought) for run in seen)


def test_the_controller_is_known_by_what_it_writes_whatever_its_name() -> None:
    text = raw(steps("remote-pipeline", "PipelineRun")[-1].object)
    assert b"tekton-controller" in text
    ordinary = decode_run(text.replace(b'"tekton-controller"', b'"controller"'))
    assert len(ordinary.ignored) == 2
    assert sorted(ordinary.annotations) == GITHUB


def test_annotations_of_others_are_not_kept() -> None:
    run = decode_run(thing(metadata={"annotations": {"example.dev/x": "1", GITHUB[0]: "acme"}}))
    assert run.annotations == {GITHUB[0]: "acme"}


def failing(recording: str, name: str) -> Child:
    [found] = [decode_child(raw(step.object))[1] for step in steps(recording, "TaskRun") if step.name == name][-1:]
    return found


def test_a_failed_child_tells_its_failing_step() -> None:
    child = failing("failure", "failure-test")
    assert (child.task, child.state, child.reason) == ("test", State.FAILED, "StepFailed")
    assert [(step.name, step.exit_code, step.reason) for step in child.steps] == [
        ("unit", 0, "Completed"),
        ("integration", 2, "Error"),
    ]


def test_a_child_knows_its_parent() -> None:
    run = last("failure", "failure")
    assert {decode_child(raw(step.object))[0] for step in steps("failure", "TaskRun")} == {run.uid}
    assert decode_child(raw(steps("taskrun", "TaskRun")[-1].object))[0] == ""


def test_a_step_that_has_not_ended_has_no_exit_code() -> None:
    running = [decode_child(raw(step.object))[1] for step in steps("success", "TaskRun") if step.reason == "Running"]
    assert running
    assert all(step.exit_code is None for child in running for step in child.steps)


def test_a_child_tells_its_pod_and_the_container_and_times_of_each_step() -> None:
    child = failing("failure", "failure-test")
    assert (child.kind, child.pod, child.retries) == ("TaskRun", "failure-test-pod", 0)
    assert [step.container for step in child.steps] == ["step-unit", "step-integration"]
    assert [(step.finished or 0) - (step.started or 0) for step in child.steps] == [1, 1]
    assert child.started is not None
    assert child.started <= (child.steps[0].started or 0)


def test_a_step_that_runs_has_started_and_one_that_waits_has_not() -> None:
    seen = [decode_child(raw(step.object))[1].steps for step in steps("success", "TaskRun")]
    assert {(step.container, step.started is not None) for some in seen for step in some if step.finished is None} == {
        ("", False),
        ("step-run", True),
        ("step-report", True),
    }


def test_a_child_tells_how_often_it_was_tried_before_and_the_last_try_s_pod() -> None:
    child = failing("retries", "retries-flaky")
    assert (child.retries, child.pod) == (2, "retries-flaky-pod-retry2")


def test_a_step_whose_times_are_unknown_is_no_error() -> None:
    ended = {"exitCode": 1, "reason": "Error", "startedAt": None, "finishedAt": None}
    [step] = decode_child(thing(status={"steps": [{"name": "a", "terminated": ended}]}))[1].steps
    assert (step.container, step.started, step.finished, step.exit_code) == ("", None, None, 1)


def test_a_run_tells_which_tasks_were_skipped_and_why() -> None:
    assert last("skipped", "skipped").skipped == (Skipped("deploy", "When Expressions evaluated to false"),)
    assert last("failure", "failure").skipped == (Skipped("deploy", "PipelineRun was stopping"),)
    assert last("success", "success").skipped == ()


def test_a_run_tells_the_kinds_of_its_children() -> None:
    listed = [{"kind": kind, "name": f"a-{kind}"} for kind in ("CustomRun", "TaskRun", "CustomRun", "Unknown")]
    assert decode_run(thing(status={"childReferences": listed})).child_kinds == ("TaskRun", "CustomRun")
    assert last("failure", "failure").child_kinds == ("TaskRun",)
    assert decode_run(thing()).child_kinds == ()
