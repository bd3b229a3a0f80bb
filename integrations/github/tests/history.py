"""One run's life, from queued to failed, shown by the real reconciler with everything switched on; and one blow to it:
at a call to GitHub, at a write of the record, or to the process. Hours of waiting cost nothing.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from tekton_integrations_github.integration import GitHub as Integration

from integrations.github.tests.blows import POD, TASK_RUNS, TASKS, Api, TimedQuotas, task_run
from tekton_integrations import Record, State
from tekton_integrations.kube.client import ApiError
from tekton_integrations.provider import Grant, Provider
from tekton_integrations.requests import for_run
from tests.fakes.github import Call, Clock, GitHub
from tests.fakes.github.faults import Rule
from tests.reconciling import NAMESPACE, World

SHA = "3f78685aa0b1c2d3e4f5061728394a5b6c7d8e9f"
PULL = 12
ASKED = {
    f"github.integrations.tekton.dev/{key}": value
    for key, value in {
        "owner": "acme",
        "repo": "api",
        "sha": SHA,
        "checks": "tasks",
        "comment": "always",
        "pull-request": str(PULL),
        "environment": "staging",
    }.items()
}
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/github"
# Seconds that a process takes to come back.
RESTART = 1.0
PHASES = ("queued", "running", "progress", "failed")


@dataclass(kw_only=True, eq=False)
class History:
    """`due`: when the queue would have the run looked at; `late`: what lands at GitHub after its client has gone."""

    world: World
    api: Api
    github: GitHub
    by_app: bool
    gap: float = 30.0  # seconds between the run's changes
    pace: float | None = None  # writes a second that GitHub was found to bear
    due: float = 0.0
    late: list[tuple[float, Call]] = field(default_factory=list)
    deleted: bool = False
    restarts: int = 0
    looks: int = 0
    stop_at: int = 0  # the call, from 1, after which nothing more happens for now
    _look: "asyncio.Task[float | None] | None" = None

    @classmethod
    @asynccontextmanager
    async def begun(cls, *, by_app: bool = True, pace: float | None = None) -> AsyncIterator["History"]:
        async with World.made(cast(Any, Integration()), Api) as world:
            clock = Clock(lambda: world.now)
            async with GitHub.started(clock=clock) as github:
                history = cls(world=world, api=cast(Api, world.server), github=github, by_app=by_app, pace=pace)
                history.provide()
                history.keep_time()
                github.add_pull_request("acme/api", PULL, SHA)
                yield history

    def provide(self) -> None:
        """acme/api, and a credential that may do everything there."""
        app = self.github.add_app(12)
        self.github.add_repository("acme/api", installation_of=app)
        self.github.add_commit("acme/api", SHA)
        self.github.add_token("ghp_mine")
        kind, block, name, key, settings = (
            ("GitHubApp", "githubApp", "privateKey", app.private_key_pem, {"appId": 12})
            if self.by_app
            else ("GitHubToken", "githubToken", "token", "ghp_mine", {})
        )
        secret = {"type": f"integrations.tekton.dev/{kind}", "data": {"key": base64.b64encode(key.encode()).decode()}}
        self.api.put(SECRET, secret)
        provider = Provider(
            namespace=NAMESPACE,
            name="github",
            uid="provider",
            resource_version="1",
            generation=1,
            type=kind,
            endpoint=self.github.url,
            grants=(Grant(namespaces=("*",), targets=("*",)),),
            spec={block: settings | {name: {"secretRef": {"name": "github"}}}},
        )
        self.world.cluster.providers.put(provider)

    def keep_time(self) -> None:
        self.world.reconciler.contexts.quotas = TimedQuotas(lambda: self.now, self.pace)

    @property
    def now(self) -> float:
        return self.world.now

    # --- the run

    async def lives(self) -> None:
        """Changes as it goes on, each shown as far as it comes; then all the time that it takes."""
        for phase in PHASES:
            self.enters(phase)
            await self.until(self.now + self.gap)
            if self.stopped:
                return
            if self.deleted:
                break
        await self.rests()

    async def rests(self) -> None:
        """An hour goes by."""
        await self.until(self.now + 3600.0)

    @property
    def stopped(self) -> bool:
        return 0 < self.stop_at <= len(self.github.requests)

    def enters(self, phase: str) -> None:
        now, number = self.now, PHASES.index(phase)
        self.due = now
        if number == 0:
            self.world.change(annotations=ASKED, state=State.QUEUED, started=None, reason="", created=now)
            return
        begun = {name: states[number - 1] for name, states in TASKS.items() if states[number - 1]}
        for name, state in begun.items():
            self.api.put(f"{TASK_RUNS}/build-1-{name}", task_run(name, state, now))
        self.api.put(POD, {"spec": {"containers": [{"name": "step-run"}]}})
        failed = phase == "failed"
        self.world.change(
            state=State.FAILED if failed else State.RUNNING,
            reason="Failed" if failed else "Running",
            message=f"{len(begun)} tasks, in phase {phase}",
            started=self.world.run.started or now,
            finished=now if failed else None,
            children=tuple(f"build-1-{name}" for name in begun),
            child_kinds=("TaskRun",),
        )

    def is_deleted(self, *, seen: bool, tasks: bool = True) -> None:
        """`seen`: the process has watched it go, unless it died; `tasks`: its TaskRuns have gone as well."""
        runs = self.world.cluster.runs
        self.deleted, self.stop_at = True, 0
        runs.informers[self.world.run.kind].lister.remove(NAMESPACE, self.world.run.name)
        if seen and not self.restarts:
            runs.remember(self.world.run, for_run(self.world.run))
        for path in [path for path in self.api.objects if tasks and path.startswith(TASK_RUNS)]:
            self.api.remove(path)
        self.due = self.now

    # --- time

    async def until(self, end: float) -> None:
        """Looks as the queue would let it, and lets late calls land when it is their time."""
        clock = self.world.clock
        while not self.stopped and (now := min([self.due, *(time for time, _ in self.late)])) <= end:
            clock[0] = max(clock[0], now)
            for landing in [each for each in self.late if each[0] <= clock[0]]:
                self.late.remove(landing)
                landing[1].time = clock[0]
                await self.github.perform(landing[1])
            if self.due <= clock[0]:
                wait = await self.look()
                self.due = float("inf") if wait is None else clock[0] + wait
        if not self.stopped:
            clock[0] = end

    async def look(self) -> float | None:
        """Seconds until the next, as the queue's worker would have it."""
        self.looks += 1
        assert self.looks < 200, "it does not come to rest"
        self._look = asyncio.create_task(self._reconciled())
        await asyncio.wait([self._look])
        if self._look.cancelled():
            self.restart()
            return RESTART
        return self._look.result()

    async def _reconciled(self) -> float | None:
        world = self.world
        try:
            wait = await world.reconciler.reconcile(world.request)
        except ApiError as error:
            if error.status == 409:
                await world.cluster.records.refresh(world.request)
                if known := world.cluster.records.get(NAMESPACE, world.request.record_name):
                    world.reconciler.edited(known)
            return 0.1
        return None if wait is None else wait.seconds

    def kill(self) -> None:
        """The process ends where it stands."""
        assert self._look is not None
        self._look.cancel()

    def restart(self) -> None:
        """Nothing is left but what is stored."""
        self.restarts += 1
        self.world.integration = cast(Any, Integration())
        self.world.restart()
        self.keep_time()
        runs = self.world.cluster.runs
        if self.deleted:
            runs.informers[self.world.run.kind].lister.remove(NAMESPACE, self.world.run.name)
        runs.started(lambda _: not any("/integrationstatuses/" in path for path in self.api.objects))

    def dies_at_write(self, number: int, when: str, *, deleted: bool) -> None:
        """Of the record, from 1. `deleted`: so is the run, before another process comes."""

        def strike() -> None:
            self.kill()
            if deleted:
                self.is_deleted(seen=False)

        self.api.at, self.api.when, self.api.strike = number, when, strike

    # --- what there is

    async def record(self) -> Record | None:
        """As it is stored."""
        return await self.world.cluster.records.find(self.world.request, fence=self.api.version + 1)

    def at_call(self, number: int, fault: Any) -> Rule:
        """The fault strikes the call of that number, from 1, and no other."""
        return self.github.faults.add(lambda _: len(self.github.requests) == number, fault)
