"""The table of attacks names tests that there are, and leaves out none of those that are about attacks."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "security-tests.md"
# All of whose tests are attacks.
ATTACKS = (
    "tests/e2e/test_attacks.py",
    "tests/e2e/test_attacks_notifications.py",
    "tests/e2e/test_grants_matrix.py",
    "tests/e2e/test_canaries.py",
)


def named() -> list[tuple[str, str]]:
    return re.findall(r"`([\w/.]+\.py)::(\w+)`", TABLE.read_text())


def names(file: str) -> set[str]:
    parsed = ast.parse((ROOT / file).read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {each.name for each in ast.walk(parsed) if isinstance(each, functions) and each.name.startswith("test_")}


def test_each_test_that_the_table_names_is_there() -> None:
    missing = [(file, name) for file, name in named() if not (ROOT / file).is_file() or name not in names(file)]
    assert missing == []
    assert len(named()) > 40


def test_each_attack_has_at_least_one_test() -> None:
    rows = [line for line in TABLE.read_text().splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert [row for row in rows if "::" not in row] == []


def test_no_attack_that_is_tried_is_left_out() -> None:
    told = set(named())
    asynchronous = [
        (file, name) for file in ATTACKS for name in names(file) if f"async def {name}" in (ROOT / file).read_text()
    ]
    assert [each for each in asynchronous if each not in told] == []
