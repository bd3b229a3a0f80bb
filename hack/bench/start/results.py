"""What is measured, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .listing import Read


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """`idle`: seconds from ready to the second look at the memory."""

    runs: int = 50_000
    namespaces: int = 100
    rounds: int = 3
    idle: int = 60


@dataclass(frozen=True, kw_only=True)
class Memory:
    """MiB. `peak` is the highest resident size so far."""

    rss: float
    pss: float
    peak: float


@dataclass(frozen=True, kw_only=True)
class Newcomers:
    """Runs that came and ended before the controller was ready. `seconds`: from a run's end to the call, sorted."""

    count: int
    lost: int
    seconds: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Started:
    """Seconds of wall time and CPU from the start of the process until /readyz; `idle_cpu` from then on.

    `repeated`: calls to the look-alike, record writes and Events for runs that were reported before.
    """

    ready: float
    cpu: float
    idle_cpu: float
    at_ready: Memory
    later: Memory
    newcomers: Newcomers
    repeated: Mapping[str, int]
    cached: Mapping[str, int]

    @property
    def rss(self) -> float:
        """MiB when ready or a while later, whichever is more."""
        return max(self.at_ready.rss, self.later.rss)


@dataclass(frozen=True, kw_only=True)
class Round:
    """The bare read in turn, and at once before and after the start, since the machine's speed drifts.

    `others`: processors that strangers kept busy meanwhile; `loop`: ms of CPU for a fixed loop, see machine.py.
    """

    others: float
    loop: float
    in_turn: Read
    before: Read
    after: Read
    started: Started

    @property
    def bare(self) -> float:
        """Seconds; what the start is compared with."""
        return (self.before.seconds + self.after.seconds) / 2

    @property
    def bare_cpu(self) -> float:
        return (self.before.cpu + self.after.cpu) / 2


@dataclass(frozen=True, kw_only=True)
class Results:
    """`filled`: seconds that writing all objects took; `size`: mean bytes of a run and a record on the wire."""

    sizes: Sizes
    filled: float
    rounds: Sequence[Round]

    @property
    def failures(self) -> list[str]:
        """What must not be, whatever the figures."""
        found = []
        for each in self.rounds:
            newcomers = each.started.newcomers
            if newcomers.lost:
                found.append(f"{newcomers.lost} of {newcomers.count} new runs were not reported")
            found += [f"{count} {what} for old runs" for what, count in each.started.repeated.items() if count]
        return found
