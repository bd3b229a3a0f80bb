"""What became of the mutants of each module, as figures and as a table."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from .judged import Judged
from .tool import NOTICED, Mutant

_HEAD = ("module", "mutants", "tried", "killed", "too slow", "equivalent", "survived", "score")


class Survivor(msgspec.Struct, frozen=True, kw_only=True):
    """`change`: the lines that are taken out and put in."""

    name: str
    where: str
    change: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`mutants`: that there are, of which so many were `tried`. `timeout`: the tests took so long that it was noticed.
    `equivalent`: survived, and was looked at. `survivors`: nobody has looked at."""

    module: str
    mutants: int
    tried: int
    killed: int
    timeout: int
    equivalent: int
    survivors: tuple[Survivor, ...] = ()

    @property
    def score(self) -> float:
        """The part that was noticed of what could be; 1.0 where nothing could."""
        could = self.tried - self.equivalent
        return (self.killed + self.timeout) / could if could else 1.0


def outcome(module: str, mutants: Sequence[Mutant], judged: Judged, change: Callable[[str], str]) -> Outcome:
    tried = [each for each in mutants if each.status != "not checked"]
    noticed = {status: sum(each.status == status for each in tried) for status in NOTICED}
    left = [
        Survivor(name=each.name, where=each.where, change=change(each.name))
        for each in tried
        if each.status not in noticed
    ]
    unjudged = tuple(each for each in left if not judged.knows(each.where, each.change))
    return Outcome(
        module=module,
        mutants=len(mutants),
        tried=len(tried),
        killed=noticed["killed"],
        timeout=noticed["timeout"],
        equivalent=len(left) - len(unjudged),
        survivors=unjudged,
    )


def table(outcomes: Iterable[Outcome]) -> str:
    shown = [each for each in outcomes if each.tried]
    rows = [_row(each) for each in [*shown, _together(shown)]]
    lines = [_HEAD, ("---", *["---:"] * (len(_HEAD) - 1)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(each: Outcome) -> tuple[str, ...]:
    counts = (each.mutants, each.tried, each.killed, each.timeout, each.equivalent, len(each.survivors))
    return (each.module, *map(str, counts), f"{100 * each.score:.0f} %")


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    return Outcome(
        module="all",
        mutants=sum(each.mutants for each in outcomes),
        tried=sum(each.tried for each in outcomes),
        killed=sum(each.killed for each in outcomes),
        timeout=sum(each.timeout for each in outcomes),
        equivalent=sum(each.equivalent for each in outcomes),
        survivors=tuple(survivor for each in outcomes for survivor in each.survivors),
    )
