"""Plays the acts of one case and tells what it came to."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Pod
from hack.testbed import TestBed
from hack.testbed.api import polled

from .acts import CREATE, DELETE, DRIVING, END, RUN, Act
from .cases import Case
from .driver import Driver, Life
from .fleet import Fleet, Replica
from .history import Header, History
from .judge import Verdict, judged
from .sky import Sky
from .witness import Witness
from .world import World

# Seconds for which it must have been quiet: the controller may be about to look at what has just happened.
_CALM = 2.0
# Seconds after which no call that met a fault can still take effect.
_LATEST = 30.0
# Seconds that a weather goes on until a call has met it: a busy machine may make none meanwhile.
_UNFELT = 60.0


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One case, as in build/chaos.json. `struck`: how often what disturbs was felt; `repeats`: messages that came again
    under their id, which receivers drop; `unsettled`: records that still waited when patience ended. `pace`: states of
    runs that were written in a second, which may be fewer than the case wants if the machine is slow."""

    case: str
    seed: int
    runs: int
    expected: int
    lost: int
    duplicated: int
    stale: int
    maybe_sent: int
    repeats: int
    struck: int
    unsettled: int
    pace: float
    seconds: float

    @property
    def clean(self) -> bool:
        return not (self.lost or self.duplicated or self.stale) and self.expected > 0 and self.struck > 0


@dataclass(frozen=True, kw_only=True)
class Play:
    """`faults`: which call meets which, as a history has it. Files are named `files` with another ending."""

    case: Case
    header: Header
    acts: Sequence[Act]
    files: Path
    faults: Mapping[tuple[str, int], str] | None = None


async def played(bed: TestBed, play: Play) -> tuple[Row, list[str]]:
    """The row, and what is wrong in words. Raises TimeoutError where not even the driving came to an end."""
    pod = Pod(await bed.service_account_directory(NAMESPACE, SERVICE_ACCOUNT), bed.service_environment)
    lives = sum(act.do == CREATE for act in play.acts)
    with play.files.with_suffix(".jsonl").open("w") as file:
        history = History.of(file, play.header)
        sky = Sky(f"{play.case.name} {play.header.seed}", history, play.faults)

        def note(text: str) -> None:
            history.tell(note=text)

        async with (
            World.made(bed, sky, lives) as world,
            Witness.watching(bed, world.namespace, note) as witness,
            Fleet(bed=bed, pod=pod, case=play.case, files=play.files, note=note).started() as fleet,
        ):
            history.begin()
            stage = Stage(world, fleet, history)
            await stage.play(play.acts)
            await quiet(world, witness, play.case.patience)
            verdict = judged(world, witness.maybe)
            unsettled, seconds = witness.unsettled(world.lives.values()), history.now
            for text in verdict.wrong:
                note(text)
            note(f"{verdict.expected} expected, {unsettled} records unsettled")
            struck = await fleet.expired() if play.case.expires else sky.met + fleet.ends + stage.struck
        felt = {"struck": struck, "unsettled": unsettled, "pace": round(stage.pace, 1), "seconds": round(seconds, 1)}
        return row(play.header, verdict, felt), verdict.wrong


def row(header: Header, verdict: Verdict, felt: Mapping[str, Any]) -> Row:
    counts = {name: getattr(verdict, name) for name in ("expected", "lost", "duplicated", "stale", "maybe_sent")}
    return Row(
        case=header.case,
        seed=header.seed,
        runs=header.runs,
        **counts,
        repeats=verdict.repeats,
        **felt,
    )


async def quiet(world: World, witness: Witness, seconds: float) -> None:
    """Returns when nothing is under way, no record waits for anything, and all is right; or when patience ends."""

    async def calm() -> bool:
        return world.calm

    now, since = asyncio.get_running_loop().time, math.inf

    async def right() -> bool:
        nonlocal since
        if not world.calm or witness.unsettled(world.lives.values()):
            since = math.inf
            return False
        since = min(since, now())
        return now() - since > _CALM and judged(world, witness.maybe).clean

    with suppress(TimeoutError):
        await polled(right, seconds)
    await polled(calm, _LATEST)


