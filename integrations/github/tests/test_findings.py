"""`file:line: message` in logs: what compilers and linters really print, and what only looks like it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tekton_integrations_github.findings import Annotations, annotations, relative

from tekton_integrations import Excerpt
from tests.calm import calmly, quickly
from tests.fakes.github.check_rules import checked
from tests.hostile import hostile


def found(*lines: str) -> list[tuple[Any, ...]]:
    """(path, line, column, level, message)"""
    return [
        (note["path"], note["start_line"], note.get("start_column"), note["annotation_level"], note["message"])
        for note in annotations([Excerpt(lines=lines)]).shown
    ]


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("src/main.c:12:5: error: expected ';'", ("src/main.c", 12, 5, "failure", "error: expected ';'")),
        ("main.cpp:3:1: warning: unused", ("main.cpp", 3, 1, "warning", "warning: unused")),
        ("main.cpp:3:1: note: declared here", ("main.cpp", 3, 1, "notice", "note: declared here")),
        ("./cmd/app/main.go:7:2: undefined: x", ("cmd/app/main.go", 7, 2, "failure", "undefined: x")),
        ("    main_test.go:12: got 1, want 2", ("main_test.go", 12, None, "failure", "got 1, want 2")),
        ("tests/test_a.py:8: AssertionError", ("tests/test_a.py", 8, None, "failure", "AssertionError")),
        ("app/a.py:1:80: E501 Line too long", ("app/a.py", 1, 80, "failure", "E501 Line too long")),
        ('app/a.py:3: error: Name "x"  [name]', ("app/a.py", 3, None, "failure", 'error: Name "x" [name]')),
        ("/workspace/source/src/a.ts(3,7): error TS2322: no", ("src/a.ts", 3, 7, "failure", "error TS2322: no")),
        ("src/a.ts:3:7 - error TS2322: no", ("src/a.ts", 3, 7, "failure", "error TS2322: no")),
        ("[ERROR] /workspace/s/A.java:[3,7] cannot find symbol", ("A.java", 3, 7, "failure", "cannot find symbol")),
        ("WARNING: docs/a.md:3: no heading", ("docs/a.md", 3, None, "warning", "no heading")),
        ("Dockerfile:3: unknown instruction", ("Dockerfile", 3, None, "failure", "unknown instruction")),
        ("a.c:3:0: error: no column", ("a.c", 3, None, "failure", "error: no column")),
    ],
)
def test_what_tools_print_becomes_an_annotation(line: str, note: tuple[Any, ...]) -> None:
    assert found(line) == [note]


def test_rust_says_first_what_and_then_where() -> None:
    lines = [
        "error[E0308]: mismatched types",
        "  --> src/main.rs:4:18",
        "   |",
        "warning: unused",
        "  --> src/lib.rs:1:1",
    ]
    assert found(*lines) == [
        ("src/main.rs", 4, 18, "failure", "error[E0308]: mismatched types"),
        ("src/lib.rs", 1, 1, "warning", "warning: unused"),
    ]
    assert found("  --> src/main.rs:4:18") == []


def test_eslint_names_the_file_once() -> None:
    lines = [
        "/workspace/source/src/a.js",
        "  1:5   error    Unexpected var  no-var",
        "  2:1  warning  Long  max-len",
        "",
    ]
    assert found(*lines, "  3:1  error  nobody's") == [
        ("src/a.js", 1, 5, "failure", "Unexpected var no-var"),
        ("src/a.js", 2, 1, "warning", "Long max-len"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "12:30:05: started",
        "2026-11-21T12:30:05: started",
        "10.0.0.1:8080: connection refused",
        "localhost:8080: connection refused",
        "db.team-a.svc:5432: connection refused",
        "example.com:443: handshake failed",
        "ghcr.io/acme/app:1: not found",
        "https://example.com/a.js:1:2: no",
        "/etc/passwd.txt:1: x",
        "/home/user/a.py:1: x",
        "../secret.py:1: x",
        "src/../../a.py:1: x",
        "src//a.py:1: x",
        "C:\\src\\a.c:1: x",
        "a.py:0: x",
        "a.py:2147483648: x",
        "a.py:99999999999999999999: x",
        "a.py:\u0661: x",
        "a.py:1:",
        "a.py:1: ",
        f"{'x' * 501}.py:1: x",
        "at com.acme.Main(Main.java:12)",
        "note: nothing",
        "/workspace/:1: x",
        ".:1: x",
        "",
    ],
)
def test_what_is_no_place_in_the_repository_is_left_alone(line: str) -> None:
    assert found(line) == []


def test_a_finding_is_shown_once_and_errors_come_first() -> None:
    lines = ["a.py:1: note: x", "a.py:2: warning: x", "a.py:3: error: x", "a.py:3: error: x"]
    both = annotations([Excerpt(lines=tuple(lines)), Excerpt(lines=tuple(lines))])
    assert [note["start_line"] for note in both.shown] == [3, 2, 1]


def test_of_very_many_the_rest_is_counted() -> None:
    many = annotations([Excerpt(lines=tuple(f"a.py:{number}: x" for number in range(1, 501)))])
    assert (len(many.shown), many.omitted) == (150, 350)


def test_without_a_log_there_is_nothing() -> None:
    assert annotations([Excerpt(withheld="no")]) == Annotations()


@pytest.mark.parametrize(
    "text",
    [
        "a:1:1:" * 175_000,
        "a.py:1:1: " * 100_000,
        " " * 1_000_000,
        "a" * 1_000_000,
        "/workspace/" * 90_000,
        "error: " * 140_000,
        "[" * 1_000_000,
        "a.py(1," * 140_000,
        "--> " * 250_000,
    ],
)
@pytest.mark.parametrize("length", [6, 500, 1_000_000])
def test_a_megabyte_of_anything_is_read_in_linear_time(text: str, length: int) -> None:
    lines = tuple(text[start : start + length] for start in range(0, len(text), length))
    quickly(lambda: annotations([Excerpt(lines=lines)]), 5)


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/workspace/source/a/b.go", "a/b.go"),
        ("/workspace/b.go", "b.go"),
        ("./a/./b.go", "a/b.go"),
        ("a/b.go", "a/b.go"),
        ("a/b", ""),
        ("/a/b.go", ""),
        ("/workspace/../a.go", ""),
        ("a/..", ""),
        ("/workspace/", ""),
        ("", ""),
    ],
)
def test_a_path_is_that_within_the_repository(path: str, inside: str) -> None:
    assert relative(path) == inside


PIECES = st.one_of(
    st.sampled_from(
        ["a.py", "/workspace/s/", "src/", "..", ":1", ":12:3", ": ", "error: ", "(1,2)", " --> ", "\n", "\\", "٣"]
    ),
    st.text(max_size=6),
    hostile(),
)


@calmly
@given(st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=20))
def test_github_takes_whatever_is_found(lines: list[str]) -> None:
    notes = annotations([Excerpt(lines=tuple(lines))]).shown
    for note in notes:
        assert not note["path"].startswith("/")
        assert ".." not in note["path"].split("/")
        assert 1 <= note["start_line"] < 2**31
    checked({"output": {"title": "t", "summary": "s", "annotations": list(notes[:50])}}, creating=False)
