"""What Notifications make of a run while it is decoded: its creator's words say where, its results at most whether."""

import json
from typing import Any

import pytest

from hack.recording import load
from tekton_integrations.kube.creators_json import RESULT
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.notices import Notices
from tekton_integrations.run import Run
from tests.noticed import SHARED, make, noticing

DIGEST = {"results": [{"name": "image-digest", "value": "sha256:aa*"}]}
C1 = {"channel": "C1"}


def states(recording: str, notices: Notices, **changes: Any) -> list[Run]:
    """The run as it was seen one state after the other, without annotations of ours."""
    found = []
    for step in load(recording):
        if step.kind in ("PipelineRun", "TaskRun") and step.about == load(recording)[0].uid:
            thing = json.loads(json.dumps(step.object))
            annotations = thing["metadata"].get("annotations", {})
            thing["metadata"]["annotations"] = {k: v for k, v in annotations.items() if "integrations." not in k}
            thing["metadata"] |= changes
            found.append(decode_run(json.dumps(thing).encode(), notices=notices))
    return found


def test_a_run_is_let_in_once_it_has_the_result() -> None:
    runs = states("success", noticing(make("all", SHARED, options=C1, filter=DIGEST)))
    assert not runs[0].matched
    assert [each.notification for each in runs[-1].matched] == [f"{SHARED}/all"]
    assert runs[-1].asks


def test_what_a_run_does_not_match_leaves_nothing_in_it() -> None:
    nobody = make("all", SHARED, options=C1, filter={"namespaces": ["nobody"]})
    assert states("success", noticing(nobody)) == states("success", noticing())


@pytest.mark.parametrize("recording", ["annotated-pipeline", "remote-pipeline"])
def test_options_take_no_annotation_that_tekton_copied(recording: str) -> None:
    first, *_, last = [step.object for step in load(recording) if step.kind == "PipelineRun"]
    copied = sorted(last["metadata"]["annotations"].keys() - first["metadata"].get("annotations", {}).keys())
    assert copied
    last["metadata"]["annotations"].pop("slack.integrations.tekton.dev/channel", None)  # it would be asked itself
    options = C1 | {"plain": f"$(annotations.{copied[0]})"}
    run = decode_run(json.dumps(last).encode(), notices=noticing(make("all", SHARED, options=options)))
    assert [each.options.get("plain") for each in run.matched] == [None]


def test_a_childs_report_is_its_parents_business_and_a_long_result_is_cut() -> None:
    owner = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": "p", "uid": "p-uid", "controller": True}
    metadata = {
        "name": "child",
        "namespace": "team-a",
        "uid": "uid",
        "resourceVersion": "1",
        "creationTimestamp": "2027-01-15T08:00:00Z",
        "ownerReferences": [owner],
    }
    results = [{"name": "long", "value": "x" * 10_000}, {"name": "list", "value": ["x"]}, "odd"]
    thing = {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": metadata, "status": {"results": results}}
    long = {"results": [{"name": "long", "value": "x" * RESULT}]}
    run = decode_run(json.dumps(thing).encode(), notices=noticing(make("all", SHARED, options=C1, filter=long)))
    assert run.matched  # so that somebody looks whether its owner is forged
    assert run.parent == "p-uid"
