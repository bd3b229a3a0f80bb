"""What is simulated: how many runs, under which limits, in which weather, and whether the process dies meanwhile."""

from dataclasses import dataclass

from tests.fakes.github import GitHub, Installation

from .weather import CALM, STORM, Chance
from .workload import HOUR


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What GitHub allows one installation. `hidden`: writes of checks and statuses in a minute, which no header tells.
    By what is told, a check run may be made 180 times a minute: 900 points, of which each costs 5."""

    title: str
    hourly: int
    hidden: int | None = None
    points: int = 900

    @property
    def minutely(self) -> float:
        told = self.points / 5
        return told if self.hidden is None else min(told, self.hidden)

    def apply(self, github: GitHub, installation: Installation) -> None:
        github.limits.hourly_of[installation.client] = self.hourly
        github.limits.points_per_minute = self.points
        github.limits.hidden_writes_per_minute = self.hidden


APP = Profile(title="App, 5,000/h", hourly=5_000)
ENTERPRISE = Profile(title="Enterprise, 15,000/h", hourly=15_000)
HIDDEN = Profile(title="15,000/h, hidden 60/min", hourly=15_000, hidden=60)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`fails_over`: when the process is killed and another one begins, in seconds; None for never. `patience`: when it
    is given up, in seconds."""

    profile: Profile
    storm: bool = False
    fails_over: float | None = None
    flood: int = 9_940
    small: int = 60
    seed: int = 1
    seconds: float = HOUR
    patience: float = 5 * 24 * HOUR

    @property
    def chances(self) -> tuple[Chance, ...]:
        return STORM if self.storm else CALM

    @property
    def title(self) -> str:
        weather = "10 % + 1 %" if self.storm else "no faults"
        return f"{self.profile.title}; {weather}{', fail-over' if self.fails_over is not None else ''}"


def scenarios(flood: int, small: int, seed: int) -> list[Scenario]:
    """Each profile in each weather, with a fail-over in the worst."""
    return [
        Scenario(profile=profile, storm=storm, fails_over=fails_over, flood=flood, small=small, seed=seed)
        for profile in (APP, ENTERPRISE, HIDDEN)
        for storm, fails_over in ((False, None), (True, None), (True, HOUR / 2))
    ]
