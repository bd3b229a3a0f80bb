"""When something is flat, and what else must be true at the end. Pure."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from statistics import median

import msgspec

from .samples import Sample

# Seconds after a start in which a controller reads what is there.
STARTING = 60.0
# Seconds until memory has come to what it stays at: until then the busiest moments open more and more connections.
WARM_UP = 600.0
# What is lowest in so many seconds is looked at, as what is under way comes and goes; so many of these are needed.
_SLOT, _SLOTS = 60.0, 10
# Of a normal distribution: 95 % are nearer to its middle than so many standard deviations.
_SURE = 1.96
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
    """Growth per hour, and what it is at least and at most, with 95 % confidence."""

    slope: float
    least: float
    most: float

    def flat(self, limit: float) -> bool:
        """Not more than `limit`, as far as can be told."""
        return self.least <= limit


def trend(samples: Sequence[Sample], value: Value) -> Trend | None:
    """Of the longest life, after its warm-up; None where that is too short.

    The median of the slopes between any two points, and its interval by their ranks (Sen, 1968): one step up, as when
    the machine stood still for a moment and many connections were opened at once, is no growth; many are.
    """
    points = _lowest(_longest(samples), value)
    if (count := len(points)) < _SLOTS:
        return None
    slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2))
    spread = _SURE * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    first = max(0, round((len(slopes) - spread) / 2) - 1)
    return Trend(median(slopes), slopes[first], slopes[-1 - first])


def _longest(samples: Sequence[Sample]) -> list[Sample]:
    """Under load: when the last runs go, what they took goes, too."""
    lives = [list(life) for _, life in groupby(samples, key=lambda each: each.life)]
    longest = max(lives, key=lambda life: life[-1].age - life[0].age)
    full = 0.9 * median(each.live for each in longest)
    return [each for each in longest if each.age >= WARM_UP and each.live >= full]


def _lowest(life: Sequence[Sample], value: Value) -> list[tuple[float, float]]:
    """Hours and values."""
    slots = groupby(life, key=lambda each: each.age // _SLOT)
    return [(number * _SLOT / _HOUR, min(value(each) for each in slot)) for number, slot in slots]


# What is not to grow, and how much an hour is still called flat. Of memory 5 MiB are surely told from what is seen
# without a leak, and half of that is not.
TRENDS: Mapping[str, tuple[Value, float, str]] = {
    "memory (RSS)": (lambda each: each.rss, 2.5, "MiB"),
    "memory (PSS)": (lambda each: each.pss, 2.5, "MiB"),
    "Python's objects": (lambda each: each.blocks, 10.0, "thousand pieces"),
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
                value=f"{found.slope:+.1f} ({found.least:+.1f} to {found.most:+.1f}) {unit}".rstrip(),
                rule=f"at most {limit:g} {unit}".rstrip() + ", as far as can be told",
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
