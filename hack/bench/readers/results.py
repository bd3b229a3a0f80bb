"""What is measured, as plain values, and the table of it."""

from collections.abc import Sequence
from dataclasses import dataclass

# MiB that a reader may cost.
MOST = 2.0


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """See __main__.py."""

    readers: int = 200
    whole: int = 10
    idle: int = 40
    megabytes: int = 100
    rate: int = 64
    stall: int = 30


@dataclass(frozen=True, kw_only=True)
class Results:
    """Memory in MiB. `missed`: bytes that readers of all did not get. `dropped`: readers
    that the service gave up. Seconds, of the readers of all."""

    sizes: Sizes
    before: float
    peak: float
    after: float
    missed: int
    dropped: int
    seconds: float
    cpu: float

    @property
    def each(self) -> float:
        return (self.peak - self.before) / self.sizes.readers

    @property
    def failures(self) -> Sequence[str]:
        found = []
        if self.missed:
            found.append(f"{self.missed:,} bytes did not come")
        if self.dropped != self.sizes.idle:
            found.append(f"{self.dropped} of {self.sizes.idle} were dropped that never read")
        if self.each > MOST:
            found.append(f"a reader costs {self.each:.1f} MiB")
        return found


def rendered(results: Results) -> str:
    sizes = results.sizes
    passed = sizes.whole * sizes.megabytes
    rows = {
        "readers": f"{sizes.readers}: {sizes.whole} fast, {sizes.idle} that never read, the rest at {sizes.rate} KiB/s",
        "log": f"{sizes.megabytes} MB, one step that goes on",
        "memory before": f"{results.before:.0f} MiB",
        "at most": f"{results.peak:.0f} MiB: {results.each:.2f} MiB a reader",
        "after all have gone": f"{results.after:.0f} MiB",
        "dropped": f"{results.dropped} of {sizes.idle} that never read, after {sizes.stall} s",
        "read in whole": f"{passed} MB in {results.seconds:.0f} s, {results.cpu:.0f} s of the service's CPU",
    }
    return "\n".join(f"{name:<20} {value}" for name, value in rows.items())
