"""How logs are cut into lines, and what a reader is told beside them."""

from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.kube.pieces import LONGEST_LINE, Lines, Note, Splitter

LOG = st.lists(st.text("ab", max_size=5), min_size=1).map(lambda lines: "\n".join(lines).encode())


@given(LOG, st.data())
def test_a_log_comes_whole_however_it_is_cut_and_wherever_the_connection_broke(log: bytes, data: st.DataObject) -> None:
    passed, got = 0, b""
    for _ in range(3):
        end = data.draw(st.integers(passed, len(log)))
        splitter = Splitter(passed, skip=passed)
        for chunk in _cut(log[:end], data):
            got += splitter.feed(chunk)
        passed = splitter.passed
    splitter = Splitter(passed, skip=passed)
    got += splitter.feed(log) + splitter.flush()
    assert got == log + (b"" if log.endswith(b"\n") or not log else b"\n")


def _cut(log: bytes, data: st.DataObject) -> list[bytes]:
    at = data.draw(st.integers(0, len(log)))
    return [log[:at], log[at:]]


def test_a_line_without_an_end_takes_no_memory() -> None:
    splitter = Splitter()
    got = b"".join(splitter.feed(b"x" * 1000) for _ in range(1000))
    assert max(map(len, got.split(b"\n"))) <= LONGEST_LINE + 1000
    assert splitter.passed > 1_000_000 - 2 * LONGEST_LINE


def test_each_line_says_whose_it_is() -> None:
    lines = Lines(task="build", step="run", data=b"one\n\ntwo\n")
    assert lines.text() == b"[build : run] one\n[build : run] \n[build : run] two\n"


def test_what_we_say_is_one_line() -> None:
    assert Note(words="a\nb\x1b[2J", task="t", step="s").text() == b"--- t : s: a b [2J\n"
    assert Note(words="a").text() == b"--- a\n"
