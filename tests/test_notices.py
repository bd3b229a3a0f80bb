"""Which Notifications are in order, which runs they let in, and what keeps them within bounds."""

from typing import Any

import pytest
from msgspec.structs import replace

from tekton_integrations.annotations import SUSPEND_ALL
from tekton_integrations.notices import LOOKED_AT, MATCHES, PER_NAMESPACE, Notices
from tekton_integrations.notification import Filter
from tekton_integrations.run import Run, State
from tekton_integrations.soundness import VARIABLES
from tests.calm import quickly
from tests.noticed import SHARED, make, matched, noticing, provider
from tests.reconciling import NAMESPACE
from tests.runs import make_run

RUN = make_run(namespace=NAMESPACE)
C1 = {"channel": "C1"}


def suppressed(notices: Notices, name: str = "all") -> dict[str, int]:
    return {reason: count for reason, count in notices.tallies.of(f"{NAMESPACE}/{name}").suppressed.items() if count}


def cached(notices: Notices, run: Run, **facts: object) -> Run:
    """The run with what matches it, in the cache."""
    run = replace(run, matched=tuple(matched(notices, run, **facts)))
    notices.seen = lambda _kind, _namespace, name: run if name == run.name else None
    notices.follow(run, cached=True)
    return run


@pytest.mark.parametrize(
    ("spec", "reason", "says"),
    [
        ({"options": {"chanel": "C1"}}, "InvalidOption", "did you mean 'channel'"),
        ({"options": {"channel": "general"}}, "InvalidOption", "spec.options.channel must be the channel's id"),
        ({"options": {"channel": "$(results.x)"}}, "InvalidOption", "there is no $(results.x)"),
        ({"options": {"channel": "$(labels.)"}}, "InvalidOption", "there is no $(labels.)"),
        ({"options": {"template": "x"}}, "InvalidOption", "put it into spec.template"),
        ({"options": {"plain": "$(name)" * 33}}, "InvalidOption", "spec.options name 33 variables; at most 32"),
        ({"template": "x"}, "InvalidTemplate", "spec.template is not known to slack"),
        ({"filter": {"expression": "name"}}, "InvalidExpression", "spec.filter.expression: it gives string"),
        ({"providerRef": {"name": "nope"}}, "NoProvider", "no Provider 'nope' in namespace team-a or controller"),
    ],
)  # fmt: skip
def test_one_that_is_not_in_order_matches_nothing_and_says_what_to_mend(
    spec: dict[str, Any], reason: str, says: str
) -> None:
    notices = noticing(make(**spec))
    assert matched(notices, RUN) == []
    problem = notices.problem(f"{NAMESPACE}/all")
    assert problem is not None
    assert problem.reason == reason
    assert says in str(problem)


def test_a_provider_of_another_type_leads_to_no_integration_here() -> None:
    notices = noticing(make(options=C1), providers=(provider(kind="Pager"),))
    problem = notices.problem(f"{NAMESPACE}/all")
    assert problem is not None
    assert problem.reason == "NotInstalled"


def test_its_own_namespaces_provider_goes_before_the_shared_one() -> None:
    notices = noticing(make(options=C1), providers=(provider(), provider(NAMESPACE)))
    [match] = matched(notices, RUN)
    assert match.within == NAMESPACE


def test_a_provider_that_goes_tears_no_report_down() -> None:
    notices = noticing(make(options=C1))
    notices.provider = lambda _namespace, _name: None
    assert not notices.put(make(options=C1))
    assert len(matched(notices, RUN)) == 1


def test_only_a_change_of_what_it_says_concerns_runs() -> None:
    notices = noticing()
    assert not notices.put(make(options=C1))  # it is new: it counts from each run's next change on
    assert not notices.put(make(options=C1))
    assert notices.put(make(options={"channel": "C2"}, generation=2))
    assert notices.put(make(options=C1, suspend=True, generation=3))
    assert matched(notices, RUN) == []
    assert not notices


