"""Runs that come at an even rate: each is played as recorded, kept for a while, deleted, judged and forgotten."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import aiohttp

from hack.player import Player
from hack.testbed import ApiError, TestBed
from hack.testbed.api import polled

from . import judge
from .evidence import Evidence
from .fates import Fate, asks, fate, name, sha
from .reign import Reign
from .services import Services
from .sizes import Sizes

# Seconds for which a run that was pruned is still looked at, at most.
_FORGOTTEN = 15.0
_SHOWN = 20


class Load:
    """`found` counts the words of judge.py, by integration; `problems` has the first that are wrong. `unplayed`:
    runs that the API server did not take as they were recorded; they are not judged. `seconds`: until the last was
    created, and the next would have been."""

    def __init__(self, bed: TestBed, services: Services, reign: Reign, evidence: Evidence, namespace: str) -> None:
        self.started = self.judged = self.live = 0
        self.found: Counter[tuple[str, str]] = Counter()
        self.problems: list[str] = []
        self.unplayed: list[str] = []
        self.longest_delay = self.seconds = 0.0
        self._bed, self._services, self._reign, self._namespace = bed, services, reign, namespace
        self._evidence = evidence
        self._player = Player(bed.api)

    async def last(self, sizes: Sizes) -> None:
        """Returns when the last run was forgotten."""
        begin = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(sizes.runs):
                await self._due(begin + number * sizes.between)
                self.started += 1
                group.create_task(self._live(number, sizes))
            self.seconds = time.monotonic() - begin + sizes.between

    async def _due(self, at: float) -> None:
        ahead = at - time.monotonic()
        self.longest_delay = max(self.longest_delay, -ahead)
        await asyncio.sleep(max(0.0, ahead))

    async def _live(self, number: int, sizes: Sizes) -> None:
        self.live += 1
        chosen = fate(number)
        try:
            path = await self._play(number, chosen, sizes.speed)
            before, after = (0.0, sizes.kept) if chosen.gone else (sizes.kept, min(_FORGOTTEN, sizes.kept / 2))
            await asyncio.sleep(before)
            if sizes.patience and not chosen.gone:
                await self._shown(number, chosen, sizes.patience)
            if not chosen.gone:
                await self._evidence.keep(number, "before it was deleted", self._wrong(number, chosen))
            await self._bed.request("DELETE", path, {"propagationPolicy": "Background"})
            await asyncio.sleep(after)
            await self._evidence.keep(number, "judged", self._wrong(number, chosen))
        except (ApiError, aiohttp.ClientError, TimeoutError) as error:
            self.unplayed.append(f"{name(number)}: {error!r}")
        else:
            self._judge(number, chosen)
        self._services.forget(number)
        self.live -= 1

    async def _play(self, number: int, chosen: Fate, speed: float) -> str:
        run = await self._player.start(
            chosen.recording,
            namespace=self._namespace,
            name=name(number),
            sha=sha(number),
            annotations=self._services.asked(number),
            children=chosen.children,
            events=False,
            speed=speed,
        )
        await run.to_end(until=chosen.until)
        return run.path

    async def _shown(self, number: int, chosen: Fate, seconds: float) -> None:
        async def probe() -> bool:
            return not self._wrong(number, chosen)

        with suppress(TimeoutError):
            await polled(probe, seconds)

    def _judge(self, number: int, chosen: Fate) -> None:
        self.judged += 1
        for integration, word in self._words(number, chosen):
            self.found[integration, word] += 1
            if word in judge.WRONG and len(self.problems) < _SHOWN:
                self.problems.append(f"{name(number)} ({chosen.recording}): {integration} {word}{self._times(number)}")

    def _times(self, number: int) -> str:
        """Of several cards: how far apart they were posted tells why."""
        times = [each.time for each in self._services.cards(number)]
        return "".join(f", +{later - times[0]:.1f} s" for later in times[1:])

    def _wrong(self, number: int, chosen: Fate) -> list[tuple[str, str]]:
        return [each for each in self._words(number, chosen) if each[1] in judge.WRONG]

    def _words(self, number: int, chosen: Fate) -> Iterator[tuple[str, str]]:
        for integration in asks(number):
            yield from ((integration, word) for word in self._judged(integration, number, chosen))

    def _judged(self, integration: str, number: int, chosen: Fate) -> Iterator[str]:
        if integration == "github":
            return judge.of_checks(self._services.checks(number), chosen)
        if integration == "slack":
            return judge.of_cards(self._services.cards(number), chosen, self._reign.cut)
        return judge.of_told(self._services.told(integration, number), chosen)
