"""What is left of a log when nobody sees it in a terminal."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.plain_text import clean

PIECES = [
    "\x1b",
    "\x1b[",
    "\x1b[31m",
    "\x1b]8;;u\x07",
    "\x9b",
    "\r",
    "\r\n",
    "\n",
    "\t",
    "a",
    "m",
    "é",
    "\u202e",
    "\x00",
]
logs = st.lists(st.sampled_from([piece.encode() for piece in PIECES]) | st.binary(max_size=4)).map(b"".join)


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;2;255;0;0mred", "red"),
        ("\x9b1mbold", "bold"),
        ("a\x1b]0;title\x07b\x1b]0;title\x1b\\c", "abc"),
        ("\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice\x1b\\a\x1b(Bb\x1b=c", "abc"),
        ("cut\x1b", "cut"),
        ("cut\x1b[3", "cut"),
        ("cut\x1b]0;tit\nnext", "cut\nnext"),
    ],
)
def test_what_steers_a_terminal_is_left_out_also_where_it_was_cut(log: str, shown: str) -> None:
    assert clean(log.encode()) == shown


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("10 %\r50 %\rdone", "done"),
        ("10 %\r50 %\r\nnext", "50 %\nnext"),
        ("10 %\r50 %\r", "50 %"),
        ("one\r\ntwo\r\r\n", "one\ntwo\n"),
        ("10 %\x1b[2K\x1b[1Gdone\x1b[K", "done"),
    ],
)
def test_of_a_progress_bar_what_stands_last_is_kept(log: str, shown: str) -> None:
    assert clean(log.encode()) == shown


def test_blanks_and_line_breaks_stay() -> None:
    assert clean(b"a\tb  c\n\n\td\x0be") == "a   b  c\n\n    d\ne"


def test_what_is_no_utf8_is_replaced() -> None:
    assert clean(b"a\xff\xfeb \xf0\x9f") == "a\ufffd\ufffdb \ufffd"


def test_no_character_of_unicode_is_left_that_nobody_sees() -> None:
    everything = "\n".join(map(chr, (*range(0xD800), *range(0xE000, sys.maxunicode + 1))))
    left = clean(everything.encode())
    assert {unicodedata.category(each) for each in set(left) - {"\n"}} & {"Cc", "Cf", "Zl", "Zp"} == set()
    assert {"é", "漢", "🚀", "\u0301", "я"} <= set(left)


@given(logs)
def test_what_is_clean_stays_as_it_is(log: bytes) -> None:
    shown = clean(log)
    assert "\x1b" not in shown
    assert clean(shown.encode()) == shown
