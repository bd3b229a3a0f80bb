"""Text of others within Markdown: read by the look-alike of GitHub, it is text or code, and nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tekton_integrations_github.markdown import code, fence, link, name, prose, row

from tekton_integrations.testing.corpus import GITHUB, SLACK
from tests.calm import calmly
from tests.fakes.github.markdown import markdown
from tests.hostile import hostile, outside


@calmly
@given(st.text(alphabet="`~\n\r\t *@a\\|\u202e\u2028", max_size=60))
def test_nothing_breaks_out_of_its_code_span(text: str) -> None:
    span = code(text)
    assert (span[0], span[-1]) == ("`", "`")
    assert not re.search(r"[`|\n\r\u2028\u202e]", span[1:-1])
    assert span[1:-1].strip()


@calmly
@given(hostile())
def test_prose_is_text_or_code_only(text: str) -> None:
    page = markdown(f"x {prose(text)} y")
    assert re.fullmatch(r"<p>x .*y</p>", page, re.DOTALL)
    assert "<" not in outside(page).removeprefix("<p>").removesuffix("</p>")
    assert not re.search(r"@|#|://|www\.|\bGH-\d|\b[0-9a-f]{7,}\b", outside(page), re.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [
        "step unit-tests exited with code 2",
        'Pipeline "build" not found in namespace "team-a"',
        "image can't be pulled: ghcr.io/acme/app:1.2",
        "no node takes its pod: 3 Insufficient cpu",
    ],
)
def test_what_is_plainly_text_stays_text(text: str) -> None:
    assert prose(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *GITHUB.values(),
        *SLACK.values(),
        "see 3f78685aa0b1",
        "fixes GH-12",
        "JIRA-12",
        ":tada: done",
        "www.evil.example",
        "a_b_c",
        "$x$",
        "1. first",
        "- item",
    ],
)
def test_what_github_might_read_more_into_is_code(text: str) -> None:
    assert prose(text) == code(text)


@calmly
@given(st.lists(st.one_of(hostile(), st.text(alphabet="`~ \t>|\r\n-", max_size=20)), max_size=8))
def test_no_line_ends_its_fence(lines: list[str]) -> None:
    page = markdown(f"{fence(lines)}\n\n**after**")
    assert re.fullmatch(r"<pre><code>[^<]*</code></pre>\n<p><strong>after</strong></p>", page)


def test_a_row_has_its_cells_whatever_is_in_them() -> None:
    page = markdown("\n".join([row("A", "B"), row("---", "---"), row(name("a|b`c\\"), prose("x|y\nz"))]))
    assert page.count("<td") == 2
    assert "a\u2223b&#x27;c" in page


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "//evil", "ftp://a/b", "http://", "https://[", "x y"])
def test_only_web_pages_are_linked(url: str) -> None:
    assert link("Run", url) == ""


def test_an_address_can_not_end_its_link() -> None:
    page = markdown(link("Run", "https://tekton.example/#/runs/a)[x](https://evil.example) <b>"))
    assert page.count("<a ") == 1
    assert "<b>" not in page
    assert 'href="https://tekton.example/#/runs/a%29' in page
