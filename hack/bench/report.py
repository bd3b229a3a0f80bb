"""The table: each figure beside its target, 80 columns wide."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from .cold import Start
from .judge import percentile
from .results import Results, Round

WIDTH = 80
_ROW = "{:<37}{:>8}{:>14}{:>8}  {:<11}"


@dataclass(frozen=True)
class Figure:
    """Values of all rounds, or starts. The second target is the one for later; without any it only informs."""

    name: str
    values: Sequence[float]
    targets: Sequence[float] = ()
    digits: int = field(default=2, kw_only=True)

    def rows(self) -> Iterator[str]:
        middle, least, most = median(self.values), min(self.values), max(self.values)
        name, value = self.name, self._text(middle)
        spread = f"{self._text(least)} - {self._text(most)}"
        for target in self.targets or (None,):
            limit = "" if target is None else f"<= {target:g}"
            yield _ROW.format(name, value, spread, limit, self._verdict(middle, target)).rstrip()
            name, value, spread = "  then", "", ""

    def _verdict(self, middle: float, target: float | None) -> str:
        if target is None:
            return ""
        return "PASS" if middle <= target else f"short {self._text(middle - target)}"

    def _text(self, value: float) -> str:
        return f"{value:.{self.digits}f}"


def rendered(results: Results) -> str:
    lines = [_ROW.format("", "median", "range", "target", "verdict").rstrip()]
    for title, figures in _groups(results):
        lines += ["", title, *(f"  {row}" if False else row for figure in figures for row in figure.rows())]
    return "\n".join(lines)
