"""The figures of a simulation, and how people and programs read them."""

from collections.abc import Mapping

import msgspec


class Delays(msgspec.Struct, frozen=True, kw_only=True):
    """From a run's end until that is shown, in seconds: of half of all runs, of 99 %, the largest."""

    half: float
    most: float
    largest: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Times are virtual seconds, but for `cpu`. `calls` by endpoint, `least`: those that the ends of all runs need.
    `early`: calls while a limit was known to be exceeded; `progress`: states before the end that were shown;
    `unsettled`: records that are not settled in the end."""

    scenario: str
    runs: int
    calls: Mapping[str, int]
    least: int
    expected: float
    reached: float
    settled: float
    delays: Mapping[str, Delays]
    refused: int
    failed: int
    cut: int
    early: int
    peak: int
    progress: int
    unsettled: int
    lost: list[str]
    doubled: list[str]
    stale: list[str]
    cpu: float

    @property
    def sound(self) -> bool:
        """Nothing is lost, doubled, stale or early."""
        return not (self.lost or self.doubled or self.stale or self.early or self.unsettled)
