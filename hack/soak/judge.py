"""What the services show of one run in the end, beside what became of it. The controller is not asked."""

from collections.abc import Callable, Iterator, Sequence

from hack.simulation.sink import Told
from tests.fakes.github import CheckRun
from tests.fakes.slack import Message

from .fates import MILESTONES, Fate

LOST, DUPLICATED, STALE = "lost", "duplicated", "stale"
# Not wrong, but counted: a surplus check that was concluded, and a card whose answer a kill cut off.
REPAIRED, MAYBE_SENT = "repaired", "maybe_sent"
_TWIN = "Duplicate"


def of_checks(checks: Sequence[CheckRun], fate: Fate) -> Iterator[str]:
    own = [each for each in checks if each.output.title != _TWIN]
    yield from [REPAIRED] * (len(checks) - len(own))
    yield from [DUPLICATED] * (len(own) - 1)
    if not own or own[-1].status != "completed":
        yield LOST
    elif own[-1].conclusion != fate.conclusion:
        yield STALE


def of_cards(cards: Sequence[Message], fate: Fate, cut: Callable[[float], bool]) -> Iterator[str]:
    """`cut`: whether the answer to a message of that time may not have come."""
    for each in cards[:-1]:
        yield MAYBE_SENT if cut(each.time) else DUPLICATED
    if not cards:
        yield LOST
    elif cards[-1].color != fate.color:
        yield STALE


def of_told(told: Sequence[Told], fate: Fate) -> Iterator[str]:
    names = [each.milestone for each in told]
    yield from [LOST] * len(set(MILESTONES) - set(names))
    yield from [DUPLICATED] * (len(names) - len(set(names)))
    if names != sorted(names, key=MILESTONES.index) or (told and told[-1].state != fate.state):
        yield STALE
