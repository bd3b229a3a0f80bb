"""The integration against the GitHub look-alike: a real Context, with a clock that GitHub and the quota share."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from msgspec.structs import replace
from tekton_integrations_github.integration import GitHub as Integration
from tekton_integrations_github.options import AppSettings, GitHubOptions, TokenSettings

from tekton_integrations import (
    Child,
    Context,
    Credential,
    Excerpt,
    Http,
    Limits,
    Quota,
    Record,
    Run,
    SecretRef,
    SecretSource,
    State,
    Step,
    Target,
    TemporaryError,
)
from tekton_integrations.http import origin
from tekton_integrations.record import RunRef
from tests.fakes.github import App, CheckRun, GitHub, Status

SHA = "3f78685aa0b1c2d3e4f5061728394a5b6c7d8e9f"
SECRET = SecretSource(SecretRef("any"))
INSTALLATION = "GET /repos/{repo}/installation"
MINT = "POST /app/installations/{installation_id}/access_tokens"


@dataclass(kw_only=True)
class Stage:
    """acme/api with one commit, and what the core would lend."""

    github: GitHub
    app: App
    session: aiohttp.ClientSession
    credential: Credential
    children: list[Child] = field(default_factory=list)
    logs: dict[str, Excerpt] = field(default_factory=dict)  # by the child's name
    details_url: str = ""
    grants: Callable[[Target], bool] = lambda _: True
    older: set[str] = field(default_factory=set)  # shares ("" is the address) at which a newer run shows
    records: list[Record] = field(default_factory=list)  # of other runs
    remembered: dict[str, str] = field(default_factory=dict)
    in_doubt: bool = False  # an earlier call may still take effect, so nothing must be made now
    attempts: int = 0
    renewed: int = 0
    ahead: float = 0.0  # seconds by which our clock is ahead of GitHub's
    timeout: float = 5.0
    _quotas: dict[str, Quota] = field(default_factory=dict)
    _locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def now(self) -> float:
        return self.github.clock.now() + self.ahead

    def context(self, external_id: str = "ours", *, search: bool = False) -> Context:
        origins = frozenset({origin(self.credential.endpoint)})
        return Context(
            http=Http(self.session, origins, timeout=self.timeout),
            credential=self.credential,
            quota=self._quota,
            external_id=external_id,
            search=search,
            attempt=self._attempt,
            remember=self._remember,
            granted=self._granted,
            exclusive=lambda key: self._locks[key],
            newest=lambda share: share not in self.older,
            siblings=self._siblings,
            children=self._children,
            excerpt=self._excerpt,
            details_url=self.details_url,
            renew_credential=self._renew,
            now=self.now,
        )

    def use_token(self, text: str = "ghp_mine") -> None:
        self.github.add_token(text.strip())
        self.use(type="GitHubToken", settings=TokenSettings(token=SECRET), secrets={"token": text.encode()})

    def use_key(self, pem: str, app_id: int | None = None, version: str = "v1") -> None:
        settings = AppSettings(app_id=app_id or self.app.id, private_key=SECRET)
        self.use(type="GitHubApp", settings=settings, secrets={"private_key": pem.encode()}, version=version)

    def use(self, **changes: Any) -> None:
        self.credential = replace(self.credential, **changes)

    @property
    def checks(self) -> list[CheckRun]:
        return self.github.check_runs("acme/api", SHA)

    @property
    def statuses(self) -> list[Status]:
        return self.github.statuses("acme/api", SHA)

    @property
    def sent(self) -> int:
        return len(self.github.requests)

    def _quota(self, scope: str, limits: Limits) -> Quota:
        clock = self.github.clock.now
        return self._quotas.setdefault(scope, Quota(limits, clock, clock))

    @asynccontextmanager
    async def _attempt(self, repeatable: bool = False) -> AsyncIterator[None]:
        if self.in_doubt and not repeatable:
            raise TemporaryError("MaybeSent", "an earlier call is in doubt", 5.0, maybe_sent=True)
        self.attempts += 1
        yield

    def _remember(self, memory: Mapping[str, str]) -> None:
        self.remembered = dict(memory)

    async def _granted(self, target: Target) -> bool:
        return self.grants(target)

    async def _siblings(self, key: str, value: str) -> list[Record]:
        return [each for each in self.records if each.target and each.target.labels.get(key) == value]

    async def _children(self) -> list[Child]:
        return self.children

    async def _excerpt(self, child: Child) -> Excerpt:
        return self.logs.get(child.name, Excerpt(withheld="not enabled in this namespace"))

    def _renew(self) -> None:
        self.renewed += 1


@asynccontextmanager
async def stage(**options: Any) -> AsyncIterator[Stage]:
    """The App 12 is installed, and its credential in use."""
    async with GitHub.started(**options) as github, aiohttp.ClientSession() as session:
        app = github.add_app(12)
        github.add_repository("acme/api", installation_of=app)
        github.add_commit("acme/api", SHA)
        credential = Credential(
            type="GitHubApp",
            endpoint=github.url,
            settings=AppSettings(app_id=app.id, private_key=SECRET),
            secrets={"private_key": app.private_key_pem.encode()},
            version="v1",
        )
        yield Stage(github=github, app=app, session=session, credential=credential)


OPTIONS = GitHubOptions(owner="acme", repo="api", sha=SHA)
RUN = Run(
    api_version="tekton.dev/v1",
    kind="PipelineRun",
    namespace="team-a",
    name="build-x7k2p",
    uid="8a6b",
    resource_version="100",
    generation=1,
    created=1_800_000_000.0,
    started=1_800_000_001.0,
    finished=None,
    state=State.RUNNING,
    reason="Running",
    message="Tasks Completed: 0 (Failed: 0, Cancelled 0), Incomplete: 1, Skipped: 0",
    pipeline="build",
    parent="",
    unresolved=False,
    annotations={},
    ignored=(),
)


def run(state: State = State.RUNNING, **changes: Any) -> Run:
    ended = {"finished": 1_800_000_064.0, "reason": str(state), "message": f"It was {state}."} if state.final else {}
    return replace(RUN, state=state, **(ended | changes))


def child(task: str = "test", state: State = State.FAILED, *steps: Step, **changes: Any) -> Child:
    made = Child(
        name=f"build-x7k2p-{task}",
        task=task,
        state=state,
        reason=str(state),
        message="",
        started=1_800_000_002.0,
        finished=1_800_000_003.0,
        steps=steps,
    )
    return replace(made, **changes)


def record(memory: Mapping[str, str] | None = None, name: str = "build", options: GitHubOptions = OPTIONS) -> Record:
    """As the core has it before a reconcile."""
    return Record(
        namespace="team-a",
        name="build-x7k2p-github-0f0f0f0f",
        run=RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name="build-x7k2p", uid="8a6b"),
        integration="github",
        memory=dict(memory or {}),
        target=Integration().target(RUN, replace(options, name=name)),
    )


async def together(*awaitables: Any) -> list[Any]:
    """What each returned or raised."""
    return await asyncio.gather(*awaitables, return_exceptions=True)
