"""What became of the runs at GitHub: when each state was shown, and whether any is missing or there twice."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from .driver import Moment
from .lookalike import CheckRun


class Verdict(NamedTuple):
    """`lost`: without a check run that ends in success. `doubled`: with two, or a state that was sent twice."""

    lost: int
    doubled: int


def judged(shas: Collection[str], check_runs: Sequence[CheckRun]) -> Verdict:
    found: dict[str, list[CheckRun]] = defaultdict(list)
    for each in check_runs:
        found[each.head_sha].append(each)
    lost = sum(not any(_right(each) for each in found[sha]) for sha in shas)
    doubled = sum(len(found[sha]) > 1 or any(_repeats(each) for each in found[sha]) for sha in shas)
    return Verdict(lost, doubled)


def shown(check_runs: Sequence[CheckRun]) -> dict[Moment, float]:
    """When GitHub got the first state of each commit, and the final one."""
    times: dict[Moment, float] = {}
    for each in check_runs:
        times.setdefault(Moment(each.head_sha, False), each.history[0].time)
        for state in each.history:
            if state.status == "completed":
                times.setdefault(Moment(each.head_sha, True), state.time)
    return times


def milliseconds(since: Mapping[Moment, float], until: Mapping[Moment, float], *, final: bool) -> list[float]:
    """From each moment to the call that showed it, sorted."""
    both = since.keys() & until.keys()
    return sorted(1000 * (until[each] - since[each]) for each in both if each.final is final)


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that `percent` of all do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _right(check_run: CheckRun) -> bool:
    last = check_run.history[-1]
    return (last.status, last.conclusion) == ("completed", "success")


def _repeats(check_run: CheckRun) -> bool:
    states = [(each.status, each.conclusion) for each in check_run.history]
    return len(states) != len(set(states))
