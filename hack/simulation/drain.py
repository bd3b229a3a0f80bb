"""How long it takes at the least to show the ends of all runs, by the service's limits alone.

Each run costs one call from its end on, and one more for each 50 findings beyond the first 50; each pull request and
pipeline a look for a comment, and a write if something is to be said. In each step of some seconds as many calls go as
the limits let: what is left of the primary limit's hour, and of each limit of a minute its part. Where a part q of all
calls fails, 1 / (1 - q) times as many are needed; where each costs b seconds of silence on average, 60 / b go in a
minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .weather import Chance
from .workload import HOUR, Planned, Workload

STEP = 5.0
# Annotations in a request.
BATCH = 50


@dataclass(frozen=True, kw_only=True)
class Pace:
    """`hourly`: the primary limit; `minutely`: what all others come to, of calls that make a check run."""

    hourly: int
    minutely: float


def calls_of(run: Planned) -> int:
    return max(1, -(-run.findings // BATCH))


def needs(work: Workload) -> list[tuple[float, int]]:
    """When calls become due at the earliest, and how many, in order."""
    found = [(run.ends, calls_of(run)) for run in work.runs]
    for runs in work.conversations().values():
        said = any(run.ending.red for run in runs)
        found.append((max(run.ends for run in runs), 1 + said))
    return sorted(found)


def pace(hourly: int, minutely: float, storm: Sequence[Chance]) -> Pace:
    """With what is lost in bad weather taken off."""
    kept = 1 - sum(chance.part for chance in storm)
    silence = sum(chance.part * chance.silence for chance in storm)
    most = min(minutely, 60 / silence) if silence else minutely
    return Pace(hourly=round(hourly * kept), minutely=most * kept)


def drained(due: Sequence[tuple[float, int]], allowed: Pace) -> float:
    """When the last of them is done, in seconds since the first window of the primary limit began."""
    now, waiting, at = 0.0, 0.0, 0
    left, window = float(allowed.hourly), 0
    while at < len(due) or waiting > 1e-6:
        now += STEP
        while at < len(due) and due[at][0] <= now:
            waiting += due[at][1]
            at += 1
        if int(now // HOUR) > window:
            window, left = int(now // HOUR), float(allowed.hourly)
        gone = min(waiting, left, allowed.minutely * STEP / 60)
        waiting, left = waiting - gone, left - gone
    return now