def test_what_was_let_in_by_its_state_stays() -> None:
    notices = noticing(make(options=C1, filter={"states": ["Running"]}))
    run = cached(notices, replace(RUN, state=State.RUNNING))
    assert run.matched
    assert cached(notices, replace(run, state=State.FAILED)).matched
    assert not matched(notices, replace(RUN, name="other", uid="uid-2", state=State.FAILED))


def test_what_has_an_open_record_stays_after_a_restart() -> None:
    notices = noticing(make(options=C1, filter={"states": ["Running"]}))
    notices.recorded = lambda _: {f"{NAMESPACE}/all"}
    assert matched(notices, replace(RUN, state=State.FAILED))


def test_runs_that_had_ended_before_are_counted_and_not_reported() -> None:
    notices = noticing(make(options=C1, created="2100-01-01T00:00:00Z"))
    assert matched(notices, replace(RUN, state=State.SUCCEEDED, finished=1.0)) == []
    assert suppressed(notices) == {"EndedBefore": 1}


def test_who_opts_out_is_left_alone_unless_that_is_not_allowed() -> None:
    notices = noticing(make("default", options=C1), make("audit", options={"channel": "C2"}, allowOptOut=False))
    run = replace(RUN, annotations={SUSPEND_ALL: "true"})
    assert [each.notification for each in matched(notices, run)] == [f"{NAMESPACE}/audit"]
    assert suppressed(notices, "default") == {"OptedOut": 1}


def test_an_audit_reaches_also_those_that_only_say_to_be_children() -> None:
    """Whether they are is looked at then, see tests/e2e/test_notifications.py."""
    audit = make("audit", options=C1, allowOptOut=False, filter={"labelSelector": {"matchLabels": {"team": "a"}}})
    notices = noticing(audit, make(options=C1))
    assert notices.audited(RUN.kind, NAMESPACE, {"team": "a"})
    assert not notices.audited(RUN.kind, NAMESPACE, {})
    assert not notices.audited(RUN.kind, "team-b", {"team": "a"})
    assert not noticing().audited(RUN.kind, NAMESPACE, {"team": "a"})


def test_an_expression_that_can_not_be_told_is_no_match_and_is_counted_once_for_a_run() -> None:
    notices = noticing(make(options=C1, filter={"expression": "params['env'] == 'prod'"}))
    for _ in range(3):
        assert matched(notices, RUN) == []
    assert suppressed(notices) == {"ExpressionFailed": 1}
    assert len(matched(notices, RUN, params={"env": "prod"})) == 1
    assert suppressed(notices) == {}
    assert notices.tallies.of(f"{NAMESPACE}/all").matched == 1


def test_a_run_has_at_most_so_many_reports_and_the_shared_notifications_go_first() -> None:
    mine = [make(f"n{at:02}", options={"channel": f"C{at}"}) for at in range(LOOKED_AT + 5)]
    audit = make("audit", SHARED, options={"channel": "C99"})
    found = matched(noticing(*mine, audit), RUN)
    assert len(found) == MATCHES
    assert found[0].notification == f"{SHARED}/audit"


def test_of_those_that_reach_a_run_only_so_many_are_looked_at() -> None:
    others = [make(f"n{at:02}", options=C1, filter={"states": ["Cancelled"]}) for at in range(LOOKED_AT)]
    assert matched(noticing(*others[1:], make("z", options=C1)), RUN)
    notices = noticing(*others, make("z", options=C1))
    assert matched(notices, RUN) == []
    assert suppressed(notices, "z") == {"TooMany": 1}


def test_a_namespace_has_at_most_so_many_open_reports() -> None:
    notices = noticing(make(options=C1), cap=2)
    first = [cached(notices, replace(RUN, name=f"run-{at}", uid=f"uid-{at}")) for at in range(2)]
    late = replace(RUN, name="late", uid="late")
    assert matched(notices, late) == []
    assert suppressed(notices) == {"TooMany": 1}
    notices.follow(first[0], cached=False)
    assert len(matched(notices, late)) == 1


