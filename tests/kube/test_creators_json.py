"""What of a run counts as its creator's, and that no odd label or parameter keeps a run from being read."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hack.recording import load
from tekton_integrations import Found, Source
from tekton_integrations.inference import Inference
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.run import Run
from tests.calm import calmly
from tests.toy import Slack

CHANNEL = "slack.integrations.tekton.dev/channel"
PAC = "pipelinesascode.tekton.dev"
MADE_BY_PAC = {"app.kubernetes.io/managed-by": PAC}
OWNER = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": "p", "uid": "p-uid", "controller": True}


class Curious(Slack):
    """Infers all that there is."""

    inferable: ClassVar[Mapping[str, str]] = {"plain": "everything"}
    infers = True

    def infer(self, source: Source) -> Mapping[str, Found]:
        kinds = {"label": source.labels, "annotation": source.annotations, "parameter": source.params}
        return {
            f"{kind} {name}": Found(value, f"{kind} {name}")
            for kind, values in kinds.items()
            for name, value in values.items()
        }

    def is_asked(self, source: Source) -> bool:
        return source.annotations.get("old-tool") == "true"


def raw(*, params: Any = None, owners: list[dict[str, Any]] | None = None, **metadata: Any) -> bytes:
    least = {"name": "a", "uid": "u", "resourceVersion": "7", "creationTimestamp": "2026-11-21T09:00:00Z"}
    metadata = least | {"namespace": "n", "ownerReferences": owners or []} | metadata
    spec = {} if params is None else {"params": params}
    return json.dumps(
        {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": metadata, "spec": spec}
    ).encode()


def written(manager: str, **keys: dict[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {f"f:{field}": {f"f:{key}": {} for key in values} for field, values in keys.items()}
    spec: dict[str, Any] = {} if manager == "controller" else {"f:spec": {"f:params": {}}}
    return {"manager": manager, "fieldsV1": {"f:metadata": fields} | spec}


def found(run: Run) -> set[str]:
    return {each.source for each in run.inferred}


def read(thing: bytes) -> Run:
    return decode_run(thing, Inference([Curious()]))


def test_nothing_is_inferred_unless_somebody_was_told_to() -> None:
    thing = raw(
        annotations={CHANNEL: "C1", "old-tool": "true"}, labels={"a": "1"}, params=[{"name": "b", "value": "2"}]
    )
    assert decode_run(thing).inferred == ()
    assert found(read(thing)) == {"label a", "annotation old-tool", "annotation " + CHANNEL, "parameter b"}


def test_what_tekton_copied_is_not_looked_at() -> None:
    mine, brought = {CHANNEL: "C1", "mine": "1"}, {"brought": "2"}
    fields = [
        written("kubectl", annotations=mine, labels={"own": ""}),
        written("controller", annotations=brought, labels={"copied": ""}),
        {"manager": "controller", "subresource": "status", "fieldsV1": {"f:status": {}}},
    ]
    run = read(raw(annotations=mine | brought, labels={"own": "3", "copied": "4"}, managedFields=fields))
    assert found(run) == {f"annotation {CHANNEL}", "annotation mine", "label own"}


@pytest.mark.parametrize("recording", ["annotated-pipeline", "remote-pipeline", "success"])
def test_of_a_recorded_run_only_what_its_creator_wrote_is_looked_at(recording: str) -> None:
    first, *later = [step.object for step in load(recording) if step.kind == "PipelineRun"]
    created = first["metadata"].get("annotations", {}), first["metadata"].get("labels", {})
    wrote = {f"annotation {key}" for key in created[0]} | {f"label {key}" for key in created[1]}
    seen = [found(decode_run(json.dumps(each).encode(), Inference([Everyone()]))) for each in later]
    assert seen
    assert all(each <= wrote for each in seen)
    assert len(later[-1]["metadata"]["labels"]) > len(created[1])


class Everyone(Curious):
    def is_asked(self, source: Source) -> bool:
        return True


def test_of_a_child_nothing_is_inferred() -> None:
    thing = raw(annotations={CHANNEL: "C1", "old-tool": "true"}, labels=MADE_BY_PAC, owners=[OWNER])
    run = read(thing)
    assert (run.parent, run.inferred, run.pipelines_as_code) == ("p-uid", (), False)


@pytest.mark.parametrize(
    "marks",
    [{"labels": MADE_BY_PAC}, {"annotations": {f"{PAC}/state": "started"}}, {"labels": MADE_BY_PAC | {"x": "y"}}],
)
def test_a_run_that_pipelines_as_code_made_is_known_if_it_asks_us_too(marks: dict[str, dict[str, str]]) -> None:
    annotations = marks.get("annotations", {})
    labels = marks.get("labels", {})
    assert decode_run(raw(labels=labels, annotations=annotations | {CHANNEL: "C1"})).pipelines_as_code
    silent = decode_run(raw(labels=labels, annotations=annotations))
    assert not silent.pipelines_as_code
    assert not silent.asks


@pytest.mark.parametrize("labels", [{}, {"app.kubernetes.io/managed-by": "Helm"}, {f"{PAC}/sha": "3f78"}])
def test_other_runs_are_not_pipelines_as_code_s(labels: dict[str, str]) -> None:
    assert not decode_run(raw(annotations={CHANNEL: "C1"}, labels=labels)).pipelines_as_code


def test_a_pipeline_cannot_say_that_its_runs_are_reported_elsewhere() -> None:
    fields = [
        written("kubectl", annotations={CHANNEL: ""}),
        written("controller", labels=MADE_BY_PAC),
        {"manager": "controller", "subresource": "status", "fieldsV1": {"f:status": {}}},
    ]
    run = decode_run(raw(annotations={CHANNEL: "C1"}, labels=MADE_BY_PAC, managedFields=fields))
    assert not run.pipelines_as_code


@pytest.mark.parametrize(
    ("params", "names"),
    [
        (None, set()),
        ({"a": "1"}, set()),
        ("a", set()),
        (7, set()),
        ([], set()),
        (["a", None, 7, []], set()),
        ([{"name": "a"}, {"value": "1"}, {"name": 7, "value": "1"}, {"name": "b", "value": "2"}], {"b"}),
        ([{"name": "a", "value": ["1"]}, {"name": "o", "value": {"k": "v"}}, {"name": "n", "value": None}], set()),
    ],
)
def test_odd_parameters_are_left_out(params: Any, names: set[str]) -> None:
    run = read(raw(annotations={CHANNEL: "C1"}, params=params))
    assert found(run) - {f"annotation {CHANNEL}"} == {f"parameter {name}" for name in names}


@pytest.mark.parametrize("fields", [None, []])
def test_where_nobody_says_who_wrote_what_all_counts(fields: Any) -> None:
    assert found(read(raw(annotations={CHANNEL: "C1"}, labels={"a": "1"}, managedFields=fields))) == {
        f"annotation {CHANNEL}",
        "label a",
    }


@pytest.mark.parametrize(
    "fields",
    [{"": None}, "a", [7], [{"manager": 7}], [{"fieldsV1": "a"}], [{"fieldsV1": {"f:metadata": {"f:labels": []}}}]],
)
def test_managed_fields_of_another_form_are_no_run_s(fields: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(raw(annotations={CHANNEL: "C1"}, managedFields=fields))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
things = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.just("name"), inner, max_size=3),
    max_leaves=10,
)


@calmly
@given(
    labels=st.dictionaries(texts | st.just("app.kubernetes.io/managed-by"), texts | st.just(PAC), max_size=4),
    annotations=st.dictionaries(texts | st.sampled_from([CHANNEL, "old-tool", f"{PAC}/state"]), texts, max_size=4),
    params=things,
)
def test_whatever_stands_on_a_run_it_is_read_and_says_the_same_with_and_without_inference(
    labels: dict[str, str], annotations: dict[str, str], params: Any
) -> None:
    thing = raw(labels=labels, annotations=annotations, params=params)
    plain, curious = decode_run(thing), read(thing)
    assert msgspec.structs.replace(curious, inferred=()) == plain
    assert bool(curious.inferred) <= (bool(plain.annotations) or annotations.get("old-tool") == "true")
