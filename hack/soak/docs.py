"""`python -m hack.soak.docs [FILE]`: puts the figures of build/soak.json into docs/soak.md, and the plot beside it."""

import re
import sys
from pathlib import Path

import msgspec

from .__main__ import RESULT
from .plot import svg
from .report import markdown
from .results import Results

ROOT = Path(__file__).parents[2]
PAGE, PLOT = Path("docs/soak.md"), Path("docs/soak/soak.svg")
_PART = re.compile(r"(<!-- measured: soak -->\n).*?(<!-- end -->)", re.DOTALL)


class Stored(msgspec.Struct):
    results: Results


def publish(source: Path, root: Path = ROOT) -> None:
    """Raises ValueError if the page has no place for the figures."""
    results = msgspec.json.decode(source.read_bytes(), type=Stored).results
    text, count = _PART.subn(lambda found: f"{found[1]}\n{_figures(results)}\n\n{found[2]}", (root / PAGE).read_text())
    if not count:
        raise ValueError(f"{PAGE} has no `<!-- measured: soak -->` … `<!-- end -->`")
    (root / PAGE).write_text(text)
    (root / PLOT).parent.mkdir(exist_ok=True)
    (root / PLOT).write_text(svg(results.samples))


def _figures(results: Results) -> str:
    sizes = results.sizes
    begun = results.begun.replace("T", " ").partition("+")[0]
    told = f"Begun at {begun} UTC, {sizes.minutes:g} minutes, {results.machine}"
    return f"{told}; others kept {results.others:.2f} of them busy.\n\n{markdown(results)}"


if __name__ == "__main__":
    publish(Path(sys.argv[1]) if len(sys.argv) > 1 else RESULT)
