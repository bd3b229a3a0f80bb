"""What the services show of one run in the end, beside what became of it. The controller is not asked.

Of a run that was deleted while it ran perhaps nobody was told before: then nobody is to hear of it any more. Who heard
of it has to hear of its end.
"""

from collections.abc import Callable, Iterator, Sequence

from tekton_integrations_slack.looks import LOOKS

from hack.simulation.sink import Told
from tekton_integrations import State
from tests.fakes.github import CheckRun
from tests.fakes.slack import Message

from .fates import MILESTONES, Fate

WRONG = LOST, DUPLICATED, STALE = "lost", "duplicated", "stale"
# Not wrong, but counted: a surplus check that was concluded, a card whose answer a kill cut off, and a run that was
# deleted before it was shown.
REPAIRED, MAYBE_SENT, UNSEEN = "repaired", "maybe_sent", "unseen"
_FINISHED = MILESTONES[-1]
_TWIN = "Duplicate"


def of_checks(checks: Sequence[CheckRun], fate: Fate) -> Iterator[str]:
    own = [each for each in checks if each.output.title != _TWIN]
    yield from [REPAIRED] * (len(checks) - len(own))
    yield from [DUPLICATED] * (len(own) - 1)
    if not checks:
        yield _nothing(fate)
    elif not own or own[-1].status != "completed":
        yield LOST
    elif own[-1].conclusion != fate.conclusion:
        yield STALE


def of_cards(cards: Sequence[Message], fate: Fate, cut: Callable[[float], bool]) -> Iterator[str]:
    """`cut`: whether the answer to a message of that time may not have come."""
    for each in cards[:-1]:
        yield MAYBE_SENT if cut(each.time) else DUPLICATED
    if not cards:
        yield _nothing(fate)
    elif _open(cards[-1]):
        yield LOST
    elif cards[-1].color != fate.color:
        yield STALE


def of_told(told: Sequence[Told], fate: Fate) -> Iterator[str]:
    if not told and fate.gone:
        yield UNSEEN
        return
    names = [each.milestone for each in told]
    yield from [LOST] * len(set(_wanted(names, fate)) - set(names))
    yield from [DUPLICATED] * (len(names) - len(set(names)))
    if names != sorted(names, key=MILESTONES.index) or (told and told[-1].state != fate.state):
        yield STALE


def _nothing(fate: Fate) -> str:
    return UNSEEN if fate.gone else LOST


def _open(card: Message) -> bool:
    """Whether it says that the run waits or runs. What waits has the colour of what was cancelled."""
    return card.color == LOOKS[State.RUNNING].color or LOOKS[State.QUEUED].sign in card.shown


def _wanted(names: Sequence[str], fate: Fate) -> Sequence[str]:
    """What was not told of a run before it was deleted is left out, but for the end (docs/decisions/0014)."""
    if not fate.gone:
        return MILESTONES
    begun = [number for number, each in enumerate(MILESTONES[:-1], 1) if each in names]
    return [*MILESTONES[: max(begun, default=0)], _FINISHED]
