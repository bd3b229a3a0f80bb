"""TEP-0004's mapping, from both places in which old Tektons kept what they had sent."""

import json
from typing import Any

import pytest
from tekton_integrations_cloudevent.deliveries import ANNOTATION, converted

from tekton_integrations.kube.records_json import decode_record

TARGET = "http://sink.example.com:8080"
SENT = {
    "target": TARGET,
    "status": {"condition": "Sent", "sentAt": "2020-09-01T12:00:00Z", "message": "", "retryCount": 0},
}
FAILED = {
    "target": TARGET,
    "status": {"condition": "Failed", "sentAt": "2020-09-01T12:00:05Z", "message": "access denied", "retryCount": 3},
}
WAITING = {"target": TARGET, "status": {"condition": "Unknown", "message": "", "retryCount": 0}}


def task_run(*deliveries: object, noted: object = None, **metadata: Any) -> dict[str, Any]:
    annotations = {} if noted is None else {ANNOTATION: noted if isinstance(noted, str) else json.dumps(noted)}
    return {
        "apiVersion": "tekton.dev/v1" if annotations else "tekton.dev/v1beta1",
        "kind": "TaskRun",
        "metadata": {
            "name": "unit",
            "namespace": "a",
            "uid": "u1",
            "generation": 1,
            "annotations": annotations,
            **metadata,
        },
        "status": {"cloudEvents": list(deliveries)} if deliveries else {},
    }


def one(run: dict[str, Any]) -> dict[str, Any]:
    [record], problems = converted(run)
    assert problems == []
    return record


def test_a_failed_delivery_is_what_tep_0004_shows() -> None:
    assert one(task_run(FAILED))["status"] == {
        "name": "cloudevent.integrations.tekton.dev",
        "observedGeneration": 1,
        "conditions": [
            {
                "type": "Succeeded",
                "status": "False",
                "reason": "access denied",
                "lastTransitionTime": "2020-09-01T12:00:05Z",
            }
        ],
        "annotations": {"target": TARGET, "retryCount": "3"},
    }


@pytest.mark.parametrize(("old", "new"), [(SENT, ("True", "Sent")), (WAITING, ("Unknown", "Unknown"))])
def test_where_there_is_no_error_the_old_state_is_the_reason(old: object, new: tuple[str, str]) -> None:
    [condition] = one(task_run(old))["status"]["conditions"]
    assert (condition["status"], condition["reason"]) == new
    assert ("lastTransitionTime" in condition) == (old is SENT)


def test_after_conversion_to_v1_the_same_is_found_in_the_annotation() -> None:
    old, new = one(task_run(FAILED)), one(task_run(noted=[FAILED]))
    assert new["status"] == old["status"]
    assert new["metadata"] == old["metadata"]
    assert new["spec"]["runRef"]["apiVersion"] == "tekton.dev/v1"


def test_what_stands_in_both_places_is_one_delivery() -> None:
    assert len(converted(task_run(SENT, noted=[SENT, FAILED]))[0]) == 2


def test_each_delivery_of_each_run_gets_a_record_of_its_own_name() -> None:
    runs = [task_run(SENT, FAILED), task_run(SENT, name="other", uid="u2"), task_run()]
    records, problems = converted({"kind": "List", "items": runs})
    assert problems == []
    assert len({record["metadata"]["name"] for record in records}) == 3
    assert [record["spec"]["runRef"]["name"] for record in records] == ["unit", "unit", "other"]


def test_a_list_as_the_api_server_has_it_says_the_kind_for_its_items() -> None:
    run = {key: value for key, value in task_run(SENT).items() if key not in ("kind", "apiVersion")}
    [record], _ = converted({"kind": "TaskRunList", "items": [run]})
    assert record["spec"]["runRef"] == {
        "apiVersion": "tekton.dev/v1beta1",
        "kind": "TaskRun",
        "name": "unit",
        "uid": "u1",
    }
    assert record["metadata"]["labels"]["tekton.dev/taskRun"] == "unit"


def test_it_reads_as_a_record_of_ours() -> None:
    record = one(task_run(FAILED))
    record["metadata"] |= {"uid": "x", "resourceVersion": "1"}
    read = decode_record(json.dumps(record).encode())
    assert (read.integration, read.run.uid, read.condition.status) == ("cloudevent", "u1", "False")
    assert read.memory == {"target": TARGET, "retryCount": "3"}


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        ("text", "here is no Kubernetes object"),
        ({}, "here is no Kubernetes object"),
        ({"kind": "List", "items": ["x"]}, "here is no Kubernetes object"),
        (task_run(noted="{"), f"TaskRun unit: the annotation {ANNOTATION} is no JSON"),
        (task_run(noted='{"a": 1}'), f"TaskRun unit: the annotation {ANNOTATION} is no list"),
        (task_run(SENT, uid=""), "TaskRun unit: metadata: "),
        (task_run({"target": 1}), "TaskRun unit: deliveries: Expected `str`, got `int` - at `$[0].target`"),
        (task_run({"status": {"condition": "Lost"}}), "TaskRun unit: deliveries: Invalid enum value 'Lost'"),
        (task_run({"status": {"sentAt": "yesterday"}}), "TaskRun unit: deliveries: Expected `str` matching"),
        (task_run({"status": {"retryCount": -1}}), "TaskRun unit: deliveries: Expected `int` >= 0"),
        (task_run("x"), "TaskRun unit: deliveries: Expected `object`, got `str`"),
    ],
)
def test_what_cannot_be_read_is_named(damaged: object, message: str) -> None:
    records, [problem] = converted(damaged)
    assert records == []
    assert problem.startswith(message)


def test_one_that_cannot_be_read_keeps_no_other_back() -> None:
    records, problems = converted({"kind": "List", "items": [task_run(noted="{"), task_run(SENT)]})
    assert (len(records), len(problems)) == (1, 1)


def test_an_error_is_one_line_of_plain_letters() -> None:
    state = {"condition": "Failed", "message": "\x1b[31mred\r\nGET /: 403 \u202e", "retryCount": 1}
    [condition] = one(task_run({"target": TARGET, "status": state}))["status"]["conditions"]
    assert condition["reason"].isprintable()
