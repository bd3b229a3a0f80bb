"""Where random histories are played, one after the other: GitHub's look-alike, a receiver of milestones, Providers."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import structlog

from hack import objects
from hack.controller import NAMESPACE
from hack.testbed import ApiError, TestBed
from hack.testbed.api import polled
from tests.conftest import emptied
from tests.e2e.inside import Access, Inside
from tests.e2e.machine import Action
from tests.e2e.shared import SHARED
from tests.e2e.stage import GROUP, Stage
from tests.e2e.verdict import complaints
from tests.e2e.world import LEASES, World
from tests.fakes.echo import Receiver, provider
from tests.fakes.github import Call

# From quiet on. Seconds; the longest delay between tries that so few faults lead to, twice.
LIMIT = 30.0


@dataclass(eq=False, repr=False)
class Arena:
    stage: Stage
    receiver: Receiver
    access: Access
    log: Path
    worlds: list[World] = field(default_factory=list)
    played: list[Sequence[Action]] = field(default_factory=list)
    failed: bool = False

    @classmethod
    @asynccontextmanager
    async def set(cls, bed: TestBed, folder: Path) -> AsyncIterator[Self]:
        log = folder / "controllers.log"
        async with AsyncExitStack() as stack:
            stage = await stack.enter_async_context(Stage.set(bed, folder, limits=False))
            receiver = await stack.enter_async_context(Receiver.started())
            file = stack.enter_context(log.open("a"))
            level = structlog.make_filtering_bound_logger(logging.INFO)
            structlog.configure(logger_factory=structlog.PrintLoggerFactory(file), wrapper_class=level)
            arena = cls(stage, receiver, await Access.of(bed), log)
            await arena._furnish()
            await arena._install()
            yield arena
            asyncio.get_running_loop().set_task_factory(None)
            structlog.reset_defaults()
            for path in ("providers/echo", "providers/token", "integrations/milestones"):
                with suppress(ApiError):  # no controller may have come as far as to make it
                    await bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/{path}")

    async def _furnish(self) -> None:
        github, bed = self.stage.github, self.stage.bed
        for repository in ("acme/web", "other/api"):
            github.add_repository(repository, installation_of=self.stage.app, permissions={"checks": "write"})
            github.accept_any_commit(repository)
        github.add_repository(SHARED.repository)
        github.accept_any_commit(SHARED.repository)
        github.add_token("ghp_secret", repositories=[SHARED.repository], permissions={"statuses": "write"})
        await bed.apply(objects.github_token_secret(NAMESPACE, "github-token", "ghp_secret"))
        grants = [objects.grant("*", targets=[SHARED.repository])]
        token = objects.github_token(NAMESPACE, "token", secret="github-token", endpoint=github.url, grants=grants)
        await bed.apply(token)
        await bed.apply(provider(NAMESPACE, "echo", endpoint=self.receiver.url))

        async def on_write(call: Call) -> None:
            await self.worlds[-1].on_write(call)

        github.on_write(on_write)

    async def _install(self) -> None:
        """What ends before the integrations are installed is not reported."""
        first = await Inside.started(self.access, NAMESPACE)

        async def installed() -> bool:
            found = await self.stage.bed.request("GET", f"{GROUP}/namespaces/{NAMESPACE}/integrations")
            return {"github", "milestones"} <= {each["metadata"]["name"] for each in found["items"]}

        await polled(installed)
        await first.stop()

    async def play(self, actions: Sequence[Action]) -> None:
        """Raises AssertionError that says what is wrong at the end, and what was done."""
        self.played.append(actions)
        world = await self._begin()
        try:
            await self._play(world, actions)
        except (AssertionError, TimeoutError, ApiError) as error:
            self.failed = True
            raise AssertionError(await self._account(world, actions, error)) from error
        finally:
            await self._end(world)

    async def _begin(self) -> World:
        made = await self.stage.bed.request("POST", "/api/v1/namespaces", {"metadata": {"generateName": "random-"}})
        world = World(self.access, self.stage, self.receiver, made["metadata"]["name"], complaints)
        self.worlds.append(world)
        self.log.write_text("")
        await world.start()
        return world

    async def _play(self, world: World, actions: Sequence[Action]) -> None:
        for action in actions:
            await action.act(world)
        self.stage.github.faults.clear()
        self.receiver.faults.clear()
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

    async def _account(self, world: World, actions: Sequence[Action], error: Exception) -> str:
        wrong = "\n".join(await complaints(world))
        lines = "".join(f"    {action!r},\n" for action in actions)
        log = "".join(self.log.read_text().splitlines(keepends=True)[-40:])
        text = f"{type(error).__name__}: {error}\n{wrong}\nafter\n[\n{lines}]\n{log}"
        print(text, file=sys.stderr)  # noqa: T201  (at once: shrinking takes its time)
        return text

    async def _end(self, world: World) -> None:
        self.stage.github.faults.clear()
        self.receiver.faults.clear()
        for controller in world.controllers:
            await controller.kill()
        for name in ("github", "milestones", "core"):
            with suppress(ApiError):
                await self.stage.bed.request("DELETE", f"{LEASES}/tekton-integrations-{name}")
        await emptied(self.stage.bed, world.namespace)
        if not world.granted:
            await world.grant()
