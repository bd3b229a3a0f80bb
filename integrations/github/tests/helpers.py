"""The integration against the GitHub look-alike: a real Context, with a clock that GitHub and the quota share."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from msgspec.structs import replace
from tekton_integrations_github.integration import GitHub as Integration
from tekton_integrations_github.options import AppSettings, GitHubOptions, TokenSettings

from tekton_integrations import Cost, Credential, Quota, Record
from tekton_integrations.testing import SECRET, Workbench, make_child, make_record, make_run
from tests.fakes.github import App, CheckRun, GitHub, Status
from tests.spending import spend

SHA = "3f78685aa0b1c2d3e4f5061728394a5b6c7d8e9f"
INSTALLATION = "GET /repos/{repo}/installation"
MINT = "POST /app/installations/{installation_id}/access_tokens"


@dataclass(kw_only=True)
class Stage(Workbench):
    """acme/api with one commit, and what the core would lend."""

    github: GitHub
    app: App

    def use_token(self, text: str = "ghp_mine") -> None:
        self.github.add_token(text.strip())
        self.use(type="GitHubToken", settings=TokenSettings(token=SECRET), secrets={"token": text.encode()})

    def use_key(self, pem: str, app_id: int | None = None, version: str = "v1") -> None:
        settings = AppSettings(app_id=app_id or self.app.id, private_key=SECRET)
        self.use(type="GitHubApp", settings=settings, secrets={"private_key": pem.encode()}, version=version)

    @property
    def checks(self) -> list[CheckRun]:
        return self.github.check_runs("acme/api", SHA)

    @property
    def statuses(self) -> list[Status]:
        return self.github.statuses("acme/api", SHA)

    @property
    def sent(self) -> int:
        return len(self.github.requests)


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
        yield Stage(github=github, app=app, session=session, credential=credential, clock=github.clock.now)


OPTIONS = GitHubOptions(owner="acme", repo="api", sha=SHA)
run, child = make_run, make_child


def record(memory: Mapping[str, str] | None = None, name: str = "build", options: GitHubOptions = OPTIONS) -> Record:
    """As the core has it before a reconcile."""
    return make_record(Integration(), replace(options, name=name), memory=memory)


def room_for(quota: Quota, writes: int, endpoint: str, points: int = 5) -> None:
    """Of ends of runs: takes the rest."""
    spend(quota, Cost(points=points, write=True, final=True, endpoint=endpoint), writes)


async def together(*awaitables: Any) -> list[Any]:
    """What each returned or raised."""
    return await asyncio.gather(*awaitables, return_exceptions=True)
