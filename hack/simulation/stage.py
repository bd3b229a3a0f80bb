"""A scenario set up: the look-alike with its repositories, the API server with its Provider, and what happens there."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from hack.objects import github_app, github_app_secret, grant
from tekton_integrations.record import rfc3339
from tests.fakes.github import Call, CheckRun, Clock, GitHub

from . import tekton
from .controller import NAMESPACE, Controller
from .kube import Below, marks
from .objects import Object, Path, Store
from .scenario import Scenario
from .virtual import EPOCH, steady, wall
from .weather import Weather
from .wire import SLOWEST, URL_OF_API
from .workload import FLOOD, OWNER, REPOSITORIES, SMALL, Planned, Workload

APP_ID = 7
RUNS = "/apis/tekton.dev/v1/namespaces/{}/pipelineruns/{}"
PROVIDERS = "/apis/integrations.tekton.dev/v1alpha1/namespaces/{}/providers/{}"
RECORDS = "integrationstatuses"


@dataclass(kw_only=True)
class Stage:
    """`shown`: when each run's end was shown first, by its number. `open`: runs whose record is not settled yet."""

    scenario: Scenario
    work: Workload
    github: GitHub
    store: Store
    statuses: Counter[int] = field(default_factory=Counter)
    shown: dict[int, float] = field(default_factory=dict)
    progress: int = 0
    peak: int = 0
    _stages: dict[tuple[str, str], tuple[Planned, int]] = field(default_factory=dict)
    _by_check: dict[tuple[str, str, str], Planned] = field(default_factory=dict)
    _open: set[tuple[str, str]] = field(default_factory=set)
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of(cls, scenario: Scenario, work: Workload) -> "Stage":
        github = GitHub(clock=Clock(wall), log_size=0)
        store = Store(lambda: rfc3339(wall(), precise=False))
        stage = cls(scenario=scenario, work=work, github=github, store=store)
        stage._furnish()
        github.on_request(stage._on_request)
        github.on_write(stage._on_write)
        store.written = stage._on_record
        return stage

    def _furnish(self) -> None:
        github, app = self.github, self.github.add_app(APP_ID)
        for tenant, count in REPOSITORIES.items():
            for number in range(count):
                github.add_repository(f"{OWNER}/{tenant}-{number}", installation_of=app)
                github.accept_any_commit(f"{OWNER}/{tenant}-{number}")
        for run in self.work.runs:
            self._by_check[run.repository, run.sha, run.check] = run
            self._open.add((run.tenant, run.name))
            if run.pull:
                github.add_pull_request(run.repository, run.pull, run.sha)
        self.scenario.profile.apply(github, github.installation(f"{OWNER}/{SMALL}-0", app))
        github.limits.travel = SLOWEST
        if self.scenario.chances:
            weather = Weather(self.scenario.chances, self.scenario.seed)
            github.faults.add(weather.matches, weather, times=None)
        grants = [grant(FLOOD, SMALL)]
        provider = github_app(NAMESPACE, "github", app_id=APP_ID, secret="app", endpoint=URL_OF_API, grants=grants)
        self.store.put(Path.of(PROVIDERS.format(NAMESPACE, "github")), provider)
        secret = github_app_secret(NAMESPACE, "app", app.private_key_pem)
        self.store.put(Path.of(f"/api/v1/namespaces/{NAMESPACE}/secrets/app"), secret)

    async def play(self) -> None:
        """All that happens in the cluster, when it happens."""
        for time, run, stage in self.work.steps():
            if (wait := time - steady()) > 0:
                await asyncio.sleep(wait)
            self._stages[run.tenant, run.name] = run, stage
            self.store.put(Path.of(RUNS.format(run.tenant, run.name)), tekton.pipeline_run(run, stage))

    def controller(self, number: int) -> Controller:
        below = Below(children=self._children, log=self._log)
        return Controller(f"controller-{number}", self.store, below, self.github, self.scenario.seed + number)

    async def settled(self) -> None:
        """Every record says that nothing is left to do; or patience is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.scenario.patience - steady()):
                await self._settled.wait()

    @property
    def left(self) -> int:
        """Runs whose record is not settled."""
        return len(self._open)

    def _children(self, namespace: str, name: str) -> list[Object]:
        return tekton.task_runs(*self._stages[namespace, name])

    def _log(self, namespace: str, pod: str) -> bytes:
        name = pod.removesuffix("-pod").rpartition("-")[0]
        return tekton.log(self._stages[namespace, name][0])

    async def _on_request(self, call: Call) -> None:
        self.statuses[call.status or 0] += 1

    async def _on_write(self, call: Call) -> None:
        check = call.written
        if not isinstance(check, CheckRun):
            return
        run = self._by_check[check.repository.full_name, check.head_sha, check.name]
        if check.status != "completed":
            self.progress += 1
        elif check.conclusion == run.ending.conclusion:
            self.shown.setdefault(run.number, self.github.clock.now() - EPOCH)

    def _on_record(self, path: Path, thing: Object) -> None:
        if not path.collection.endswith(RECORDS):
            return
        done = thing["metadata"].get("ownerReferences") and thing["status"]["conditions"][0]["status"] == "True"
        key = (path.namespace, thing["spec"]["runRef"]["name"])
        if not done:
            self._open.add(key)
        elif key in self._open:
            self._open.remove(key)
            if not self._open:
                self._settled.set()


@contextlib.asynccontextmanager
async def played(stage: Stage) -> AsyncIterator[None]:
    """While the runs go on, and the API server sends bookmarks."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(stage.play()), group.create_task(marks(stage.store))]
        yield
        for task in tasks:
            task.cancel()
