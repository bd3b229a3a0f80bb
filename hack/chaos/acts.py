"""What is done in a case, as plain values: a history holds them, and a replay does them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import msgspec

CREATE, RUN, END, DELETE = "create", "run", "end", "delete"
DRIVING = (CREATE, RUN, END, DELETE)


class Act(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`at`: seconds since the begin, and not before what was done to the same thing earlier has ended. `do`: a verb of
    stage.py; `on`: the number of a life, of a replica, or the name of a service; `value`: what else the verb needs."""

    at: float
    do: str
    on: str = ""
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a recorded run ends, and how that is shown: the check's conclusion, the card's colour, the state's name."""

    weight: int
    check: str
    color: str
    state: str


RED, GREEN, GREY = "#e01e5a", "#2eb67d", "#868686"
# By the name of the recording.
ENDINGS = {
    "success": Ending(weight=4, check="success", color=GREEN, state="Succeeded"),
    "failure": Ending(weight=2, check="failure", color=RED, state="Failed"),
    "cancelled": Ending(weight=1, check="cancelled", color=GREY, state="Cancelled"),
    "timeout": Ending(weight=1, check="timed_out", color=RED, state="TimedOut"),
    "not-found": Ending(weight=1, check="failure", color=RED, state="CouldNotStart"),
    "skipped": Ending(weight=1, check="success", color=GREEN, state="Succeeded"),
}


@dataclass(frozen=True, kw_only=True)
class Script:
    """What a case is made of. `lives`: the runs' acts, each life's in order; `span`: seconds in which they begin."""

    dice: Random
    span: float
    lives: Sequence[Sequence[Act]]

    @property
    def over(self) -> float:
        """When the last run has ended."""
        return max(act.at for life in self.lives for act in life)

    def some(self, share: float) -> list[Sequence[Act]]:
        """So many of the lives, by chance."""
        return self.dice.sample(list(self.lives), max(1, round(share * len(self.lives))))


def script(seed: str, runs: int, span: float) -> Script:
    """Runs that begin evenly, and go their way in two to six seconds."""
    dice = Random(seed)
    lives = [life(dice, str(number), f"run-{number}", span * number / runs) for number in range(runs)]
    return Script(dice=dice, span=span, lives=lives)


def life(dice: Random, number: str, name: str, at: float) -> list[Act]:
    """One run from its creation to its end. Another one of the same name has another number."""
    [recording] = dice.choices(list(ENDINGS), [each.weight for each in ENDINGS.values()])
    runs = at + dice.uniform(0.2, 1.5)
    return [
        Act(at=at, do=CREATE, on=number, value=f"{name} {recording}"),
        Act(at=runs, do=RUN, on=number),
        Act(at=runs + dice.uniform(1, 4.5), do=END, on=number),
    ]
