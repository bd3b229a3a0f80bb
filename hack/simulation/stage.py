"""A scenario set up: the look-alike with its repositories, and the cluster with its Provider."""

from collections import Counter
from dataclasses import dataclass, field

from tekton_integrations_github.integration import GitHub as Integration

from hack.objects import PROVIDER, github_app, github_app_secret, grant
from tests.fakes.github import Call, CheckRun, Clock, GitHub

from .cluster import Cluster
from .controller import NAMESPACE, Controller
from .kube import InProcess
from .objects import Path
from .scenario import Scenario
from .tekton import asking_github
from .virtual import EPOCH, wall
from .weather import Weather
from .wire import SLOWEST, URL_OF_API, GitHubWire
from .workload import FLOOD, OWNER, REPOSITORIES, SMALL, Planned, Workload

APP_ID = 7


@dataclass(kw_only=True)
class Stage:
    """`shown`: when each run's end was shown first, by its number."""

    scenario: Scenario
    work: Workload
    github: GitHub
    cluster: Cluster
    statuses: Counter[int] = field(default_factory=Counter)
    shown: dict[int, float] = field(default_factory=dict)
    progress: int = 0
    peak: int = 0
    _by_check: dict[tuple[str, str, str], Planned] = field(default_factory=dict)

    @classmethod
    def of(cls, scenario: Scenario, work: Workload) -> "Stage":
        github = GitHub(clock=Clock(wall), log_size=0)
        cluster = Cluster(work=work, annotations=asking_github)
        stage = cls(scenario=scenario, work=work, github=github, cluster=cluster)
        stage._furnish()
        github.on_request(stage._on_request)
        github.on_write(stage._on_write)
        return stage

    def _furnish(self) -> None:
        github, app = self.github, self.github.add_app(APP_ID)
        for tenant, count in REPOSITORIES.items():
            for number in range(count):
                github.add_repository(f"{OWNER}/{tenant}-{number}", installation_of=app)
                github.accept_any_commit(f"{OWNER}/{tenant}-{number}")
        for run in self.work.runs:
            self._by_check[run.repository, run.sha, run.check] = run
            if run.pull:
                github.add_pull_request(run.repository, run.pull, run.sha)
        self.scenario.profile.apply(github, github.installation(f"{OWNER}/{SMALL}-0", app))
        github.limits.travel = SLOWEST
        if self.scenario.chances:
            weather = Weather(self.scenario.chances, self.scenario.seed)
            github.faults.add(weather.matches, weather, times=None)
        grants = [grant(FLOOD, SMALL)]
        provider = github_app(NAMESPACE, "github", app_id=APP_ID, secret="app", endpoint=URL_OF_API, grants=grants)
        self.cluster.store.put(Path.of(PROVIDER.format(NAMESPACE, "github")), provider)
        secret = github_app_secret(NAMESPACE, "app", app.private_key_pem)
        self.cluster.store.put(Path.of(f"/api/v1/namespaces/{NAMESPACE}/secrets/app"), secret)

    def controller(self, number: int) -> Controller:
        seed = self.scenario.seed + number
        client = InProcess(self.cluster.store, self.cluster.below, seed)
        return Controller(f"controller-{number}", Integration(), GitHubWire(self.github, seed), client)

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
