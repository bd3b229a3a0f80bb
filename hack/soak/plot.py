"""The samples as one SVG: a panel for each kind of figure, all over the same time. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from .samples import Sample

_WIDTH, _LEFT, _RIGHT, _HIGH, _GAP, _TOP = 800, 56, 12, 92, 42, 46
_COLORS = ("#0b62d6", "#c2410c", "#15803d")
_MOST = 240  # points of a line


@dataclass(frozen=True)
class Panel:
    title: str
    lines: Sequence[tuple[str, Callable[[Sample], float]]]


PANELS = (
    Panel("The controller's memory, MiB", (("RSS", lambda s: s.rss), ("PSS", lambda s: s.pss))),
    Panel("Its descriptors and tasks", (("descriptors", lambda s: s.descriptors), ("tasks", lambda s: s.tasks))),
    Panel("Names that wait for a worker", (("names", lambda s: s.depth),)),
    Panel("etcd's file, MiB", (("size", lambda s: s.etcd_file), ("in use", lambda s: s.etcd_used))),
    Panel(
        "Objects in the cluster",
        (("runs", lambda s: s.runs), ("records", lambda s: s.records), ("Events", lambda s: s.kube_events)),
    ),
    Panel("The API server's memory, MiB", (("RSS", lambda s: s.apiserver),)),
    Panel("Processors in use", (("all processes", lambda s: s.processors), ("the controller", lambda s: s.busy))),
)


def svg(samples: Sequence[Sample]) -> str:
    height = _TOP + len(PANELS) * (_HIGH + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        'font-family="sans-serif" font-size="12" fill="#1f2328">',
        "<title>What the controller and the cluster took during the soak</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="18">Grey lines: the controller was ended and started again. Time in minutes.</text>',
    ]
    for number, panel in enumerate(PANELS):
        parts += _panel(panel, samples, _TOP + number * (_HIGH + _GAP))
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, samples: Sequence[Sample], top: float) -> Iterator[str]:
    end = max(samples[-1].at, 1.0)
    most = _round(max(value(each) for _, value in panel.lines for each in samples))

    def x(at: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * at / end

    def y(value: float) -> float:
        return top + _HIGH * (1 - value / most)

    yield f'<text x="{_LEFT}" y="{top - 6}" font-weight="bold">{panel.title}</text>'
    for value in (0.0, most / 2, most):
        yield f'<path d="M{_LEFT} {y(value):.1f}H{_WIDTH - _RIGHT}" stroke="#d0d7de"/>'
        yield f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
    for minute in _minutes(end):
        yield f'<text x="{x(60 * minute):.1f}" y="{top + _HIGH + 15}" text-anchor="middle">{minute}</text>'
    for before, after in pairwise(samples):
        if before.life != after.life:
            yield f'<path d="M{x(after.at):.1f} {top}V{top + _HIGH}" stroke="#8c959f" stroke-dasharray="2 3"/>'
    for number, (name, of) in enumerate(panel.lines):
        color = _COLORS[number]
        yield f'<text x="{_WIDTH - _RIGHT - 110 * number}" y="{top - 6}" text-anchor="end" fill="{color}">{name}</text>'
        for _, life in groupby(samples, key=lambda each: each.life):
            points = " ".join(f"{x(each.at):.1f},{y(of(each)):.1f}" for each in _thinned(list(life), len(samples)))
            yield f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.4"/>'


def _thinned(life: list[Sample], of: int) -> list[Sample]:
    return life[:: max(1, of // _MOST)]


def _minutes(seconds: float) -> range:
    step = next((each for each in (1, 2, 5, 10) if seconds / 60 / each <= 12), 30)
    return range(0, int(seconds / 60) + 1, step)


def _round(value: float) -> float:
    """The next value of 1, 2, 2.5, 4, 5, 8 times a power of ten, and at least 1."""
    power = 1.0
    while power * 10 < value:
        power *= 10
    return next((power * each for each in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8) if power * each >= value), power * 10)
