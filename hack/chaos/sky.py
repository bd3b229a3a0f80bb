"""What meets each call to a service: decided by the seed, the service and the call's number there, not by time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from tests.fakes import github
from tests.fakes.echo import faults as echo
from tests.fakes.github import faults as of_github
from tests.fakes.github.call import Answer, Call

from .history import History

T = TypeVar("T")
# By its name, what it is at GitHub's look-alike and at the others. Calls are given up after 10 s.
FAULTS: dict[str, tuple[of_github.Fault, echo.Fault]] = {
    "500": (github.ServerError(500), echo.Refusal(status=500)),
    "502": (github.ServerError(502), echo.Refusal(status=502)),
    "503": (github.ServerError(503), echo.Refusal(status=503)),
    "429": (github.TooManyRequests(1), echo.Refusal(status=429, retry_after=1)),
    "limit": (github.SecondaryLimit(2), echo.Refusal(status=429, retry_after=2)),
    "hang": (github.Hang(11), echo.Delay(seconds=11)),
    "late": (github.LateWrite(20), echo.Delay(seconds=20)),
}
# Which share of all calls meets which of them.
WEATHERS: dict[str, dict[str, float]] = {
    "fair": {},
    "storm": {"500": 0.02, "502": 0.03, "503": 0.02, "429": 0.03},
    "limit": {"limit": 1.0},
    "hang": {"hang": 0.15},
    "late": {"late": 0.15},
}


class Sky:
    """Over all services of a case. `met`: calls that met a fault; `pending`: those of them that are yet to take effect.
    A `script` says it call by call instead, by service and number: that of a replay."""

    def __init__(self, seed: str, history: History, script: Mapping[tuple[str, int], str] | None = None) -> None:
        self.weather = "fair"
        self.met = 0
        self.pending = 0
        self._seed = seed
        self._history = history
        self._script = script
        self._numbers: dict[str, int] = {}

    def drawn(self, service: str, call: str) -> str:
        """The name of the fault that meets this call; empty for none. The call is told to the history."""
        number = self._numbers[service] = self._numbers.get(service, 0) + 1
        name = self._draw(service, number) if self._script is None else self._script.get((service, number), "")
        self._history.tell(service=service, nr=number, call=call, fault=name)
        self.met += bool(name)
        return name

    def tell(self, text: str) -> None:
        """What else the history should know."""
        self._history.tell(note=text)

    def _draw(self, service: str, number: int) -> str:
        left = Random(f"{self._seed} {service} {number}").random()
        for name, share in WEATHERS[self.weather].items():
            left -= share
            if left < 0:
                return name
        return ""


@dataclass(frozen=True)
class _Counted:
    fault: of_github.Fault
    sky: Sky

    async def run(self, exchange: of_github.Exchange) -> Answer | None:
        self.sky.pending += 1
        try:
            return await self.fault.run(exchange)
        finally:
            self.sky.pending -= 1


class GitHubFaults(of_github.Faults):
    def __init__(self, sky: Sky) -> None:
        super().__init__()
        self._sky = sky

    def strike(self, call: Call) -> of_github.Rule | None:
        name = self._sky.drawn("github", f"{call.method} {call.path}")
        if not name:
            return None
        rule = of_github.Rule(match="", fault=_Counted(FAULTS[name][0], self._sky), remaining=None)
        self.rules = [*(each for each in self.rules if each.remaining is None), rule]
        return rule


@dataclass(kw_only=True, eq=False)
class _Rule(echo.Rule):
    sky: Any = None

    async def befall(self, take: Callable[[], T]) -> T | echo.Refusal | None:
        self.sky.pending += 1
        try:
            return await super().befall(take)
        finally:
            self.sky.pending -= 1


class OtherFaults(echo.Faults):
    def __init__(self, sky: Sky, service: str) -> None:
        super().__init__()
        self._sky = sky
        self._service = service

    def strike(self, method: str, path: str) -> echo.Rule | None:
        name = self._sky.drawn(self._service, f"{method} {path}")
        return _Rule(match="", fault=FAULTS[name][1], times=None, until=None, sky=self._sky) if name else None
