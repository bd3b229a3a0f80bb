"""docs/mission.md says which tests show what was asked for, and docs/deviations.md why the rest is otherwise."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.test_security_docs import ROOT, names

MISSION, DEVIATIONS = ROOT / "docs" / "mission.md", ROOT / "docs" / "deviations.md"
HERE = Path(__file__).parent
# One phrase of each thing that was known from the beginning to be different, or to come later.
KNOWN = (
    "`status.integrations`",
    "read-only mirror",
    "API group",
    "password `admin`",
    "a new revision of a source starts exactly one run",
    "reconciles or promotes",
    "retried one by one",
)


def rows(text: str) -> Iterator[tuple[str, str]]:
    """The first cell of each row of each table, and the others; without the heads."""
    for line in text.splitlines():
        clause, _, rest = line.strip("| ").partition(" | ")
        if line.startswith("| ") and clause not in ("Clause", "---"):
            yield clause, rest


def nodes(cell: str) -> list[tuple[str, str]]:
    return re.findall(r"`([\w/.]+\.py)::(\w+)`", cell)


ROWS = list(rows(MISSION.read_text()))
CLAUSES = dict(ROWS)
DIFFERENT = {clause: shown for clause, shown in CLAUSES.items() if "](deviations.md#" in shown}
SHOWN = {clause: nodes(shown) for clause, shown in CLAUSES.items() if clause not in DIFFERENT}


def test_each_clause_is_shown_by_tests_that_there_are() -> None:
    assert len(ROWS) == len(CLAUSES) > 50
    assert [clause for clause, tests in SHOWN.items() if not tests] == []
    assert [node for tests in SHOWN.values() for node in tests if node[1] not in names(node[0])] == []


def test_no_test_of_the_mission_is_left_out() -> None:
    told = {node for tests in SHOWN.values() for node in tests}
    files = [f"tests/mission/{file.name}" for file in HERE.glob("test_*.py") if file.name != Path(__file__).name]
    assert [(file, name) for file in files for name in names(file) if (file, name) not in told] == []


def test_all_other_clauses_are_explained_under_the_heading_that_they_name() -> None:
    purpose, later = DEVIATIONS.read_text().split("## Later")
    explained = dict.fromkeys(dict(rows(purpose)), "on-purpose") | dict.fromkeys(dict(rows(later)), "later")
    assert explained == {clause: shown.partition("#")[2].strip(")") for clause, shown in DIFFERENT.items()}


def test_what_was_known_from_the_beginning_is_among_them() -> None:
    assert [phrase for phrase in KNOWN if not any(phrase in clause for clause in DIFFERENT)] == []
