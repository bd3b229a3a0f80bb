"""Random histories of runs under real controllers that die, compete and lose their connections, on a real API server.

After quiet GitHub shows exactly the last state of each run. CONVERGES_EXAMPLES sets how many histories are tried.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hack.testbed import ApiError, TestBed
from tests.e2e import blows as b
from tests.e2e import machine as m
from tests.e2e.inside import Access
from tests.e2e.known import ASKS, PATHS, STATUSES
from tests.e2e.stage import Stage
from tests.e2e.verdict import complaints
from tests.e2e.world import LEASES, World

EXAMPLES = int(os.environ.get("CONVERGES_EXAMPLES", "25"))
ACTIONS = int(os.environ.get("CONVERGES_ACTIONS", "12"))
# From quiet on. Seconds; the longest delay between tries that so few faults lead to, twice.
LIMIT = 30.0


@dataclass(eq=False, repr=False)
class Arena:
    """Where examples are played, one after the other."""

    stage: Stage
    access: Access
    log: Path
    worlds: list[World] = field(default_factory=list)

    async def play(self, actions: Sequence[m.Action]) -> None:
        """Raises AssertionError that says what is wrong at the end, and what was done."""
        world = await self._begin()
        try:
            await self._play(world, actions)
        except (AssertionError, TimeoutError, ApiError) as error:
            raise AssertionError(await self._account(world, actions, error)) from error
        finally:
            await self._end(world)

    async def _begin(self) -> World:
        made = await self.stage.bed.request("POST", "/api/v1/namespaces", {"metadata": {"generateName": "random-"}})
        world = World(self.access, self.stage, made["metadata"]["name"], complaints)
        self.worlds.append(world)
        self.log.write_text("")
        await world.start()
        return world

    async def _play(self, world: World, actions: Sequence[m.Action]) -> None:
        for action in actions:
            await action.act(world)
        self.stage.github.faults.clear()
        world.conflicts, world.fatal = 0, False
        world.heal()
        if not world.granted:
            await world.grant()
        await self.stage.github.late_writes()
        await world.converged(LIMIT)
        for controller in world.controllers:
            await controller.stop()
        world.controllers.clear()
        await self.stage.github.late_writes()
        assert await complaints(world) == []

    async def _account(self, world: World, actions: Sequence[m.Action], error: Exception) -> str:
        wrong = "\n".join(await complaints(world))
        lines = "".join(f"    {action!r},\n" for action in actions)
        log = "".join(self.log.read_text().splitlines(keepends=True)[-40:])
        text = f"{type(error).__name__}: {error}\n{wrong}\nafter\n[\n{lines}]\n{log}"
        print(text, file=sys.stderr)  # noqa: T201  (at once: shrinking takes its time)
        return text

    async def _end(self, world: World) -> None:
        self.stage.github.faults.clear()
        for controller in world.controllers:
            await controller.kill()
        for name in ("github", "core"):
            with suppress(ApiError):
                await self.stage.bed.request("DELETE", f"{LEASES}/tekton-integrations-{name}")
        await self.stage.bed.request("DELETE", f"/api/v1/namespaces/{world.namespace}")
        if not world.granted:
            await world.grant()


@pytest.fixture
async def arena(bed: TestBed, tmp_path: Path) -> AsyncIterator[Arena]:
    log = tmp_path / "controllers.log"
    async with Stage.set(bed, tmp_path, limits=False) as stage:
        with log.open("a") as file:
            level = structlog.make_filtering_bound_logger(logging.INFO)
            structlog.configure(logger_factory=structlog.PrintLoggerFactory(file), wrapper_class=level)
            for repository in ("acme/web", "other/api"):
                stage.github.add_repository(repository, installation_of=stage.app, permissions={"checks": "write"})
                stage.github.accept_any_commit(repository)
            arena = Arena(stage, await Access.of(bed), log)

            async def on_write(call: object) -> None:
                await arena.worlds[-1].on_write(call)  # type: ignore[arg-type]

            stage.github.on_write(on_write)
            yield arena
            asyncio.get_running_loop().set_task_factory(None)
            structlog.reset_defaults()


slots = st.sampled_from([0, 0, 0, 1, 1, 2])
kinds = st.sampled_from(list(PATHS))
statuses = st.sampled_from(list(STATUSES))
asks = st.sampled_from(["main", *ASKS])
runs = st.one_of(
    st.builds(m.Create, slots, kinds, asks, statuses),
    st.builds(m.Status, slots, statuses),
    st.builds(m.Status, slots, statuses),
    st.builds(m.Annotate, slots, asks),
    st.builds(m.Delete, slots),
    st.builds(m.Recreate, slots, statuses),
    st.builds(m.Touch, slots),
)
world_ = st.one_of(
    st.builds(m.EditRecord, slots, st.sampled_from(m.EDITS)),
    st.builds(m.Conflict, st.integers(1, 3)),
    st.builds(m.Trouble, st.sampled_from(list(m.FAULTS)), st.integers(1, 2)),
    st.builds(b.Cut, st.sampled_from(["reset", "silence", "part", "slow"])),
    st.sampled_from([m.Revoke(), m.Revoke("provider"), m.Grant(), b.Heal()]),
    st.sampled_from([b.Crash(), b.Crash(), b.CrashAtWrite(), b.Rival(), b.TakeOver(), b.Stop()]),
)
meanwhile = st.one_of(runs, st.builds(m.EditRecord, slots, st.sampled_from(["label", "delete"])))
outages = st.builds(b.Outage, st.lists(meanwhile, min_size=1, max_size=3))
pauses = st.one_of(st.builds(b.Pause, st.sampled_from([0.01, 0.03, 0.1, 0.3, 0.8])), st.just(b.Settle()))
actions = st.lists(
    st.one_of(runs, runs, runs, world_, world_, pauses, pauses, outages), min_size=4, max_size=ACTIONS - 1
)
histories = st.builds(lambda first, rest: [first, *rest], st.builds(m.Create, slots, kinds, asks, statuses), actions)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CONVERGES_EXAMPLES" not in os.environ,  # the same ones each time, but for a hunt
    database=None,
    phases=[Phase.generate, Phase.shrink],
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(history=histories)
async def test_whatever_happens_github_shows_the_last_state_of_each_run(arena: Arena, history: list[m.Action]) -> None:
    await arena.play(history)


@pytest.mark.parametrize(
    "history",
    [
        # An update was cut, and the run deleted before that was looked at: the wait was put off for ever.
        [
            m.Create(0, status="pending"),
            b.Settle(),
            m.Trouble("cut after", 1),
            m.Status(0, "running"),
            b.Pause(0.3),
            m.Delete(0),
        ],
        # What the record remembered was taken from it, and nobody saw that: what it had shown stayed open.
        [m.Create(0, status="running"), b.Settle(), b.Outage([m.EditRecord(0, "forget"), m.Delete(0)])],
        # What stood where the run had asked before stayed open when it then asked for what can't be had.
        [m.Create(0, status="running"), b.Settle(), m.Annotate(0, "ungranted")],
        [m.Create(0, status="running"), b.Settle(), m.Annotate(0, "incomplete"), m.Status(0, "failed")],
        [m.Create(0, status="running"), b.Settle(), m.Annotate(0, "incomplete"), b.Settle(), m.Annotate(0, "main")],
        [m.Create(0, status="succeeded"), b.Settle(), m.Annotate(0, "incomplete"), b.Settle(), m.Annotate(0, "main")],
        [m.Create(0, status="succeeded"), b.Settle(), m.Annotate(0, "ungranted"), b.Settle(), m.Annotate(0, "main")],
        # A check that was concluded can't be reopened.
        [m.Create(0, status="running"), b.Settle(), m.Annotate(0, "moved"), b.Settle(), m.Annotate(0, "main")],
        # The check that the record remembers is not there (any more): those that were found stayed open.
        [m.Create(0, status="running"), b.Settle(), b.Outage([m.EditRecord(0, "mislead"), m.Delete(0)])],
    ],
    ids=[
        "cut and deleted",
        "forgotten and deleted",
        "to no grant",
        "to nowhere and ended",
        "to nowhere and back",
        "ended and back",
        "ended, to no grant and back",
        "there and back",
        "misled",
    ],
)
async def test_what_once_went_wrong_goes_right(arena: Arena, history: list[m.Action]) -> None:
    await arena.play(history)
