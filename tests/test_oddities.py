"""Keys that were meant for us are told from everybody else's."""

from typing import Any

import pytest

from tekton_integrations.inquiry.oddities import oddities, of_pods
from tekton_integrations.inquiry.search import Search
from tekton_integrations.story import Odd
from tekton_integrations.testing import make_run

NAMES = ["cloudevent", "github", "slack", "webhook"]
OWNER = "github.integrations.tekton.dev/owner"


def found(**metadata: dict[str, str]) -> list[Odd]:
    return oddities({"metadata": metadata}, NAMES)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("github.integration.tekton.dev/owner", OWNER),
        ("github.integrations.tekton.com/owner", OWNER),
        ("github.tekton.dev/owner", OWNER),
        ("GitHub.integrations.tekton.dev/owner", OWNER),
        ("githb.integration.tekton.dev/owner", OWNER),
        ("slack.integratoins.tekton.dev/channel", "slack.integrations.tekton.dev/channel"),
        ("tekton.dev/pipeline", ""),
        ("chains.tekton.dev/signed", ""),
        ("triggers.tekton.dev/eventlistener", ""),
        ("pipeline.tekton.dev/release", ""),
        ("results.tekton.dev/record", ""),
        ("pipelinesascode.tekton.dev/sha", ""),
        ("kubectl.kubernetes.io/last-applied-configuration", ""),
        ("github.com/owner", ""),
        ("githbu.integrations.tekton.dev/owner", ""),  # ours by its form: the controller answers it
    ],
)
def test_a_domain_is_misspelt_or_somebody_else_s(key: str, meant: str) -> None:
    assert found(annotations={key: "x"}) == ([Odd(key, "among the annotations", meant)] if meant else [])


def test_ours_in_a_place_where_nobody_looks_is_found() -> None:
    assert found(labels={OWNER: "x"}) == [Odd(OWNER, "among the labels")]
    task = {"taskSpec": {"metadata": {"annotations": {OWNER: "x"}}}}
    spec = {"spec": {"pipelineSpec": {"tasks": [{}, task]}}}
    assert oddities(spec, NAMES) == [Odd(OWNER, "in spec.pipelineSpec.tasks[1].taskSpec.metadata.annotations")]
    pod = {"metadata": {"name": "p", "annotations": {OWNER: "x"}}}
    assert of_pods([pod], {}) == [Odd(OWNER, "on pod p")]
    assert of_pods([pod], {OWNER: "x"}) == []


def test_an_object_made_to_be_deep_or_long_ends_the_search() -> None:
    deep: Any = {"annotations": {OWNER: "x"}}
    for _ in range(5000):
        deep = [deep]
    assert oddities({"spec": deep}, NAMES) == []
    assert len(found(labels={f"github.integrations.tekton.dev/k{n}": "x" for n in range(100)})) == 5


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Search(repo="acme/api"), True),
        (Search(repo="Acme/API", sha="3F78"), True),
        (Search(sha="78"), False),
        (Search(pull="7"), True),
        (Search(repo="acme/web"), False),
    ],
)
def test_a_run_is_found_by_what_it_says(wanted: Search, fits: bool) -> None:
    said = {"owner": "acme", "repo": "api", "sha": "3f786850e387550fdab836ed7e6dc881de23001b", "pull-request": "7"}
    run = make_run(annotations={f"github.integrations.tekton.dev/{key}": value for key, value in said.items()})
    assert wanted.asks(run) is fits
