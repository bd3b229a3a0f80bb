"""What a change of a Notification does: runs that it matched are looked at anew, and its status says what it is."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from aiohttp import web

from hack.testbed.api import polled
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.noticeboard import PERIOD, SOON, Noticeboard
from tekton_integrations.notices import Notices
from tekton_integrations.notification import Notification
from tekton_integrations.registry import CORE
from tekton_integrations.requests import work
from tekton_integrations.run import Run
from tekton_integrations.tally import MATCHED
from tests.fakes.object_server import ObjectServer
from tests.noticed import SHARED, make, provider
from tests.reconciling import NAMESPACE, Noting, World

NOTIFICATIONS = f"/apis/integrations.tekton.dev/v1alpha1/namespaces/{NAMESPACE}/notifications"
RUN_PATH = f"/apis/tekton.dev/v1/namespaces/{NAMESPACE}/pipelineruns/build-9"
RUN: dict[str, Any] = {
    "apiVersion": "tekton.dev/v1",
    "kind": "PipelineRun",
    "metadata": {"uid": "uid-9", "creationTimestamp": "2027-01-15T08:00:00Z"},
    "spec": {},
}


class Written(ObjectServer):
    """Keeps what is patched into the status."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[dict[str, Any]] = []
        self.others = 0

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "PATCH":
            return await super()._answer(request)
        if request.path == f"{NOTIFICATIONS}/all/status":
            self.statuses.append((await request.json())["status"])
        else:
            self.others += 1
        return web.json_response({})


@dataclass
class Turn:
    holds: bool


@dataclass(kw_only=True)
class Scene:
    world: World
    notices: Notices
    board: Noticeboard
    turns: dict[str, Turn]
    clock: list[float]
    versions: Iterator[int] = field(default_factory=partial(itertools.count, 1))

    def put(self, notification: Notification) -> None:
        self.board.informers[0].observe(notification)
        self.board.on_provider(provider())  # all that name it are taken in anew

    def asked(self) -> list[str]:
        run = self.world.cluster.runs.get("PipelineRun", NAMESPACE, "build-9")
        return [wanted.options["channel"] for wanted in work(run).values()] if run else []

    @property
    def statuses(self) -> list[dict[str, Any]]:
        assert isinstance(self.world.server, Written)
        return self.world.server.statuses

    async def round(self) -> None:
        """Returns when all that is due was told: what is put last is told last."""
        server = self.world.server
        assert isinstance(server, Written)
        before = server.others
        self.board.informers[0].observe(make("marker", generation=next(self.versions), providerRef={"name": "nope"}))
        self.board.on_provider(provider(name="nope"))

        async def probe() -> bool:
            return server.others > before

        await polled(probe, 5)

    async def told(self, count: int) -> dict[str, Any]:
        """The status once it was written so often."""

        async def probe() -> bool:
            return len(self.statuses) >= count

        await polled(probe, 5)
        assert len(self.statuses) == count
        return self.statuses[-1]


@asynccontextmanager
async def scene(*, slack: bool = True, core: bool = True, there: bool = True) -> AsyncIterator[Scene]:
    """`slack`, `core`: which turns are ours. `there`: the shared Provider."""
    clock = [1000.0]
    async with World.made(Noting(), Written) as world:
        cluster = replace(world.cluster, clock=lambda: clock[0])
        notices = Notices([Noting()], SHARED, 100)
        notices.provider = lambda *path: provider() if there and path == (SHARED, "slack") else None
        notices.seen = cluster.runs.get
        cluster.runs.decode = partial(decode_run, notices=notices)
        cluster.runs.add_handler(lambda _, now: notices.follow(now, cached=True) if now else None)
        board = Noticeboard(world.client, cluster, notices, 30.0, brought=lambda: frozenset({"slack"}))
        turns = {"slack": Turn(slack), CORE: Turn(core)}
        board.turns = turns
        task = asyncio.create_task(board.run())
        try:
            yield Scene(world=world, notices=notices, board=board, turns=turns, clock=clock)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def seen(scene: Scene) -> Run:
    """A run comes, by the watch."""
    scene.world.server.put(RUN_PATH, RUN)
    runs = scene.world.cluster.runs
    run = await runs.read("PipelineRun", NAMESPACE, "build-9")
    assert run is not None
    runs.informers[run.kind].observe(run)
    runs.changed(None, run)
    return run


async def test_the_runs_of_an_edited_notification_are_looked_at_anew() -> None:
    async with scene() as stage:
        stage.put(make(options={"channel": "C1"}))
        await seen(stage)
        assert stage.asked() == ["C1"]
        stage.put(make(options={"channel": "C2"}, generation=2))

        async def moved() -> bool:
            return stage.asked() == ["C2"]

        await polled(moved, 5)
        stage.put(make(options={"channel": "C2"}, generation=3, suspend=True))

        async def silent() -> bool:
            return stage.asked() == []

        await polled(silent, 5)


async def test_a_new_notification_reads_no_run() -> None:
    async with scene() as stage:
        await seen(stage)
        before = len(stage.world.server.requests)
        stage.put(make(options={"channel": "C1"}))
        await stage.told(1)
        assert len(stage.world.server.requests) == before
        assert stage.asked() == []


async def test_what_it_is_is_told_at_once_and_what_it_did_every_ten_seconds_at_most() -> None:
    async with scene() as stage:
        stage.put(make(options={"channel": "C1"}))
        told = await stage.told(1)
        [condition] = told["conditions"]
        assert (told["observedGeneration"], condition["status"], condition["reason"]) == (1, "True", "Ready")
        counts = stage.notices.tallies
        counts.note(f"{NAMESPACE}/all", "uid-1", MATCHED)
        counts.note(f"{NAMESPACE}/all", "uid-2", "NoTarget")
        await stage.round()
        stage.clock[0] += SOON
        told = await stage.told(2)
        assert (told["matched"], told["suppressed"]["NoTarget"], told["suppressed"]["TooMany"]) == (2, 1, None)
        counts.note(f"{NAMESPACE}/all", "uid-3", MATCHED)
        await stage.round()
        stage.clock[0] += PERIOD - 1.0
        await stage.round()
        assert len(stage.statuses) == 2
        stage.clock[0] += 1.0
        assert (await stage.told(3))["matched"] == 3


async def test_only_the_holder_of_its_integrations_lease_tells() -> None:
    async with scene(slack=False) as stage:
        stage.put(make(options={"channel": "C1"}))
        stage.turns["slack"].holds = True
        await stage.told(1)
        stage.turns["slack"].holds = False
        stage.put(make(options={"channel": "C2"}, generation=2))
        await stage.round()  # the core's holder tells of what leads nowhere
        assert len(stage.statuses) == 1


async def test_of_one_without_a_provider_the_cores_holder_tells() -> None:
    async with scene(slack=False, there=False) as stage:
        stage.put(make(options={"channel": "C1"}))
        [condition] = (await stage.told(1))["conditions"]
        assert (condition["status"], condition["reason"]) == ("False", "NoProvider")
