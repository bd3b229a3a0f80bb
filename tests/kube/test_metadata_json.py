"""What is looked at of a run that says to be another's child."""

import json
from typing import Any

from tekton_integrations.annotations import REPORT_AT_ALL
from tekton_integrations.kube.children import keys
from tekton_integrations.kube.metadata_json import decode_labelled
from tekton_integrations.kube.own_words import on_its_own
from tests.runs import make_run

OWNER, AGAIN = "github.integrations.tekton.dev/owner", "github.integrations.tekton.dev/report-at"


def labelled(**annotations: str) -> Any:
    metadata = {"name": "x", "uid": "1", "resourceVersion": "1", "creationTimestamp": "2026-11-29T13:00:00Z"}
    return decode_labelled(json.dumps({"metadata": metadata | {"annotations": annotations}}).encode())


def test_a_child_or_its_parent_that_is_to_be_reported_again_says_nothing_of_its_own_by_that() -> None:
    """Else a child that nobody asked for would be reported beside its parent."""
    asks = {OWNER: "acme", AGAIN: "now", REPORT_AT_ALL: "now", "example.com/other": "x"}
    assert labelled(**asks).annotations == {OWNER: "acme"}
    assert keys(make_run(annotations={OWNER: "acme", AGAIN: "now"}, ignored=(REPORT_AT_ALL,))) == {OWNER}


def test_a_child_that_is_reported_on_its_own_can_be_reported_again() -> None:
    asks = {OWNER: "acme", AGAIN: "now", REPORT_AT_ALL: "later", "slack.integrations.tekton.dev/channel": "x"}
    run = on_its_own(make_run(annotations=asks), {"github"})
    assert run.annotations == {OWNER: "acme", AGAIN: "now", REPORT_AT_ALL: "later"}
