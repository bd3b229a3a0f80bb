"""Candidates for one Lease in a world of chance: late and lost answers, pauses, gaps in the watch, drifting clocks.

No I/O and no waiting: time is a number, and what happens next is the earliest of what is planned.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from tekton_integrations.kube.lease_json import LeaseObject
from tekton_integrations.kube.tenure import Clock, LeaseTiming, Tenure

NEW = LeaseObject(metadata={"namespace": "default", "name": "it"})


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Delays in seconds; the rest are shares of 1. `drift`: how far a clock's speed is off."""

    delay: float = 0.05
    late: float = 0.0  # a message that takes up to 10 s
    lost: float = 0.0
    pause: float = 0.0  # a pause of the whole process, or a gap of its watch, begins at a tick
    drift: float = 0.0


class World:
    def __init__(self, seed: int, candidates: int, weather: Weather, timing: LeaseTiming) -> None:
        self.chance = random.Random(seed)
        self.weather = weather
        self.timing = timing
        self.now = 0.0
        self.lease: LeaseObject | None = None
        self.holders: list[str] = []  # each time that it changed
        self._version = 100
        self._plan: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.candidates = [Candidate(self, f"candidate-{number}") for number in range(candidates)]

    def at(self, time: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._plan, (time, next(self._order), action))

    def run(self, seconds: float) -> None:
        """Looks after each happening whether two hold it."""
        end = self.now + seconds
        while self._plan and self._plan[0][0] <= end:
            self.now, _, action = heapq.heappop(self._plan)
            action()
            holders = self.holding()
            assert len(holders) <= 1, f"{holders} at {self.now}"
            if holders and holders != self.holders[-1:]:
                self.holders += holders

    def holding(self) -> list[str]:
        return [each.tenure.holder for each in self.candidates if each.tenure.remaining() > 0]

    def delay(self) -> float:
        late = self.chance.random() < self.weather.late
        return self.chance.uniform(0.0, 10.0 if late else self.weather.delay)

    def loses(self) -> bool:
        return self.chance.random() < self.weather.lost

    # --- the API server

    def write(self, wanted: LeaseObject) -> LeaseObject | None:
        """None for a conflict."""
        there = (self.lease.uid, self.lease.resource_version) if self.lease else ("", "")
        if there != (wanted.uid, wanted.resource_version):
            return None
        self._version += 1
        news = {"uid": wanted.uid or f"uid-{self._version}", "resourceVersion": str(self._version)}
        self.lease = msgspec.structs.replace(wanted, metadata={**wanted.metadata, **news})
        for candidate in self.candidates:
            candidate.hear(self.lease, str(self._version))
        return self.lease

    def delete(self) -> None:
        if self.lease is not None:
            self.lease = None
            self._version += 1
            for candidate in self.candidates:
                candidate.hear(None, str(self._version))


class Candidate:
    """Does with a Tenure what Lease does, one request at a time."""

    def __init__(self, world: World, holder: str) -> None:
        self._world = world
        chance, drift = world.chance, world.weather.drift
        offset, speed, skew = chance.uniform(0, 1e6), 1 + chance.uniform(-drift, drift), chance.uniform(-1e6, 1e6)
        clock = Clock(steady=lambda: offset + speed * world.now, wall=lambda: 1e9 + skew + world.now)
        self.tenure = Tenure(holder, world.timing, clock, chance.random)
        self.alive = True
        self._steady = clock.steady
        self._wall = clock.wall
        self._asleep_until = 0.0
        self._deaf_until = 0.0
        self._heard_until = 0.0
        self._request = 0  # the number of the one that is under way
        self._numbers = itertools.count(1)
        world.at(0.0, self._tick)

    def hear(self, lease: LeaseObject | None, version: str) -> None:
        """The watch brings a change, in order, unless it is broken."""
        world = self._world
        if world.now < self._deaf_until:
            return
        self._heard_until = max(self._heard_until, world.now + world.delay())
        world.at(self._heard_until, lambda: self._awake(lambda: self._heard(lease, version)))

    def _heard(self, lease: LeaseObject | None, version: str) -> None:
        if lease is None:
            self.tenure.gone(version)
        else:
            self.tenure.saw(lease)

    def _awake(self, action: Callable[[], None]) -> None:
        """Now, or after the pause."""
        if not self.alive:
            return
        if self._world.now < self._asleep_until:
            self._world.at(self._asleep_until, lambda: self._awake(action))
        else:
            action()

    def _tick(self) -> None:
        world = self._world
        if not self._request and self._steady() >= self.tenure.due:
            self._ask()
        if world.chance.random() < world.weather.pause:
            self._asleep_until = world.now + world.chance.uniform(0.0, 40.0)
        if world.chance.random() < world.weather.pause and world.now >= self._deaf_until:
            self._deaf_until = world.now + world.chance.uniform(0.0, 40.0)
            world.at(self._deaf_until, self._reconnect)
        world.at(world.now + world.chance.uniform(0.05, 0.15), lambda: self._awake(self._tick))

    def _reconnect(self) -> None:
        lease = self._world.lease
        known = self.tenure.lease.resource_version if self.tenure.lease else ""
        self.hear(lease, lease.resource_version if lease else known)

    def _ask(self) -> None:
        world, tenure = self._world, self.tenure
        number = self._request = next(self._numbers)
        sent = self._steady()
        wanted = (
            None if tenure.stale else (tenure.lease or NEW).claimed(tenure.holder, world.timing.duration, self._wall())
        )
        if not world.loses():
            world.at(world.now + world.delay(), lambda: self._serve(number, wanted, sent))
        world.at(world.now + world.timing.timeout, lambda: self._awake(lambda: self._give_up(number)))

    def _serve(self, number: int, wanted: LeaseObject | None, sent: float) -> None:
        """At the API server, which may be long after we gave up."""
        world = self._world
        answer = world.lease if wanted is None else world.write(wanted)
        if not world.loses():
            hand = self._looked if wanted is None else self._wrote
            world.at(world.now + world.delay(), lambda: self._awake(lambda: self._answered(number, hand, answer, sent)))

    def _answered(
        self,
        number: int,
        hand: Callable[[LeaseObject | None, float], None],
        answer: LeaseObject | None,
        sent: float,
    ) -> None:
        if number == self._request:
            self._request = 0
            hand(answer, sent)

    def _wrote(self, answer: LeaseObject | None, sent: float) -> None:
        if answer is None:
            self.tenure.beaten()
        else:
            self.tenure.wrote(answer, sent)

    def _looked(self, answer: LeaseObject | None, _: float) -> None:
        self._heard(answer, answer.resource_version if answer else "")
        self.tenure.looked()

    def _give_up(self, number: int) -> None:
        if number == self._request:
            self._request = 0
            self.tenure.failed()