def test_no_number_of_open_runs_keeps_others_from_an_audit() -> None:
    audit = make("audit", SHARED, options={"channel": "C2"}, allowOptOut=False)
    mine = make("mine", options={"channel": "C3"}, allowOptOut=False)  # says the same, and anybody may make it
    notices = noticing(make(options=C1), mine, audit, cap=2)
    for at in range(4):
        cached(notices, replace(RUN, name=f"run-{at}", uid=f"uid-{at}"))
    late = matched(notices, replace(RUN, name="late", uid="late"))
    assert [each.notification for each in late] == [f"{SHARED}/audit"]


def test_the_runs_that_one_matches_are_found_by_index() -> None:
    notices = noticing(make(options=C1))
    run = cached(notices, RUN)
    assert notices.matching(f"{NAMESPACE}/all") == [(run.kind, run.namespace, run.name)]
    notices.follow(replace(run, matched=()), cached=False)
    assert notices.matching(f"{NAMESPACE}/all") == []


def test_a_tenant_has_at_most_so_many_notifications_and_the_controllers_namespace_any_number() -> None:
    notices = noticing(*(make(f"n{at}", options=C1) for at in range(PER_NAMESPACE + 1)))
    problem = notices.problem(f"{NAMESPACE}/n{PER_NAMESPACE}")
    assert problem is not None
    assert problem.reason == "TooMany"
    notices.remove(f"{NAMESPACE}/n0")
    notices.put(make(f"n{PER_NAMESPACE}", options=C1))
    assert notices.problem(f"{NAMESPACE}/n{PER_NAMESPACE}") is None
    many = noticing(*(make(f"n{at}", SHARED, options=C1) for at in range(PER_NAMESPACE + 1)))
    assert many.problem(f"{SHARED}/n{PER_NAMESPACE}") is None


@pytest.mark.parametrize("variable", ["$(params.p1)", "$(params.nope)"])
def test_options_that_name_much_of_the_run_take_milliseconds(variable: str) -> None:
    """4 ms on the machine of docs/decisions/0023; the bound is generous, since this one may be busy."""
    options = {"channel": "$(params.c)" + "$(params.empty)" * 7, "plain": variable * (VARIABLES - 8)}
    notices = noticing(*(make(f"n{at}", options=options) for at in range(PER_NAMESPACE)))
    params = {f"p{at}": "x" * 50_000 for at in range(100)} | {"c": "C1", "empty": ""}
    assert len(quickly(lambda: matched(notices, RUN, params=params), 0.1)) == 1


def test_of_one_that_is_too_large_nothing_is_kept() -> None:
    large = make(options=C1 | {"plain": "x" * 4096}, filter={"reasons": ["x" * 128] * 250})
    assert (large.options, large.filter, large.provider) == ({}, Filter(), "slack")
    notices = noticing(large)
    assert matched(notices, RUN) == []
    problem = notices.problem(f"{NAMESPACE}/all")
    assert problem is not None
    assert problem.reason == "TooManyBytes"
    assert "at most 32768 are read" in str(problem)
    assert notices.put(make(options=C1, generation=2)) is False
    assert len(matched(notices, RUN)) == 1


def test_what_a_tenant_makes_of_all_that_is_allowed_takes_milliseconds() -> None:
    """20 ms on the machine of docs/decisions/0023; the bound is generous, since this one may be busy."""
    expression = "labels.all(x," + "&&".join(["labels==labels"] * 8) + ")"
    specs: list[dict[str, Any]] = [
        {"options": {"channel": f"C{at}"}, "filter": {"expression": expression}} for at in range(PER_NAMESPACE)
    ]
    notices = noticing(*(make(f"n{at}", **spec) for at, spec in enumerate(specs)))
    labels = {f"label-{at}": "x" * 63 for at in range(64)}
    assert len(quickly(lambda: matched(notices, RUN, labels=labels), 0.5)) == MATCHES
