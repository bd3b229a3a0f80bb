"""The run is sent as it is in the cluster, and what does not fit into 64 KiB is named."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tekton_integrations_cloudevent.attributes import About
from tekton_integrations_cloudevent.data import ROOM, ended, thin, within

from integrations.cloudevent.tests.runs import AT, manifest
from tekton_integrations import Run, State
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.testing import RUN, make_run
from tests.hostile import hostile
from tests.recorded import RECORDINGS, recorded

SHORTEST = thin(RUN)


def size(value: object) -> int:
    return len(msgspec.json.encode(value))


def read(sent: dict[str, Any]) -> Run:
    """As if the API server had it."""
    return decode_run(msgspec.json.encode(sent | {"metadata": sent["metadata"] | {"resourceVersion": "1"}}))


def large(**sections: dict[str, Any]) -> dict[str, Any]:
    run = {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "metadata": {"name": "b", "namespace": "a", "uid": "u"},
    }
    return run | {"spec": {}, "status": {"conditions": []}} | sections


@pytest.mark.parametrize("name", RECORDINGS)
def test_what_fits_is_sent_whole_but_for_what_kubectl_keeps_there(name: str) -> None:
    run, found = manifest(name)
    sent, trimmed = within(found, thin(run))
    assert trimmed == ""
    assert sent["spec"] == found["spec"]
    assert sent["status"] == found["status"]
    assert "kubectl.kubernetes.io/last-applied-configuration" not in sent["metadata"]["annotations"]
    assert sent["metadata"]["annotations"].items() <= found["metadata"].get("annotations", {}).items()


def test_specs_go_first_and_no_more_than_has_to() -> None:
    spec = {"tasks": "x" * ROOM}
    found = large(spec={"pipelineSpec": spec, "params": ["p"]}, status={"pipelineSpec": spec, "conditions": ["c"]})
    sent, trimmed = within(found, SHORTEST)
    assert trimmed == "status.pipelineSpec,spec.pipelineSpec"
    assert (sent["spec"], sent["status"]) == ({"params": ["p"]}, {"conditions": ["c"]})
    assert found["status"]["pipelineSpec"] == spec


def test_then_the_largest_goes_first() -> None:
    status = {"conditions": ["c"], "results": "r" * ROOM, "childReferences": "s" * (ROOM - 1000), "provenance": {}}
    sent, trimmed = within(large(status=status, spec={"params": "p" * 2000}), SHORTEST)
    assert trimmed == "status.provenance,status.results,status.childReferences"
    assert sent["spec"] == {"params": "p" * 2000}


def test_annotations_and_labels_go_before_what_tells_runs_apart() -> None:
    metadata = {"name": "b", "namespace": "a", "uid": "u", "annotations": {"a": "x" * ROOM}, "labels": {"b": "c"}}
    sent, trimmed = within(large(metadata=metadata), SHORTEST)
    assert trimmed == "metadata.annotations"
    assert sent["metadata"] == {"name": "b", "namespace": "a", "uid": "u", "labels": {"b": "c"}}


def test_a_condition_without_end_is_replaced_by_its_begin() -> None:
    run = make_run(State.FAILED, message="é" * 300_000)
    sent, trimmed = within(large(status={"conditions": [{"message": run.message}]}), thin(run))
    assert trimmed == "status.conditions"
    [condition] = sent["status"]["conditions"]
    assert (condition["status"], len(condition["message"])) == ("False", 4096)


def test_fields_that_tekton_does_not_have_are_counted_and_not_named() -> None:
    odd = {f"a,\r\nb{number}": "x" * ROOM for number in range(3)}
    many = {f"field{number}": "y" * ROOM for number in range(40)}
    assert within(large(spec=odd), SHORTEST)[1] == "+3"
    trimmed = within(large(spec=many), SHORTEST)[1]
    assert trimmed.endswith(",+16")
    assert len(trimmed) < 600


FIELDS = st.dictionaries(st.text(max_size=20), hostile() | st.text(max_size=400), max_size=6)


@given(spec=FIELDS, status=FIELDS, annotations=FIELDS, message=hostile(), times=st.sampled_from([1, 200]))
@settings(max_examples=60, deadline=None)
def test_whatever_stands_in_it_fits(
    spec: dict[str, str], status: dict[str, str], annotations: dict[str, str], message: str, times: int
) -> None:
    run = make_run(State.FAILED, message=message * times, reason=message * times)
    found = large(
        metadata={"name": "b", "namespace": "a", "annotations": annotations},
        spec={key: value * times for key, value in spec.items()},
        status={key: value * times for key, value in status.items()} | {"conditions": [message * times * 10]},
    )
    sent, trimmed = within(found, thin(run))
    assert size(sent) <= ROOM
    assert trimmed.isascii()
    assert trimmed.isprintable()


@pytest.mark.parametrize("name", RECORDINGS)
def test_what_is_sent_of_a_run_that_is_gone_reads_as_the_run_did(name: str) -> None:
    run, _ = recorded(name)
    again = read(thin(run))
    told = ("api_version", "kind", "namespace", "name", "uid", "generation", "created", "started", "finished", "reason")
    assert [getattr(again, field) for field in told] == [getattr(run, field) for field in told]
    assert again.message == run.message
    assert again.state.final == run.state.final


def test_the_condition_follows_the_state() -> None:
    seen = {}
    for state in State:
        conditions = thin(make_run(state, reason="R"))["status"]["conditions"]
        seen[state] = conditions[0]["status"]
    assert {state for state, status in seen.items() if status == "True"} == {State.SUCCEEDED, State.SKIPPED}
    assert {state for state, status in seen.items() if status == "Unknown"} == {State.QUEUED, State.RUNNING}


def test_a_run_without_a_condition_is_sent_without_one() -> None:
    assert "conditions" not in thin(make_run(State.QUEUED, reason=""))["status"]


def test_the_unknown_end_of_a_run_is_a_cancelled_one() -> None:
    sent = ended(About.run(RUN), AT)
    assert sent["metadata"] == {"name": RUN.name, "namespace": RUN.namespace, "uid": RUN.uid}
    [condition] = sent["status"]["conditions"]
    assert (condition["status"], condition["reason"]) == ("False", "Cancelled")
    assert condition["lastTransitionTime"] == sent["status"]["completionTime"] == "2027-01-15T08:01:04Z"
    assert condition["message"].startswith("Outcome unknown: ")
