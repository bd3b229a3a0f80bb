"""The ends of logs: whole lines in closed fences, within their room, and what was left out is counted."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tekton_integrations_github.excerpts import logs, section, shares

from integrations.github.tests.helpers import child
from tekton_integrations import Child, Excerpt
from tests.calm import calmly
from tests.fakes.github.markdown import markdown
from tests.hostile import hostile

TEST = child("test")


def of(*lines: str, omitted: int | None = 0, name: str = "test") -> tuple[Child, Excerpt]:
    return child(name), Excerpt(step="unit", lines=lines, omitted=omitted)


def test_a_log_stands_below_its_task_and_step() -> None:
    assert section(*of("one", "two"), 1000) == "#### `test`, step `unit`\n\n```\none\ntwo\n```"


@pytest.mark.parametrize(
    ("omitted", "note"), [(1, "1 line omitted"), (1200, "1,200 lines omitted"), (None, "Earlier lines omitted")]
)
def test_what_was_left_out_before_is_told(omitted: int | None, note: str) -> None:
    assert f"\n\n{note}\n\n" in section(*of("one", omitted=omitted), 1000)


def test_a_log_is_cut_from_the_top_and_the_lines_are_counted() -> None:
    text = section(*of(*(f"line {number}" for number in range(1000)), omitted=20), 2000)
    found = re.search(r"\n\n(\d+) lines omitted\n\n```\nline (\d+)\n", text)
    assert found
    assert int(found[1]) == int(found[2]) + 20
    assert text.endswith("line 999\n```")
    assert "lines and more omitted" in section(*of(*["x"] * 1000, omitted=None), 500)


def test_why_there_is_no_log_is_told() -> None:
    withheld = Excerpt(withheld="the namespace has not enabled it")
    assert section(TEST, withheld, 1000) == "#### `test`\n\nLog withheld: the namespace has not enabled it."
    assert "`see https://evil.example`" in section(TEST, Excerpt(withheld="see https://evil.example"), 1000)
    assert section(TEST, Excerpt(lines=("", " ")), 1000).endswith("The log is empty.")


@calmly
@given(st.lists(st.integers(min_value=0, max_value=90_000), min_size=1, max_size=12), st.integers(0, 70_000))
def test_the_room_is_shared_and_the_first_gets_most(needs: list[int], room: int) -> None:
    given = shares(needs, room)
    assert sum(given) <= room
    assert all(share <= need for share, need in zip(given, needs, strict=True))
    assert given[0] >= min(needs[0], room // 2)
    if sum(needs) <= room:
        assert given == needs


LINES = st.lists(
    st.one_of(hostile(), st.text(max_size=30), st.sampled_from(["`" * 50, "```", "~~~", "測" * 90])), max_size=40
)


@calmly
@given(st.lists(LINES, max_size=5), st.integers(min_value=600, max_value=6000), st.sampled_from([0, 7, None]))
def test_logs_fit_and_every_fence_is_closed(texts: list[list[str]], room: int, omitted: int | None) -> None:
    text = logs([of(*lines, omitted=omitted) for lines in texts], room)
    assert len(text.encode("utf-8", "replace")) <= room
    page = re.sub(r"<pre><code>[^<]*</code></pre>", "", markdown(f"{text}\n\n**after**"))
    assert page.endswith("<p><strong>after</strong></p>")
    assert not re.search(r"<a |<img|<pre|@", page)


@pytest.mark.parametrize("letter", ["x", "測", "👩‍👩‍👧‍👦", "`"])
def test_lines_stay_whole_in_any_script(letter: str) -> None:
    line = letter * 60
    text = logs([of(*[line] * 3000), of(*[line] * 3000, name="more")], 65_000)
    assert 63_000 < len(text.encode()) <= 65_000
    kept = [each for each in text.splitlines() if letter in each and not re.fullmatch("`{61}|`{3}", each)]
    heads = [each for each in kept if each.startswith("####")]
    assert {each for each in kept if each not in heads} == {line}


def test_logs_for_which_there_is_no_room_are_counted() -> None:
    text = logs([of(*["x" * 100] * 100) for _ in range(40)], 8000)
    assert (found := re.search(r"\n\n(\d+) more logs had no room here\.$", text))
    assert text.count("####") + int(found[1]) == 40
