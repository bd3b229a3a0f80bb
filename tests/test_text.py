"""Text of others, cut and cleaned: whatever it is, it is short, on one line, and no letter is torn apart."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.text import clean, count, cut, duration, listed, log_line, one_line, size, spoken, took
from tests.calm import calmly, quickly

BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
FAMILY = "👩‍👩‍👧‍👦"
LETTERS = ["a", "é", "e\u0301", "測", "👍🏽", FAMILY, "🇩🇪", "❤️", "각", "\u1100\u1161\u11a8", "क्षि"]


@calmly
@given(st.lists(st.sampled_from(LETTERS), max_size=60), st.integers(min_value=16, max_value=80))
def test_a_cut_leaves_letters_whole(letters: list[str], limit: int) -> None:
    text = "".join(letters)
    shown = cut(text, limit)
    assert len(shown) <= limit
    if shown == text:
        return
    whole = [""]
    for letter in letters:
        whole.append(whole[-1] + letter)
    assert shown.removesuffix("…") in whole


def test_what_is_cut_says_so_and_what_fits_does_not() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"


def test_a_letter_made_of_endless_marks_is_cut_all_the_same() -> None:
    assert len(cut("e" + "\u0301" * 5000, 100)) == 100


@calmly
@given(st.text(max_size=400), st.integers(min_value=8, max_value=200))
def test_one_line_is_one_short_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert not {unicodedata.category(letter) for letter in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@calmly
@given(st.text(max_size=200))
def test_a_line_of_a_log_is_one_line_for_whoever_reads_it(text: str) -> None:
    assert len(log_line(text).splitlines()) <= 1
    log_line(text + "\ud800").encode()


def test_a_line_of_a_log_keeps_emoji_and_hides_nothing() -> None:
    assert log_line(f"ok {FAMILY} a\u202eb\u200bc\x1b[0m") == f"ok {FAMILY} a\ufffdb\ufffdc\ufffd[0m"


def test_a_line_of_a_megabyte_is_cut_at_once() -> None:
    assert len(quickly(lambda: log_line("👍🏽" * 500_000), 0.5)) <= 2000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "less than a second"),
        (0.2, "less than a second"),
        (1, "1 s"),
        (59.7, "1 min"),
        (60, "1 min"),
        (3600, "1 h"),
        (3725, "1 h 2 min 5 s"),
        (90061, "25 h 1 min 1 s"),
    ],
)
def test_a_duration_is_told_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_without_both_times_no_duration_is_told() -> None:
    assert (took(1.0, 3.0), took(None, 3.0), took(1.0, None)) == ("2 s", "", "")


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcde"), "a, b, c and 2 more"),
    ],
)
def test_names_are_listed_as_people_do(names: list[str], text: str) -> None:
    assert listed(names, 3) == text


def test_counts_and_reasons_are_words() -> None:
    assert (count(1, "line"), count(1200, "line"), spoken("TaskRunStopSidecarFailed")) == (
        "1 line",
        "1,200 lines",
        "task run stop sidecar failed",
    )


def test_a_half_of_a_pair_has_a_size_too() -> None:
    assert size("a\ud800") == 2


@calmly
@given(st.text())
def test_clean_text_is_short_and_has_no_control_or_direction_characters(text: str) -> None:
    cleaned = clean(text, 20)
    assert len(cleaned) <= 20
    assert not any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in cleaned)
    assert not any(unicodedata.bidirectional(letter) in BIDI for letter in cleaned)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("", ""),
        ("plain ünicode 🚀", "plain ünicode 🚀"),
        ("  a\r\n\tb  ", "a b"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("a\u202eb\u2066c\u200bd", "a b c d"),
        ("x" * 201, "x" * 199 + "…"),
        ("x" * 200, "x" * 200),
    ],
)
def test_clean_text_keeps_what_people_read(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize("letter", ["\u061c", "\u2060", "\ufeff", "\u00ad", "\U000e0041"])
def test_clean_text_has_no_invisible_characters(letter: str) -> None:
    assert clean(f"a{letter}b") in ("a b", "ab")
