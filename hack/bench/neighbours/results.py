"""What is measured, as plain values."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from hack.bench.judge import percentile

from .hosts import Counts

# One of ten calls of 10,000 was answered sooner, half took more than 206 ms: https://gist.github.com/mbostock/5503544
SERVICE = 114
_DRAWS = 400


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """`hosts`: all of them, the dead and the quiet tenant's one included; at `noisy_hosts` are the noisy tenant's
    `runs`, at all others `other_runs` each. `rate`: the quiet tenant's runs per second, for `seconds`. `service`:
    milliseconds in which a host answers."""

    rounds: int = 3
    runs: int = 100_000
    hosts: int = 50
    noisy_hosts: int = 4
    other_runs: int = 20
    dead_runs: int = 300
    rate: int = 10
    seconds: int = 60  # less than it takes the API server to make garbage that is worth a collection
    storm: int = 300
    service: int = SERVICE

    @property
    def noise(self) -> int:
        return self.runs + self.dead_runs + self.other_runs * (self.hosts - 2 - self.noisy_hosts)


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One controller, with or without the noise; all but `storm` while the quiet tenant's runs were played.

    `shown`: milliseconds, sorted, from the write of a run's status until the quiet host had it; `written`, `arrived`:
    until that was called, since the write, and since it arrived at a watch. What was never shown has the time until we
    stopped waiting.
    `told`: milliseconds from the one to the other, which are the API server's.
    `late`: per cent of its event loop's looks that came over 10 ms too late.
    `counts`: what was added at the other hosts. `cpu` and `seconds` of the controller. `storm`: seconds until it
    rested; as long as was waited where it did not. `stormed`: what was added at the other hosts until then.
    """

    storm: float
    rested: bool
    stormed: Counts
    shown: Sequence[float]
    written: Sequence[float]
    told: Sequence[float]
    arrived: Sequence[float]
    missing: int
    cpu: float
    seconds: float
    rss: float
    counts: Counts
    late: float
    loop: float

    @property
    def cpu_share(self) -> float:
        """Per cent of one processor."""
        return 100 * self.cpu / self.seconds

    def per_minute(self, count: int) -> float:
        return 60 * count / self.seconds


@dataclass(frozen=True, kw_only=True)
class Results:
    sizes: Sizes
    alone: Sequence[Phase]
    beside: Sequence[Phase]

    @property
    def failures(self) -> list[str]:
        """What must not be, whatever the figures."""
        missing = sum(phase.missing for phase in (*self.alone, *self.beside))
        return [f"{missing} states of the quiet tenant's runs were not shown"] if missing else []


def p99(delays: Sequence[float]) -> float:
    return percentile(sorted(delays), 99)


def growth(before: float, after: float) -> float:
    """In per cent."""
    return 100 * (after - before) / before


def interval(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    """Between which growths of the p99 nine of ten lie when both are drawn anew from themselves: what is within it may
    be chance."""
    dice = random.Random(1)
    found = sorted(
        growth(p99(dice.choices(before, k=len(before))), p99(dice.choices(after, k=len(after)))) for _ in range(_DRAWS)
    )
    return found[_DRAWS // 20], found[-_DRAWS // 20]
