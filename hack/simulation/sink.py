"""An endpoint that is told of runs, in virtual time: it keeps what it took, is down for a while, or fails by chance."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from random import Random
from typing import Any, NamedTuple

import aiohttp
from yarl import URL

from .virtual import steady, wall
from .wire import FASTEST, SLOWEST, Answered, Wire


class Told(NamedTuple):
    """What a message says: of which run, with which id, the how manieth milestone, and how the run is."""

    run: str
    id: str
    milestone: str
    sequence: int
    state: str


Read = Callable[[Mapping[str, str], bytes], Told]


@dataclass(frozen=True)
class Mishap:
    """`part` of all calls are answered so, after so many seconds; 200: it takes the message first."""

    part: float
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0


# 10 % are refused, and 1 % taken so late that nobody waits for the answer any more.
STORM = (
    Mishap(0.030, 429, {"retry-after": "2"}),
    Mishap(0.005, 429),
    Mishap(0.025, 503, {"retry-after": "5"}),
    Mishap(0.020, 500),
    Mishap(0.020, 502),
    Mishap(0.010, 200, after=11.0),
)


@dataclass(kw_only=True)
class Sink:
    """`down`: from when until when nobody answers, in seconds since the simulation began. `told`: what it took, each
    once by its id, with the time; `repeats` counts what it had taken already, by id."""

    read: Read
    down: tuple[float, float]
    mishaps: tuple[Mishap, ...] = STORM
    seed: int = 1
    told: dict[str, tuple[float, Told]] = field(default_factory=dict)
    repeats: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    unreached: int = 0

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    async def answer(self, url: URL, headers: Mapping[str, str], body: bytes) -> Answered:
        mishap = self._drawn()
        said = self._taken(url, headers, body, mishap)
        self.statuses[said.status] += 1
        await asyncio.sleep(mishap.after)
        return said

    def _taken(self, url: URL, headers: Mapping[str, str], body: bytes, mishap: Mishap) -> Answered:
        """What is answered; 200: it was taken."""
        if mishap.status == 200:
            self._take(self.read(headers, body))
        return Answered(mishap.status, {"date": formatdate(wall(), usegmt=True), **mishap.headers}, b"")

    @property
    def up(self) -> bool:
        begin, end = self.down
        return not begin <= steady() < end

    def _drawn(self) -> Mishap:
        left = self._random.random()
        for mishap in self.mishaps:
            left -= mishap.part
            if left < 0:
                return mishap
        return Mishap(1.0, 200)

    def _take(self, told: Told) -> None:
        if told.id in self.told:
            self.repeats[told.id] += 1
        else:
            self.told[told.id] = steady(), told


class SinkWire(Wire):
    def __init__(self, sink: Sink, seed: int) -> None:
        super().__init__(seed)
        self._sink = sink

    async def _sent(self, method: str, url: URL, options: Mapping[str, Any]) -> Answered:
        distance = self._random.uniform(FASTEST, SLOWEST)
        await asyncio.sleep(distance / 2)
        if not self._sink.up:
            self._sink.unreached += 1
            raise aiohttp.ServerDisconnectedError
        headers = {name.lower(): value for name, value in (options["headers"] or {}).items()}
        answer = await self._sink.answer(url, headers, options["data"] or b"")
        await asyncio.sleep(distance / 2)
        return answer
