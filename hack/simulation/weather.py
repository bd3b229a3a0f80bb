"""How GitHub fails by chance: a part of all calls is refused, or answered by nobody although it was done."""

from dataclasses import dataclass, field
from random import Random

from tests.fakes.github import (
    Call,
    CutAfterWrite,
    Fault,
    PrimaryLimit,
    SecondaryLimit,
    ServerError,
    TooManyRequests,
)
from tests.fakes.github.call import Answer
from tests.fakes.github.faults import Exchange


@dataclass(frozen=True, kw_only=True)
class Chance:
    """`part` of all calls; `silence`: seconds in which nobody may call afterwards. `limits`: it is told as a limit."""

    part: float
    fault: Fault
    silence: float = 0.0
    limits: bool = False


# 10 % of all calls are refused, and 1 % cut. Without a Retry-After, GitHub's rule is to wait for a minute at least.
STORM = (
    Chance(part=0.030, fault=ServerError(502)),
    Chance(part=0.020, fault=ServerError(500)),
    Chance(part=0.010, fault=ServerError(503, retry_after=5)),
    Chance(part=0.010, fault=TooManyRequests(2), silence=2, limits=True),
    Chance(part=0.005, fault=TooManyRequests(), silence=60, limits=True),
    Chance(part=0.015, fault=SecondaryLimit(3), silence=3, limits=True),
    Chance(part=0.005, fault=SecondaryLimit(), silence=60, limits=True),
    Chance(part=0.005, fault=PrimaryLimit(5), silence=6, limits=True),
    Chance(part=0.010, fault=CutAfterWrite()),
)
CALM: tuple[Chance, ...] = ()


@dataclass
class Weather:
    """A rule for the look-alike's faults, and the fault itself."""

    chances: tuple[Chance, ...]
    seed: int
    struck: int = 0
    _drawn: dict[int, Fault] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def matches(self, call: Call) -> bool:
        left = self._random.random()
        for chance in self.chances:
            left -= chance.part
            if left < 0:
                self._drawn[id(call)] = chance.fault
                return True
        return False

    async def run(self, exchange: Exchange) -> Answer | None:
        self.struck += 1
        return await self._drawn.pop(id(exchange.call)).run(exchange)
