"""The comment on a pull request: what people read, and nothing that a bot obeys."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tekton_integrations_github.comment_text import comment, tame
from tekton_integrations_github.page import Page

from integrations.github.tests.helpers import child, run
from tekton_integrations import Child, Excerpt, Run, Skipped, State, Step
from tests.calm import calmly
from tests.fakes.github.markdown import markdown
from tests.hostile import HOSTILE, hostile, outside

MARKER = "<!-- tekton-integrations: 0f0f -->"
STEP = Step(name="unit", exit_code=2, reason="Error")
FAILED = child("test", State.FAILED, STEP)
PAGE = Page(
    name="Tekton / build",
    sha="3f78685aa0b1c2d3e4f5",
    check_url="https://github.example/acme/api/runs/7",
    details_url="https://tekton.example/@team/run",
    excerpts={FAILED.name: Excerpt(step="unit", lines=("E assert 1 == 2", "1 failed"))},
)


def test_a_failure_is_told_with_its_log_and_its_links() -> None:
    body = comment(run(State.FAILED), [FAILED], PAGE, MARKER)
    assert body.startswith("### ❌ `Tekton / build`\n\n**test failed: step unit exited with code 2**\n\n")
    assert "| `test` | ❌ Failed | 1 s | step unit exited with code 2 |" in body
    assert "E assert 1 == 2\n1 failed\n```\n\n</details>" in body
    assert "[Check](https://github.example/acme/api/runs/7) · [Run](https://tekton.example/%40team/run)" in body
    assert "commit `3f78685aa0b1`." in body
    assert body.endswith(f"\n\n{MARKER}")


def test_what_to_do_is_said_where_it_is_known() -> None:
    evicted = child("build", State.FAILED, reason="PodEvicted")
    body = comment(run(State.FAILED), [evicted, FAILED], PAGE, MARKER)
    assert (
        "**build: its pod was evicted (and 1 more)**\n\nAdvice: raise what it requests, then run it again.\n\n" in body
    )
    assert "Also failed:\n\n- `test` failed: step unit exited with code 2.\n\n" in body


def test_what_is_mended_is_green() -> None:
    body = comment(run(State.SUCCEEDED), [child("test", State.SUCCEEDED)], PAGE, MARKER)
    assert body.startswith("### ✅ `Tekton / build`\n\n**Succeeded in 1 min 3 s**\n\n")
    assert "<details>" not in body


def test_without_links_or_name_it_is_a_comment_too() -> None:
    body = comment(run(State.CANCELLED), [], Page(), MARKER)
    assert body.startswith("### 🚫 `build`\n\n**Cancelled after 1 min 3 s**\n\nPipelineRun `build-x7k2p`")


@pytest.mark.parametrize(
    "line",
    [
        "/approve",
        "  /approve",
        "\t/approve",
        "> /approve",
        "> > `/approve`",
        "- /lgtm",
        "1. /hold",
        "| `/retest` | x |",
        "\u00a0/approve",
        "```/approve",
        '"/approve',
    ],
)
def test_no_line_opens_with_a_slash(line: str) -> None:
    assert not _commands(tame(line))
    assert tame(line).replace("\u2060", "") == line


def test_a_slash_within_a_line_stays() -> None:
    assert tame("see src/main.go and /etc") == "see src/main.go and /etc"


@pytest.mark.parametrize(
    "text", ["@acme/all", "x@dependabot merge", "Closes #12", "fixes acme/api#12", "GH-7", "<!-- x -->"]
)
def test_mentions_references_and_hidden_comments_are_broken(text: str) -> None:
    assert not re.search(r"@\w|#\d|GH-\d|<!--", tame(text))


TEXTS = st.one_of(
    hostile(), st.sampled_from([*HOSTILE, "/approve", " /approve", "> /approve", "<!-- tekton-integrations: 0f0f -->"])
)


def _commands(body: str) -> list[str]:
    """As the greediest of bots would read them."""
    lines = [line.strip(" \t>`~*-+|'\"0123456789.)\ufeff\u200b\u200c") for line in body.splitlines()]
    return [line for line in lines if line.strip().startswith("/")]


@calmly
@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=6), st.sampled_from(State))
def test_no_bot_obeys_text_of_others(text: str, message: str, lines: list[str], state: State) -> None:
    shown, children, page = _everywhere(text, message, lines, state)
    body = comment(shown, children, page, MARKER)
    assert body.count("<!--") == 1
    assert body.endswith(MARKER)
    told = body.removesuffix(MARKER)
    assert _commands(told) == []
    assert not re.search(r"@\w|#\d", told)


@calmly
@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=6), st.sampled_from(State))
def test_text_of_others_is_text_or_code_in_a_comment(text: str, message: str, lines: list[str], state: State) -> None:
    shown, children, page = _everywhere(text, message, lines, state)
    html = markdown(comment(shown, children, page, MARKER))
    assert not re.search(r"<a |<img|<em|<del>|@|://", outside(html))
    assert html.count("<details>") == html.count("</details>") <= 1
    assert len(re.findall(r"<h3>", html)) == 1


def _everywhere(text: str, message: str, lines: list[str], state: State) -> tuple[Run, list[Child], Page]:
    children = [
        child(text, State.FAILED, Step(name=text, exit_code=1, reason=message), message=message, name="one"),
        child(text, State.TIMED_OUT, message=message, name=text, reason=message),
    ]
    shown = run(state, message=message, reason=text, name=text, namespace=text, skipped=(Skipped(text, message),))
    excerpts = {"one": Excerpt(step=text, lines=tuple(lines)), text: Excerpt(withheld=message)}
    return shown, children, Page(excerpts=excerpts, name=text, sha=text)


@pytest.mark.parametrize("letter", ["x", "測", "🚀", "`", "@", "|"])
def test_the_longest_comment_is_within_the_limit(letter: str) -> None:
    lines = ("/" + letter * 400,) * 5000
    children = [child(f"t{number}", State.FAILED, STEP, message=letter * 2000) for number in range(500)]
    excerpts = {one.name: Excerpt(lines=lines) for one in children}
    body = comment(run(State.FAILED, message=letter * 5000), children, Page(excerpts=excerpts), MARKER)
    assert len(body.encode()) <= 65_536
    assert "lines omitted" in body
    assert "more tasks: " in body
