"""Templates: Tekton's substitution and nothing more, in linear time, and errors that name the cure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.template import LIMIT, TemplateError, render
from tests.calm import calmly, quickly

VALUES = {"name": "hello", "namespace": "team-a", "odd.na-me_1": "x"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("$(name)", "hello"),
        ("/$(namespace)/$(name)/$(name)", "/team-a/hello/hello"),
        ("$(odd.na-me_1)", "x"),
        ("$$(name) $$ $ $5", "$hello $$ $ $5"),
        ("$((name)) $(na me) $() ${name} $(name $(ls -l)", "$((name)) $(na me) $() ${name} $(name $(ls -l)"),
        ("$($(name))", "$(hello)"),
    ],
)
def test_variables_are_replaced_and_all_else_stays_as_in_tekton(template: str, text: str) -> None:
    assert render(template, VALUES) == text


def test_a_value_is_not_looked_at_again() -> None:
    assert render("$(a)$(b)", {"a": "$(b)$", "b": "(a)"}) == "$(b)$(a)"


def test_an_unknown_variable_is_told_with_those_that_are_known() -> None:
    with pytest.raises(TemplateError) as caught:
        render("$(name) $(params.who)", VALUES)
    assert str(caught.value) == "unknown variable $(params.who); known: $(name), $(namespace), $(odd.na-me_1)"
    with pytest.raises(TemplateError, match="known: none"):
        render("$(name)", {})


def test_template_and_text_have_a_limit() -> None:
    assert len(render("x" * LIMIT, {})) == LIMIT
    with pytest.raises(TemplateError, match=f"has {LIMIT + 1} characters; at most {LIMIT} are allowed"):
        render("x" * (LIMIT + 1), {})
    assert render("$(a)$(a)", {"a": "xx"}, 8) == "xxxx"
    with pytest.raises(TemplateError, match="over 8 characters; shorten it"):
        render("$(a)$(a)", {"a": "xxxxx"}, 8)
    with pytest.raises(TemplateError, match="over 8 characters"):
        render("$(a)xxxx", {"a": "xxxxx"}, 8)


@pytest.mark.parametrize("template", ["$(" * 500_000, "$(a" * 300_000, "$" * 1_000_000, "$(" + "a" * 1_000_000])
def test_no_template_takes_long(template: str) -> None:
    assert quickly(lambda: render(template, {}, 2_000_000), 1.0) == template


def test_a_long_value_in_many_places_is_not_put_together_first() -> None:
    def refused() -> None:
        with pytest.raises(TemplateError):
            render("$(a)" * 1000, {"a": "x" * 1_000_000})

    quickly(refused, 1.0)


@calmly
@given(st.lists(st.sampled_from(["$(name)", "$(namespace)", "$", "$$", "(", ")", "-", "é", "$(", "\n"])))
def test_the_text_is_what_replacing_one_by_one_gives(parts: list[str]) -> None:
    expected = "".join(parts).replace("$(name)", "\0").replace("$(namespace)", "\1")
    expected = expected.replace("\0", VALUES["name"]).replace("\1", VALUES["namespace"])
    assert render("".join(parts), VALUES) == expected
