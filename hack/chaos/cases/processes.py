"""Controllers that die, sleep, or lack what a process needs. One that ends is started again, as a kubelet does it."""

from collections.abc import Callable, Sequence

from hack.chaos import clocks
from hack.chaos.acts import Act, Script
from hack.chaos.cases.case import Case

# Longer than a Lease, by which another replica takes over.
_LONG = 20.0


def _killed(down: float) -> Callable[[Script], Sequence[Act]]:
    """With -9, at a moment in the midst of the runs' begins."""

    def disturb(script: Script) -> Sequence[Act]:
        at = script.dice.uniform(0.3, 0.9) * script.span
        return [Act(at=at, do="kill", on="0"), Act(at=at + down, do="start", on="0")]

    return disturb


def _killed_for_good(script: Script) -> Sequence[Act]:
    at = script.dice.uniform(0.3, 0.9) * script.span
    return [Act(at=at, do="kill", on="0"), Act(at=script.over + 1, do="start", on="0")]


def _killed_often(script: Script) -> Sequence[Act]:
    moments = sorted(script.dice.uniform(0.1, 1.3) * script.span for _ in range(5))
    return [Act(at=at, do="crash", on="0") for at in moments]


def _paused(script: Script) -> Sequence[Act]:
    at = script.dice.uniform(0.3, 0.6) * script.span
    return [Act(at=at, do="pause", on="0"), Act(at=at + _LONG, do="resume", on="0")]


def _jumps(script: Script) -> Sequence[Act]:
    """The wall clock alone, as when somebody sets it: half an hour ahead, as far behind, and right."""
    ahead, behind, right = 0.3 * script.span, 0.6 * script.span, script.over
    return [
        Act(at=ahead, do="clock", on="0", value="+1800"),
        Act(at=behind, do="clock", on="0", value="-1800"),
        Act(at=right, do="clock", on="0", value="+0"),
    ]


def _full(script: Script) -> Sequence[Act]:
    """No line of the log can be written from the begin on; a crash shows that it can start like that, too."""
    return [Act(at=0.5 * script.span, do="crash", on="0")]


def _squeezed(script: Script) -> Sequence[Act]:
    """No memory more than it has when it is idle; whoever is started again has as much. Then somebody raises it."""
    return [
        Act(at=0.2 * script.span, do="squeeze", on="0", value="2"),
        Act(at=script.over + 5, do="relieve", on="0"),
    ]


CASES = (
    Case(name="killed-3", title="kill -9, down 3 s", disturb=_killed(3)),
    Case(name="killed-25", title="kill -9, down 25 s", disturb=_killed(25)),
    Case(name="killed-over", title="kill -9, down until all is over", disturb=_killed_for_good),
    Case(name="crashes", title="5 times kill -9", disturb=_killed_often),
    Case(name="paused", title="leader of two paused for 20 s", disturb=_paused, replicas=2),
    Case(
        name="clock",
        title="clock jumps by half an hour",
        disturb=_jumps,
        clock=True,
        missing=clocks.missing,
    ),
    Case(name="disk", title="disk full for the log", disturb=_full, log="/dev/full"),
    Case(name="memory", title="memory limit hit", disturb=_squeezed),
)
