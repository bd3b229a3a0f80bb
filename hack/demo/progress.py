"""Plays the runs and tells, as it happens, what they are and what GitHub shows of them."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from hack.controller import Controller
from hack.objects import RECORDS
from hack.player import Player
from hack.testbed import StartError
from hack.testbed.api import polled
from hack.testbed.process import Child
from tekton_integrations.kube.runs_json import decode_run

from .lookalike import Lookalike
from .places import DemoError, Place
from .scenes import SCENES
from .screen import Screen

RUNS = "/apis/tekton.dev/v1/namespaces/{}/pipelineruns"
SETTLE_SECONDS = 45.0
# Of a watch event, which is one line; aiohttp takes lines of up to twice this.
LONGEST_LINE = 1 << 22
LOOK_SECONDS = 0.1  # between two looks at the look-alike


class _WatchEvent(msgspec.Struct):
    type: str
    object: msgspec.Raw


class Progress:
    """One performance: what was seen last of each run, and since when it goes."""

    def __init__(self, screen: Screen, place: Place, lookalike: Lookalike, controller: Controller) -> None:
        self._screen = screen
        self._place = place
        self._lookalike = lookalike
        self._controller = controller
        self._begun = time.monotonic()
        self._seen: dict[tuple[str, str], tuple[str, str]] = {}

    async def play(self) -> bool:
        """All runs at once, as fast as recorded. Returns whether all reports were settled in time."""
        self._begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(self._watch_runs()), group.create_task(self._watch_lookalike())]
            await self._play_all()
            try:
                await polled(self._settled, SETTLE_SECONDS)
            except TimeoutError:
                return False
            finally:
                for task in watching:
                    task.cancel()
        self._tell_lookalike(await self._lookalike.check_runs())
        return True

    async def _play_all(self) -> None:
        player, place = Player(self._place.api), self._place
        async with asyncio.TaskGroup() as group:
            for scene in SCENES:
                recording = place.recording(scene.name)
                group.create_task(player.play(recording, namespace=place.namespace, sha=scene.sha, speed=1.0))

    async def _settled(self) -> bool:
        """GitHub accepted the final state of each run, or the controller gave up, and its record says so."""
        answer = await self._place.api.request("GET", RECORDS.format(self._place.namespace))
        conditions = [each.get("status", {}).get("conditions", ()) for each in answer["items"]]
        done = [each for each in conditions if any(one["status"] in ("True", "False") for one in each)]
        return len(done) >= len(SCENES)

    async def _watch_runs(self) -> None:
        api = self._place.api
        url = f"{api.url}{RUNS.format(self._place.namespace)}?watch=true"
        forever = aiohttp.ClientTimeout(total=None)
        async with api.session.get(url, timeout=forever, read_bufsize=LONGEST_LINE) as response:
            async for line in response.content:
                run = decode_run(msgspec.json.decode(line, type=_WatchEvent).object)
                self._tell(run.name, "Tekton", str(run.state))

    async def _watch_lookalike(self) -> None:
        while True:
            self._check("the GitHub look-alike", self._lookalike.child)
            self._check("the controller", self._controller.child)
            self._tell_lookalike(await self._lookalike.check_runs())
            await asyncio.sleep(LOOK_SECONDS)  # it has no watch

    @staticmethod
    def _check(name: str, child: Child) -> None:
        try:
            child.check()
        except StartError as error:
            raise DemoError(f"{name} has ended; the end of its log:\n{error}") from error

    def _tell_lookalike(self, check_runs: Sequence[Mapping[str, Any]]) -> None:
        for scene in SCENES:
            for check in check_runs:
                if check["head_sha"] == scene.sha:
                    what = check["conclusion"] or check["status"]
                    self._tell(scene.name, "GitHub", what, check["output"]["title"] or "")

    def _tell(self, who: str, where: str, what: str, detail: str = "") -> None:
        if self._seen.get((who, where)) != (what, detail):
            self._seen[who, where] = (what, detail)
            self._screen.event(f"{time.monotonic() - self._begun:.1f}s", who, where, what, detail)
