"""One who calls the GitHub look-alike through `Calls`, with a clock that GitHub and the quotas share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tekton_integrations_github.calls import Access, Calls
from tekton_integrations_github.needs import CHECKS, STATUSES, Need
from tekton_integrations_github.options import AppSettings, TokenSettings

from tekton_integrations import Credential, Target
from tekton_integrations.testing import SECRET, Workbench
from tests.fakes.github import App, GitHub

T = TypeVar("T")
SHA = "3f78685aa0b1c2d3e4f5061728394a5b6c7d8e9f"
LOOKUP = "GET /repos/{repo}/installation"
MINT = "POST /app/installations/{installation_id}/access_tokens"
CREATE = "POST /repos/{repo}/check-runs"
CHECK = {"name": "Tekton / build", "head_sha": SHA}


def in_form(pem: str, form: PrivateFormat) -> str:
    """The same private key, written down in another way."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


class Check(msgspec.Struct):
    id: int
    name: str = ""


class CheckPage(msgspec.Struct):
    check_runs: list[Check]


def whole(page: T) -> list[T]:
    """To be picked of a list where the pages themselves are wanted."""
    return [page]


@dataclass(kw_only=True)
class Caller(Workbench):
    """acme/api with one commit; `grants` says at which repositories the run may show."""

    github: GitHub
    app: App
    access: Access = field(default_factory=Access)

    def calls(self, repository: str = "acme/api", *, final: bool = True) -> Calls:
        target = Target(resource=repository, name="Tekton / build", detail=SHA)
        return Calls(self.access, target, self.context(), final=final)

    async def create(self, repository: str = "acme/api", *, final: bool = True) -> Check:
        calls = self.calls(repository, final=final)
        return await calls.call("POST", "/check-runs", CHECK, need=CHECKS, kind=Check)

    async def report(self, repository: str = "acme/api") -> None:
        """A check run with the App, a commit status with a token."""
        if self.credential.type == "GitHubApp":
            await self.create(repository)
        else:
            body = {"state": "success"}
            await self.calls(repository).call("POST", f"/statuses/{SHA}", body, need=STATUSES, kind=Check)

    def shown(self, repository: str) -> int:
        """How many reports have arrived there."""
        return len(self.github.check_runs(repository, SHA)) + len(self.github.statuses(repository, SHA))

    async def read(self, repository: str = "acme/api", need: Need = CHECKS) -> list[CheckPage]:
        path = f"/commits/{SHA}/check-runs"
        return await self.calls(repository).pages(path, need=need, kind=CheckPage, pick=whole)

    def add(self, repository: str, **options: Any) -> None:
        """With the commit, and the App installed."""
        self.github.add_repository(repository, installation_of=self.app, **options)
        self.github.add_commit(repository, SHA)

    def use_token(self, text: str = "ghp_mine") -> None:
        self.github.add_token(text.strip())
        self.use(type="GitHubToken", settings=TokenSettings(token=SECRET), secrets={"token": text.encode()})

    def use_key(self, pem: str, app_id: int | None = None) -> None:
        settings = AppSettings(app_id=app_id or self.app.id, private_key=SECRET)
        self.use(type="GitHubApp", settings=settings, secrets={"private_key": pem.encode()})

    @property
    def sent(self) -> list[str]:
        """The endpoints called, in order."""
        return [call.endpoint for call in self.github.requests]

    def count(self, endpoint: str) -> int:
        return self.github.counts[endpoint]


@asynccontextmanager
async def calling(**options: Any) -> AsyncIterator[Caller]:
    """The App 12 is installed, and its credential in use."""
    async with GitHub.started(**options) as github, aiohttp.ClientSession() as session:
        app = github.add_app(12)
        credential = Credential(
            type="GitHubApp",
            endpoint=github.url,
            settings=AppSettings(app_id=app.id, private_key=SECRET),
            secrets={"private_key": app.private_key_pem.encode()},
            version="uid/1/100",
        )
        caller = Caller(github=github, app=app, session=session, credential=credential, clock=github.clock.now)
        caller.add("acme/api")
        yield caller
