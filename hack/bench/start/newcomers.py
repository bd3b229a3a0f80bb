"""Runs that come and end while the controller starts, and when their ends arrive at the look-alike."""

import asyncio
import hashlib
import time
from contextlib import suppress

from hack.bench.lookalike import FIRST as REPOSITORY
from hack.bench.lookalike import CheckRun, Lookalike
from hack.player import PlayedRun, Player
from hack.recording import Step
from hack.testbed.api import polled

from .results import Newcomers

RECORDING = "success"
_EVERY_SECONDS = 0.5
_PATIENCE_SECONDS = 60.0


class Arrivals:
    """`ended`: by commit, when the write of a run's end was sent, in seconds since the epoch."""

    def __init__(self, player: Player, namespace: str) -> None:
        self.shas: set[str] = set()
        self.ended: dict[str, float] = {}
        self._player = player
        self._namespace = namespace

    async def coming(self, ready: asyncio.Event) -> None:
        """One after the other until `ready`, and at least one."""
        while True:
            begin = time.monotonic()
            await self.play(f"new-{len(self.shas):04}")
            with suppress(TimeoutError):
                await asyncio.wait_for(ready.wait(), max(0.0, _EVERY_SECONDS - (time.monotonic() - begin)))
            if ready.is_set():
                return

    async def play(self, name: str) -> str:
        """Its commit."""
        sha = hashlib.sha1(f"{self._namespace}/{name}".encode(), usedforsecurity=False).hexdigest()
        self.shas.add(sha)

        async def before_step(_run: PlayedRun, step: Step) -> None:
            if step.status == "True":
                self.ended.setdefault(sha, time.time())

        await self._player.play(
            RECORDING,
            namespace=self._namespace,
            name=name,
            sha=sha,
            children=False,
            events=False,
            before_step=before_step,
        )
        return sha

    async def reported(self, github: Lookalike) -> Newcomers:
        """Waits for all, for a while."""
        shown: dict[str, float] = {}

        async def probe() -> bool:
            shown.update(_ends(await github.check_runs(REPOSITORY)))
            return shown.keys() >= self.ended.keys()

        with suppress(TimeoutError):
            await polled(probe, _PATIENCE_SECONDS)
        seconds = sorted(shown[sha] - at for sha, at in self.ended.items() if sha in shown)
        return Newcomers(count=len(self.ended), lost=len(self.ended) - len(seconds), seconds=seconds)


def _ends(check_runs: list[CheckRun]) -> dict[str, float]:
    return {
        each.head_sha: state.time for each in check_runs for state in each.history[-1:] if state.status == "completed"
    }
