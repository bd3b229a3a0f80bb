"""`python -m hack.bench.docs`: puts the table of the last `make bench`, as it was printed, into docs/bench.md."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "build" / "bench.txt"
PAGE = ROOT / "docs" / "bench.md"
_PART = re.compile(r"(<!-- measured: bench -->\n).*?(<!-- end -->)", re.DOTALL)


def published(page: str, table: str) -> str:
    """The page with the table in its place. Raises ValueError if there is none."""
    text, count = _PART.subn(lambda found: f"{found[1]}\n```text\n{table.strip()}\n```\n\n{found[2]}", page)
    if not count:
        raise ValueError("the page has no `<!-- measured: bench -->` … `<!-- end -->`")
    return text


if __name__ == "__main__":
    PAGE.write_text(published(PAGE.read_text(), TABLE.read_text()))
