"""What a message says of a run, and what is left out of one that is too large."""

import json
import re
import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from tekton_integrations_webhook.facts import Facts, of_record, of_run, type_of
from tekton_integrations_webhook.payload import LIMIT, encoded, full, thin

from integrations.webhook.tests.helpers import DONE, NAMES, milestone
from tekton_integrations import Record, Run, State
from tekton_integrations.record import RunRef
from tekton_integrations.testing import make_child, make_run
from tekton_integrations.testing.values import RUN
from tests.calm import calmly
from tests.hostile import hostile
from tests.recorded import RECORDINGS, recorded


def body(run: Run = DONE, name: str = "finished") -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(encoded(thin(of_run(run, [], "https://ci.example/1"), milestone(name))))
    return decoded


def test_a_thin_message_says_which_run_it_is_how_it_is_and_since_when() -> None:
    assert body() == {
        "type": "tekton.pipelinerun.finished",
        "timestamp": "2027-01-15T08:01:04.000Z",
        "data": {
            "milestone": "finished",
            "sequence": 3,
            "run": {
                "apiVersion": "tekton.dev/v1",
                "kind": "PipelineRun",
                "namespace": "team-a",
                "name": "build-x7k2p",
                "uid": "8a6b",
                "pipeline": "build",
            },
            "state": "Succeeded",
            "final": True,
            "reason": "Succeeded",
            "message": "It was Succeeded.",
            "title": "Succeeded in 1 min 3 s",
            "created": "2027-01-15T08:00:00.000Z",
            "started": "2027-01-15T08:00:01.000Z",
            "finished": "2027-01-15T08:01:04.000Z",
            "url": "https://ci.example/1",
        },
    }


def test_what_is_not_known_is_left_out() -> None:
    queued = body(make_run(State.QUEUED, started=None, pipeline="", message=""), "created")["data"]
    assert not {"started", "finished", "message", "failures"} & queued.keys()
    assert "pipeline" not in queued["run"]
    assert queued["final"] is False


@pytest.mark.parametrize("kind", ["PipelineRun", "TaskRun", "CustomRun"])
@pytest.mark.parametrize("name", [*NAMES, "retried"])
def test_types_are_of_the_letters_that_the_standard_allows(kind: str, name: str) -> None:
    found = type_of(of_run(make_run(kind=kind), [], ""), milestone(name))
    assert re.fullmatch(r"[a-zA-Z0-9_.]+", found)
    assert found == f"tekton.{kind.lower()}.{name}"


def test_a_failure_names_who_is_to_blame_with_a_piece_of_advice() -> None:
    run, children = recorded("failure")
    [failure] = json.loads(encoded(thin(of_run(run, children, ""), milestone())))["data"]["failures"]
    assert failure["task"] == "test"
    assert "exit" in failure["cause"]


@pytest.mark.parametrize("name", RECORDINGS)
def test_each_recorded_run_makes_a_small_message(name: str) -> None:
    run, children = recorded(name)
    whole = encoded(thin(of_run(run, children, ""), milestone()))
    data = json.loads(whole)["data"]
    assert len(whole) < 5_000
    assert (data["state"], data["run"]["name"]) == (str(run.state), run.name)
    assert bool(data.get("failures")) == (run.state in (State.FAILED, State.TIMED_OUT))


def test_many_failures_and_long_texts_stay_below_what_the_standard_asks_for() -> None:
    children = [make_child(f"task-{number:060}", message="x" * 5000) for number in range(300)]
    run = make_run(State.FAILED, message="ü" * 100_000)
    assert len(encoded(thin(of_run(run, children, ""), milestone()))) < 20_000


@calmly
@given(hostile())
def test_hostile_text_stays_text(text: str) -> None:
    said = body(make_run(State.FAILED, message=text))["data"].get("message", "")
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") for letter in said)


def lost(**memory: str) -> Facts:
    ref = RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name="build-x7k2p", uid="8a6b")
    return of_record(
        Record(namespace="team-a", name="r", run=ref, integration="webhook", memory=memory), 1_800_000_064.0
    )


def test_a_run_of_which_only_the_record_is_left_is_cancelled_with_an_unknown_outcome() -> None:
    said = json.loads(encoded(thin(lost(pipeline="build"), milestone())))["data"]
    assert (said["state"], said["final"], said["reason"]) == ("Cancelled", True, "OutcomeUnknown")
    assert said["title"].startswith("The outcome is unknown")
    assert said["run"] == {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "namespace": "team-a",
        "name": "build-x7k2p",
        "uid": "8a6b",
        "pipeline": "build",
    }


MANIFEST: dict[str, Any] = {
    "metadata": {"name": RUN.name, "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b"}},
    "spec": {"pipelineSpec": {"tasks": [{"name": "test"}]}, "params": [{"name": "sha", "value": "3f78"}]},
    "status": {"pipelineSpec": {"tasks": [{"name": "test"}]}, "conditions": [{"type": "Succeeded"}]},
}


def whole(manifest: dict[str, Any] | None, limit: int = LIMIT) -> dict[str, Any]:
    made = full(thin(of_run(DONE, [], ""), milestone()), manifest, limit)
    assert len(made) <= limit
    data: dict[str, Any] = json.loads(made)["data"]
    return data


def test_a_full_message_has_the_run_besides() -> None:
    found = whole(MANIFEST)
    assert found.pop("object") == MANIFEST
    assert found == json.loads(encoded(thin(of_run(DONE, [], ""), milestone())))["data"]


def test_what_is_said_elsewhere_too_is_left_out_first_and_that_is_told() -> None:
    large = {"tasks": [{"name": "test", "description": "x" * 300_000}]}
    found = whole({**MANIFEST, "status": {**MANIFEST["status"], "pipelineSpec": large}})
    assert found["omitted"] == [
        "object.metadata.annotations.kubectl.kubernetes.io/last-applied-configuration",
        "object.status.pipelineSpec",
    ]
    assert found["object"]["spec"] == MANIFEST["spec"]
    assert found["object"]["metadata"]["annotations"] == {"a": "b"}
    assert found["object"]["status"] == {"conditions": [{"type": "Succeeded"}]}


def test_a_run_that_is_too_large_whatever_is_left_out_makes_a_thin_message() -> None:
    found = whole({**MANIFEST, "spec": {"params": [{"name": "x", "value": "y" * 300_000}]}})
    assert (found["omitted"], "object" in found, found["state"]) == (["object"], False, "Succeeded")


def test_a_run_that_is_gone_meanwhile_makes_a_thin_message() -> None:
    assert whole(None)["omitted"] == ["object"]


@pytest.mark.parametrize("limit", range(600, 1500, 50))
def test_whatever_the_limit_a_message_stays_below_it(limit: int) -> None:
    assert whole(MANIFEST, limit)["run"]["name"] == RUN.name


def test_what_is_left_out_does_not_touch_the_manifest_itself() -> None:
    before = msgspec.json.encode(MANIFEST)
    whole(MANIFEST, 700)
    assert msgspec.json.encode(MANIFEST) == before
