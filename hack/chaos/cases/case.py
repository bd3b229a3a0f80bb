"""What a case is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hack.chaos.acts import Act, Script, script

# A webhook that failed twice is tried again five minutes later (posting.py): before that nothing is lost.
PATIENCE = 420.0


def _nothing_missing() -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """`disturb` gives what goes wrong and how it is repaired. `more`: so many times the usual runs; `rate`: runs that
    begin in a second; `replicas`: controllers at once. `log`: where their output goes, if not into a file; `clock`: it
    can be set for them. `expires`: the case is felt by watches that are told 410, and by nothing else.
    `patience`: seconds until it must be quiet. `missing`: what this machine lacks for it; empty for nothing."""

    name: str
    title: str
    disturb: Callable[[Script], Sequence[Act]]
    more: int = 1
    rate: float = 6.0
    replicas: int = 1
    log: str = ""
    clock: bool = False
    expires: bool = False
    patience: float = PATIENCE
    missing: Callable[[], str] = _nothing_missing

    def acts(self, seed: int, runs: int) -> list[Act]:
        """All that is done, in order; the same for the same seed and number of runs."""
        runs *= self.more
        made = script(f"{self.name} {seed}", runs, runs / self.rate)
        driven = [act for life in made.lives for act in life]
        return sorted([*driven, *self.disturb(made)], key=lambda act: act.at)
