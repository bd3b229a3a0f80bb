"""When something is flat, and what else must be true at the end. Pure."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean, stdev

import msgspec

from .samples import Sample

# Seconds after a start in which a controller may still grow: it reads what is there, and opens its connections.
WARM_UP = 90.0
# Lives and samples of each without which no trend is told.
_LIVES, _SAMPLES = 3, 12
_HOUR = 3600.0

Value = Callable[[Sample], float]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """`ok` is None for what only informs."""

    name: str
    value: str
    rule: str = ""
    ok: bool | None = None


@dataclass(frozen=True)
class Trend:
    """Growth per hour, and how unsure that is (one standard error)."""

    slope: float
    error: float

    def flat(self, limit: float) -> bool:
        """Not more than `limit`, as far as can be told."""
        return self.slope - 2 * self.error <= limit


def trend(samples: Sequence[Sample], value: Value) -> Trend | None:
    """The mean slope of all lives, each fitted by itself after its warm-up; None where there are too few.

    A life is too short to tell a leak from noise. Many lives are not: noise goes up as often as down.
    """
    slopes = [_slope(points) for points in _lives(samples, value) if len(points) >= _SAMPLES]
    if len(slopes) < _LIVES:
        return None
    return Trend(fmean(slopes), stdev(slopes) / math.sqrt(len(slopes)))


def _lives(samples: Sequence[Sample], value: Value) -> Iterator[list[tuple[float, float]]]:
    for _, life in groupby(samples, key=lambda each: each.life):
        yield [(each.age / _HOUR, value(each)) for each in life if each.age >= WARM_UP and each.live]


def _slope(points: Sequence[tuple[float, float]]) -> float:
    x, y = fmean(point[0] for point in points), fmean(point[1] for point in points)
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


# What is not to grow in any life, and how much an hour is still called flat.
TRENDS: Mapping[str, tuple[Value, float, str]] = {
    "memory (RSS)": (lambda each: each.rss, 1.0, "MiB"),
    "memory (PSS)": (lambda each: each.pss, 1.0, "MiB"),
    "descriptors": (lambda each: each.descriptors, 6.0, ""),
    "tasks": (lambda each: each.tasks, 6.0, ""),
    "names in the queue": (lambda each: each.depth, 6.0, ""),
}
# What is to be as it was before the load, and by how much it may differ.
REST: Mapping[str, tuple[Value, float]] = {
    "descriptors": (lambda each: each.descriptors, 4),
    "tasks": (lambda each: each.tasks, 4),
    "names in the queue": (lambda each: each.depth + each.parked, 0),
    "objects in the cache": (lambda each: each.cached, 4),
    "runs in etcd": (lambda each: each.runs, 0),
    "records in etcd": (lambda each: each.records, 0),
}


def trends(samples: Sequence[Sample]) -> Iterator[Row]:
    for name, (value, limit, unit) in TRENDS.items():
        if found := trend(samples, value):
            yield Row(
                name=f"{name}, growth in an hour",
                value=f"{found.slope:+.1f} ± {found.error:.1f} {unit}".rstrip(),
                rule=f"at most {limit:g} {unit}".rstrip() + ", give or take 2 ±",
                ok=found.flat(limit),
            )


def at_rest(before: Sample, after: Sample) -> Iterator[Row]:
    for name, (value, more) in REST.items():
        first, last = value(before), value(after)
        yield Row(
            name=f"{name}, at rest before and after",
            value=f"{first:g}, {last:g}",
            rule=f"at most {more:g} more" if more else "no more",
            ok=last <= first + more,
        )


def etcd(samples: Sequence[Sample]) -> Iterator[Row]:
    """Its file never shrinks: it is to stop growing once as much is thrown away as comes."""
    thirds: defaultdict[int, list[float]] = defaultdict(list)
    length = samples[-1].at or 1.0
    for each in samples:
        thirds[min(2, int(3 * each.at / length))].append(each.etcd_file)
    highest = [max(thirds[number], default=0.0) for number in range(3)]
    # What is old is dropped every five minutes, Events after ten: less than half an hour tells nothing.
    enough = length >= _HOUR / 2
    yield Row(
        name="etcd's file, most in each third of the time",
        value=", ".join(f"{each:.0f}" for each in highest) + " MiB",
        rule="the last at most a tenth above the second" if enough else "",
        ok=highest[2] <= 1.1 * highest[1] if enough else None,
    )


def counted(
    found: Mapping[tuple[str, str], int], late: Mapping[str, int], integrations: Sequence[str]
) -> Iterator[Row]:
    """What services showed wrongly; `late`: what came of runs that had been judged, which nobody should hear of."""
    for word in ("lost", "duplicated", "stale"):
        numbers = [
            found.get((each, word), 0) + (late.get(each, 0) if word == "duplicated" else 0) for each in integrations
        ]
        yield Row(name=f"{word} ({', '.join(integrations)})", value=_listed(numbers), rule="0", ok=not any(numbers))
    for word, text in (
        ("repaired", "surplus checks, repaired"),
        ("maybe_sent", "surplus cards whose answer was cut off"),
        ("unseen", "reports of runs that were deleted before they were shown"),
    ):
        yield Row(name=text, value=str(sum(count for (_, each), count in found.items() if each == word)))


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
