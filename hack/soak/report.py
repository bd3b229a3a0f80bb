"""The figures as a table for people: in the terminal, and in Markdown."""

from collections.abc import Iterator
from typing import Any

from .results import Results
from .rules import Row

_WORDS = {True: "PASS", False: "FAIL", None: ""}


def rendered(results: Results) -> str:
    rows = list(results.rows())
    wide = max(len(row.name) for row in rows)
    return "\n".join(_lines(rows, wide))


def _lines(rows: list[Row], wide: int) -> Iterator[str]:
    for row in rows:
        yield f"{row.name:<{wide}}  {row.value}".rstrip()
        if row.ok is not None:
            yield f"{'':<{wide}}  {_WORDS[row.ok]}: {row.rule}"


def markdown(results: Results) -> str:
    lines = [("What", "Seen", "Wanted", ""), ("---",) * 4]
    lines += [(row.name.strip(), row.value, row.rule, _WORDS[row.ok]) for row in results.rows()]
    return "\n".join("| " + " | ".join(cell) + " |" for cell in lines)


def summary(results: Results) -> dict[str, Any]:
    """What build/soak.json begins with."""
    return {"ok": not results.failures, "rows": list(results.rows())}
