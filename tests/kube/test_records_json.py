"""A record that is stored and read again is the same, but for fractions of its times."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tekton_integrations.kube.records_json import decode_record, to_object
from tekton_integrations.record import Attempt, Condition, Record, RunRef, Target
from tests.calm import calmly

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
moments = st.floats(1, 4e9)
counts = st.integers(0, 2**31)
targets = st.builds(
    Target, resource=texts, name=texts, detail=texts, labels=st.dictionaries(texts, texts, max_size=3), endpoint=texts
)
attempts = st.builds(Attempt, id=texts, holder=texts, started=moments, deadline=moments)
conditions = st.builds(
    Condition,
    status=st.sampled_from(["True", "False", "Unknown"]),
    reason=texts,
    message=texts,
    last_transition=st.floats(0, 4e9),
)
records = st.builds(
    Record,
    namespace=texts,
    name=texts,
    run=st.builds(RunRef, api_version=texts, kind=st.just("PipelineRun"), name=texts, uid=texts),
    integration=texts,
    notification=texts,
    uid=texts,
    resource_version=st.integers(1).map(str),
    generation=counts,
    owned=st.booleans(),
    condition=conditions,
    observed_generation=counts,
    memory=st.dictionaries(texts, texts, max_size=3),
    observed_state=texts,
    input_digest=texts,
    version=texts,
    provider=texts,
    url=texts,
    target=st.none() | targets,
    attempts=counts,
    next_attempt=st.none() | moments,
    intent=st.none() | attempts,
    verify_after=st.none() | moments,
    format=st.integers(1, 9),
    delivered=counts,
    milestone=texts,
    sources=st.dictionaries(texts, texts, max_size=3),
)
RUN = RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name="a", uid="run-uid")
RECORD = Record(namespace="team-a", name="a-github-0f0f0f0f", run=RUN, integration="github")


def stored(record: Record) -> Record:
    """What the API server hands back: it adds uid, version and generation."""
    thing = json.loads(msgspec.json.encode(to_object(record)))
    thing["metadata"] |= {"uid": record.uid, "resourceVersion": record.resource_version or "1"}
    thing["metadata"]["generation"] = record.generation
    return decode_record(json.dumps(thing).encode())


def close(record: Record) -> Record:
    """With times as they are stored: the condition's in seconds, all others in milliseconds."""

    def milliseconds(seconds: float | None) -> Any:
        return None if seconds is None else pytest.approx(seconds, abs=0.0011)

    # An Any, since what stands for a range of times is no float.
    seconds: Any = pytest.approx(record.condition.last_transition - 0.5, abs=0.51)
    intent = record.intent and replace(
        record.intent, started=milliseconds(record.intent.started), deadline=milliseconds(record.intent.deadline)
    )
    return replace(
        record,
        condition=replace(record.condition, last_transition=seconds),
        next_attempt=milliseconds(record.next_attempt),
        verify_after=milliseconds(record.verify_after),
        intent=intent,
    )


@calmly
@given(records)
def test_what_is_stored_is_what_is_read(record: Record) -> None:
    assert stored(record) == close(record)


def test_storing_twice_changes_nothing_more() -> None:
    once = stored(replace(RECORD, condition=Condition(status="True", reason="Reported", last_transition=1.7)))
    assert stored(once) == once


def test_a_record_stands_there_as_other_programs_and_older_versions_read_it() -> None:
    record = replace(
        RECORD,
        notification="audit",
        observed_generation=2,
        observed_state="Running",
        memory={"check-run-id": "1"},
        url="https://example.com/1",
        target=Target(resource="acme/api", name="build", detail="f" * 40, endpoint="https://a.example"),
        intent=Attempt(id="1a", holder="pod-1", started=1.5, deadline=13.5),
        verify_after=14.0,
        next_attempt=15.0,
        delivered=2,
        milestone="started",
    )
    made = to_object(record)
    del made["metadata"]["labels"], made["status"]["conditions"]  # each has a test of its own
    assert made == {
        "apiVersion": "integrations.tekton.dev/v1alpha1",
        "kind": "IntegrationStatus",
        "metadata": {"name": "a-github-0f0f0f0f", "namespace": "team-a"},
        "spec": {
            "runRef": {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": "a", "uid": "run-uid"},
            "integration": "github",
            "notification": "audit",
        },
        "status": {
            "name": "github.integrations.tekton.dev",
            "format": 2,
            "observedGeneration": 2,
            "annotations": {"check-run-id": "1"},
            "observedState": "Running",
            "url": "https://example.com/1",
            "target": {
                "resource": "acme/api",
                "name": "build",
                "detail": "f" * 40,
                "labels": {},
                "endpoint": "https://a.example",
            },
            "intent": {
                "id": "1a",
                "holder": "pod-1",
                "startTime": "1970-01-01T00:00:01.500Z",
                "deadline": "1970-01-01T00:00:13.500Z",
            },
            "verifyTime": "1970-01-01T00:00:14.000Z",
            "nextAttemptTime": "1970-01-01T00:00:15.000Z",
            "delivered": 2,
            "milestone": "started",
        },
    }


def test_what_has_no_value_is_left_out() -> None:
    assert set(to_object(RECORD)["status"]) == {"name", "format", "conditions"}


def test_a_new_record_has_no_version_and_a_known_one_is_guarded_by_it() -> None:
    assert "resourceVersion" not in to_object(RECORD)["metadata"]
    assert to_object(replace(RECORD, resource_version="7"))["metadata"]["resourceVersion"] == "7"


def test_only_a_settled_record_is_owned_by_its_run_and_never_holds_it_up() -> None:
    assert "ownerReferences" not in to_object(RECORD)["metadata"]
    [owner] = to_object(replace(RECORD, owned=True))["metadata"]["ownerReferences"]
    assert owner == {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "name": "a",
        "uid": "run-uid",
        "blockOwnerDeletion": False,
        "controller": False,
    }


def test_an_owner_of_another_uid_is_not_the_run() -> None:
    thing = to_object(replace(RECORD, owned=True, resource_version="1"))
    thing["metadata"] |= {"uid": "u"}
    thing["metadata"]["ownerReferences"][0]["uid"] = "another"
    assert not decode_record(json.dumps(thing).encode()).owned


def test_the_condition_is_one_that_kubectl_waits_for() -> None:
    record = replace(RECORD, generation=4, condition=Condition(status="True", reason="Reported", last_transition=1.7))
    [condition] = to_object(record)["status"]["conditions"]
    assert condition == {
        "type": "Succeeded",
        "status": "True",
        "reason": "Reported",
        "message": "",
        "lastTransitionTime": "1970-01-01T00:00:01Z",
        "observedGeneration": 5,  # this write raises the record's generation by one
    }


def test_a_record_without_a_status_is_one_in_progress() -> None:
    thing = to_object(RECORD)
    thing["metadata"] |= {"uid": "u", "resourceVersion": "1"}
    del thing["status"]
    record = decode_record(json.dumps(thing).encode())
    assert (record.condition.status, record.condition.reason, record.memory) == ("Unknown", "InProgress", {})


@pytest.mark.parametrize("broken", [b"", b"{}", b"[]", b'{"metadata":{},"spec":{}}', b"\xff"])
def test_what_is_no_record_is_an_error(broken: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_record(broken)