@dataclass(eq=False)
class Stage:
    """What is done to the same thing is done one after the other; what disturbs it lasts as long as it is to, however
    late it began. `struck`: disturbances that were felt for certain."""

    world: World
    fleet: Fleet
    history: History
    struck: int = 0
    _latest: dict[str, asyncio.Task[float]] = field(default_factory=dict)  # each gives how late its act was
    _written: list[float] = field(default_factory=list)  # when a run was made or got a state

    def __post_init__(self) -> None:
        self._driver = Driver(self.world.bed, self.world.namespace)

    async def play(self, acts: Sequence[Act]) -> None:
        async with asyncio.TaskGroup() as group:
            for act in sorted(acts, key=lambda act: act.at):
                await asyncio.sleep(max(0.0, act.at - self.history.now))
                about = self._about(act)
                self._latest[about] = group.create_task(self._do(act, self._latest.get(about)))

    def _about(self, act: Act) -> str:
        """Of runs the name: a new one of it waits until the old one is gone."""
        if act.do not in DRIVING:
            return "the cluster" if act.do in ("etcd", "apiserver") else f"{act.do in _TO_WAYS} {act.on}"
        life = self.world.born(act) if act.do == CREATE else self.world.lives[act.on]
        return f"run {life.name}"

    async def _do(self, act: Act, before: asyncio.Task[float] | None) -> float:
        late = await before if before else 0.0
        if act.do not in DRIVING:
            await asyncio.sleep(max(0.0, act.at + late - self.history.now))
        if act.value == "fair":
            with suppress(TimeoutError):
                await polled(self._felt, _UNFELT)
        late = self.history.now - act.at
        self.history.tell(act=act)
        await VERBS[act.do](self, act)
        if act.do in DRIVING:
            self._written.append(self.history.now)
        return late

    async def _felt(self) -> bool:
        return self.world.sky.met > 0

    @property
    def pace(self) -> float:
        """States of runs that were written in a second, on average."""
        return len(self._written) / max(self._written, default=1.0)

    # --- verbs

    def life(self, act: Act) -> Life:
        return self.world.lives[act.on]

    def replica(self, act: Act) -> Replica:
        return self.fleet.replicas[int(act.on)]

    async def weather(self, act: Act) -> None:
        self.world.sky.weather = act.value

    async def etcd(self, act: Act) -> None:
        self.struck += act.value == "kill"
        await (self.world.bed.stop_etcd(kill=True) if act.value == "kill" else self.world.bed.start_etcd())

    async def apiserver(self, act: Act) -> None:
        self.struck += act.value == "kill"
        await (self.world.bed.stop_apiserver(kill=True) if act.value == "kill" else self.world.bed.start_apiserver())

    async def way(self, act: Act) -> None:
        """To services, or to the API server that of one replica."""
        api, _, number = act.on.partition("api-")
        ways = [self.fleet.replicas[int(number)].way] if not api else list(self.world.ways_to(act.on))
        for each in ways:
            found: Any = getattr(each, act.do)()
            if found is not None:
                await found
        self.struck += act.do in ("part", "refuse")

    async def sleepy(self, act: Act) -> None:
        self.replica(act).pause()
        self.struck += 1

    async def jumping(self, act: Act) -> None:
        clock = self.replica(act).clock
        assert clock is not None
        clock.jump(act.value)
        self.struck += 1


def _at_replica(name: str, *kinds: Callable[[str], Any]) -> Callable[[Stage, Act], Awaitable[None]]:
    """A method of Replica, with the act's value as argument where there is one."""

    async def done(stage: Stage, act: Act) -> None:
        found = getattr(stage.replica(act), name)(*(kind(act.value) for kind in kinds))
        if found is not None:
            await found

    return done


def _of_life(name: str) -> Callable[[Stage, Act], Awaitable[None]]:
    async def done(stage: Stage, act: Act) -> None:
        stage.struck += act.do == DELETE
        await getattr(stage._driver, name)(stage.life(act))

    return done


_TO_WAYS = ("part", "heal", "refuse", "listen")
VERBS: dict[str, Callable[[Stage, Act], Awaitable[None]]] = {
    **{name: _of_life(name) for name in (CREATE, RUN, END, DELETE)},
    **dict.fromkeys(_TO_WAYS, Stage.way),
    **{name: _at_replica(name) for name in ("kill", "start", "crash", "resume", "relieve")},
    "squeeze": _at_replica("squeeze", float),
    "pause": Stage.sleepy,
    "clock": Stage.jumping,
    "weather": Stage.weather,
    "etcd": Stage.etcd,
    "apiserver": Stage.apiserver,
}
