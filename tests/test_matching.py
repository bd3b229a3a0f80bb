"""Which Notifications match a run, and that a run looks only at those that may."""

from typing import Any

import pytest

from tekton_integrations.matching import Index, Standing, at_this_moment
from tekton_integrations.run import Run, State
from tests.calm import quickly
from tests.noticed import SHARED, Facts, make, standing
from tests.runs import make_run

RUN = make_run(namespace="team-a", state=State.FAILED, reason="Failed")
LABELS = {"team": "payments", "tier": "1"}


def index(*standings: Standing) -> Index:
    made = Index(SHARED)
    for each in standings:
        made.put(each)
    return made


def reaches(filter_: dict[str, Any], *, namespace: str = SHARED, run: Run = RUN) -> bool:
    return bool(index(standing(make(namespace=namespace, filter=filter_))).of(run.kind, run.namespace, LABELS))


@pytest.mark.parametrize(
    ("filter_", "does"),
    [
        ({}, True),
        ({"kinds": ["PipelineRun"]}, True),
        ({"kinds": ["TaskRun", "CustomRun"]}, False),
        ({"labelSelector": {"matchLabels": {"team": "payments"}}}, True),
        ({"labelSelector": {"matchLabels": {"team": "payments", "tier": "1"}}}, True),
        ({"labelSelector": {"matchLabels": {"team": "payments", "tier": "2"}}}, False),
        ({"labelSelector": {"matchLabels": {"team": "search"}}}, False),
        ({"labelSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["payments"]}]}}, True),
        ({"labelSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["search"]}]}}, False),
        (
            {"labelSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["payments"]}]}},
            False,
        ),
        ({"labelSelector": {"matchExpressions": [{"key": "nope", "operator": "NotIn", "values": ["x"]}]}}, True),
        ({"labelSelector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}}, True),
        ({"labelSelector": {"matchExpressions": [{"key": "nope", "operator": "Exists"}]}}, False),
        ({"labelSelector": {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}}, False),
        ({"labelSelector": {"matchExpressions": [{"key": "nope", "operator": "DoesNotExist"}]}}, True),
        ({"namespaces": ["team-a"]}, True),
        ({"namespaces": ["team-*"]}, True),
        ({"namespaces": ["team-b", "other-*"]}, False),
    ],
)
def test_kind_labels_and_namespace_choose(filter_: dict[str, Any], does: bool) -> None:
    assert reaches(filter_) is does


def test_only_the_controllers_namespace_reaches_others() -> None:
    assert reaches({}, namespace="team-a")
    assert not reaches({}, namespace="team-b")
    assert not reaches({"namespaces": ["*", "team-a"]}, namespace="team-b")
    assert reaches({"namespaces": ["nobody"]}, namespace="team-a")


@pytest.mark.parametrize(
    ("filter_", "does"),
    [
        ({}, True),
        ({"states": ["Failed", "TimedOut"]}, True),
        ({"states": ["Succeeded"]}, False),
        ({"reasons": ["Failed"]}, True),
        ({"reasons": ["PipelineRunTimeout"]}, False),
        ({"results": [{"name": "digest"}]}, True),
        ({"results": [{"name": "digest", "value": "sha256:*"}]}, True),
        ({"results": [{"name": "digest", "value": "sha512:*"}]}, False),
        ({"results": [{"name": "digest"}, {"name": "nope"}]}, False),
    ],
)
def test_state_reason_and_results_are_of_the_moment(filter_: dict[str, Any], does: bool) -> None:
    facts = Facts(labels=LABELS, results={"digest": "sha256:aa"})
    assert at_this_moment(standing(make(filter=filter_)), RUN, facts) is does


def test_the_shared_ones_go_first_of_these_what_takes_no_opting_out_and_then_by_name() -> None:
    names = [("b", "team-a"), ("a", "team-a"), ("y", SHARED)]
    audit = standing(make("z", SHARED, allowOptOut=False))
    found = index(*(standing(make(*each)) for each in names), audit).of(RUN.kind, RUN.namespace, LABELS)
    assert [each.notification.path for each in found] == [f"{SHARED}/z", f"{SHARED}/y", "team-a/a", "team-a/b"]


def test_one_that_is_taken_out_or_changed_is_found_no_more() -> None:
    board = index(standing(make(filter={"kinds": ["PipelineRun"]})))
    changed = standing(make(filter={"kinds": ["TaskRun"]}, generation=2))
    board.put(changed)
    assert board.of(RUN.kind, RUN.namespace, LABELS) == []
    assert board.of("TaskRun", RUN.namespace, LABELS) == [changed]
    assert (board.get("team-a/all"), board.count("team-a")) == (changed, 1)
    assert board.remove("team-a/all")
    assert board.remove("team-a/all") is None
    assert (len(board), board.get("team-a/all"), board.count("team-a")) == (0, None, 0)


@pytest.mark.parametrize("by", ["labels", "namespaces", "kinds and namespaces"])
def test_of_five_thousand_a_run_looks_at_few(by: str) -> None:
    """5,000 x 5,000 would be 25 million checks; by index each run takes some microseconds (docs/decisions/0023)."""
    count = 5000
    board, runs = Index(SHARED), []
    for number in range(count):
        labels, namespace = {"app": f"app-{number}"}, f"team-{number}"
        if by == "labels":
            board.put(standing(make(f"n{number}", SHARED, filter={"labelSelector": {"matchLabels": labels}})))
        elif by == "namespaces":
            board.put(standing(make(f"n{number}", namespace)))
        else:
            board.put(
                standing(make(f"n{number}", SHARED, filter={"kinds": ["PipelineRun"], "namespaces": [namespace]}))
            )
        runs.append((make_run(namespace=namespace, name=f"run-{number}"), labels))
    found = quickly(lambda: [board.of(run.kind, run.namespace, labels) for run, labels in runs], count * 0.0005)
    assert [len(few) for few in found] == [1] * count
