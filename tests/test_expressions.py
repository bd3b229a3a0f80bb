"""What an expression may be, what it sees, and that none costs more than a moment."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tekton_integrations import expressions
from tekton_integrations.expressions import MAPS, MAX_ENTRIES, MAX_STRING, STRINGS, ExpressionError, compiled
from tests.calm import quickly

FACTS: dict[str, Any] = dict.fromkeys(STRINGS, "") | {
    "kind": "PipelineRun",
    "ns": "team-a",
    "state": "Failed",
    "reason": "PipelineRunTimeout",
    "labels": {"team": "payments", "tier": "1"},
    "annotations": {},
    "params": {"env": "prod"},
    "results": {},
}
# As much as a run may have.
_MANY = {f"key-{number}": "v" * 5000 for number in range(500)}
FULL: dict[str, Any] = {**dict.fromkeys(STRINGS, "x" * 5000), **dict.fromkeys(MAPS, _MANY)}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("true", True),
        ("state == 'Failed'", True),
        ("state in ['Failed', 'TimedOut'] && kind == 'PipelineRun'", True),
        ("labels['team'] == 'payments'", True),
        ("'team' in labels && labels['team'].startsWith('pay')", True),
        ("has(labels.team) && labels.team == 'search'", False),
        ("labels.exists(key, key.startsWith('ti'))", True),
        ("params.all(key, params[key] != 'prod')", False),
        ("ns.endsWith('-a') && !reason.contains('Image')", True),
        ("size(results) == 0", True),
    ],
)
def test_an_expression_tells_of_a_run_what_it_says(expression: str, holds: bool) -> None:
    assert compiled(expression)(FACTS) is holds


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("state", "must give true or false"),
        ("dyn(true)", "must give true or false"),
        ("state ==", "Syntax error"),
        ("nope == 'x'", "undeclared reference to 'nope'"),
        ("state == 1", "no matching overload"),
        ("name.matches('(a|aa|aaa){1,900}b')", "Not there on purpose: matches"),
        ("name + name == ''", "Not there on purpose"),
        ("labels.map(key, key).size() > 0", "Not there on purpose"),
        ("size(labels.filter(key, true)) > 0", "Not there on purpose"),
        ("labels.exists_one(key, true)", "Not there on purpose"),
        ("labels.all(a, labels.all(b, a != b))", "may be used once"),
        ("labels.exists(a, true) && params.exists(b, true)", "may be used once"),
        ("labels.//)\nall(a, labels\n.all(b, true))", "may be used once"),
        ("labels.all(key, " + " && ".join(["labels == labels"] * 20) + ")", "at most 160"),
        (" && ".join(["true"] * 100), "at most 512"),
        ("(" * 200 + "true" + ")" * 200, "recursion"),
    ],
)
def test_what_is_no_condition_or_could_cost_much_is_refused_when_it_is_written(expression: str, says: str) -> None:
    def refused() -> None:
        with pytest.raises(ExpressionError, match=f"(?i){says.replace('(', '[(]')}"):
            compiled(expression)

    quickly(refused, 0.5)


@pytest.mark.parametrize("expression", ["labels['nope'] == 'x'", "params.nope == 'x'", "1 / size(results) == 1"])
def test_what_can_not_be_told_of_a_run_is_an_error(expression: str) -> None:
    with pytest.raises(ExpressionError):
        compiled(expression)(FACTS)


LISTS = [f"[{','.join(['1'] * count)}].all(x, {'&&'.join(['labels==labels'] * times)})" for count, times in
         ((20, 6), (30, 5), (40, 3), (56, 1))]  # fmt: skip


@pytest.mark.parametrize(
    "expression",
    [*LISTS, "labels.all(x, params.size() != results.size() || " + "labels == labels && " * 5 + "true)",
     " && ".join(["labels == labels"] * 25), "labels.exists(x, labels[x].contains(name))"],
)  # fmt: skip
def test_the_worst_that_is_allowed_takes_milliseconds(expression: str) -> None:
    """2 ms on the machine of docs/decisions/0023; the bound is generous, since this one may be busy."""
    condition = compiled(expression)

    def judged() -> None:
        with suppress(ExpressionError):
            condition(FULL)

    quickly(judged, 0.05)


def test_giant_strings_and_maps_are_cut() -> None:
    assert compiled(f"size(name) == {MAX_STRING} && size(labels) == {MAX_ENTRIES}")(FULL)


@pytest.fixture
def no_cel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in sys.modules if name.startswith("cel_expr_python")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    _forget()
    yield
    _forget()


def _forget() -> None:
    compiled.cache_clear()
    expressions._environment.cache_clear()


@pytest.mark.usefixtures("no_cel")
def test_where_the_package_is_missing_it_is_named() -> None:
    with pytest.raises(ExpressionError, match="install the package cel-expr-python"):
        compiled("true")
