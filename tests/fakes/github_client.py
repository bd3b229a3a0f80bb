"""A plain aiohttp client of the GitHub look-alike, for its own tests: signs, asks, hands back what came."""

import functools
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.github import App, CheckRun, GitHub

SHA = "3f78685aa0b1c2d3e4f5061728394a5b6c7d8e9f"
OTHER_SHA = "b" * 40
RUNS = "/repos/acme/api/check-runs"
LIST = f"/repos/acme/api/commits/{SHA}/check-runs"
STATUSES = f"/repos/acme/api/statuses/{SHA}"
COMMENTS = "/repos/acme/api/issues/12/comments"
COMMENT = "/repos/acme/api/issues/comments"
DEPLOYMENTS = "/repos/acme/api/deployments"


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def message(self) -> str:
        return str(self.body["message"])


@dataclass(kw_only=True)
class Client:
    github: GitHub
    app: App
    session: aiohttp.ClientSession
    credentials: str = ""

    async def send(self, method: str, path: str, body: Any = None, *, auth: str | None = None, **more: Any) -> Reply:
        headers = {"Authorization": f"Bearer {auth or self.credentials}"} | more.pop("headers", {})
        url = path if "://" in path else f"{self.github.url}{path}"
        if body is not None:
            more["json"] = body
        async with self.session.request(method, url, headers=headers, allow_redirects=False, **more) as response:
            is_json = "json" in response.headers.get("Content-Type", "")
            content = await response.json() if is_json else await response.text()
            return Reply(response.status, content, response.headers)

    async def get(self, path: str, **more: Any) -> Reply:
        return await self.send("GET", path, **more)

    async def create(self, **body: Any) -> Reply:
        return await self.send("POST", RUNS, {"name": "build", "head_sha": SHA} | body)

    async def update(self, number: int, **body: Any) -> Reply:
        return await self.send("PATCH", f"{RUNS}/{number}", body)

    async def status(self, **body: Any) -> Reply:
        return await self.send("POST", STATUSES, {"state": "success"} | body)

    async def comment(self, body: Any, **more: Any) -> Reply:
        """On pull request 12."""
        return await self.send("POST", COMMENTS, {"body": body}, **more)

    async def deploy(self, **body: Any) -> Reply:
        return await self.send("POST", DEPLOYMENTS, {"ref": SHA, "required_contexts": []} | body)

    async def deployed(self, number: int, state: str, **body: Any) -> Reply:
        return await self.send("POST", f"{DEPLOYMENTS}/{number}/statuses", {"state": state} | body)

    async def log_in(self, app: App | None = None, body: Mapping[str, Any] | None = None) -> None:
        """As the App's installation at acme/api."""
        self.credentials = (await self.token(app, body)).body["token"]

    async def token(self, app: App | None = None, body: Mapping[str, Any] | None = None) -> Reply:
        app = app or self.app
        number = self.github.installation("acme/api", app).id
        path = f"/app/installations/{number}/access_tokens"
        return await self.send("POST", path, body, auth=signed(app))

    def runs(self) -> list[CheckRun]:
        return self.github.check_runs("acme/api", SHA)


def signed(app: App, **claims: Any) -> str:
    now = int(time.time())
    payload = {"iat": now - 60, "exp": now + 540, "iss": app.client_id} | claims
    present = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(present, _key(app.private_key_pem), algorithm="RS256")


@functools.cache
def _key(pem: str) -> rsa.RSAPrivateKey:
    """Reading a private key takes 40 ms: its primes are checked."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def output(title: str = "Done", summary: str = "All is well.", **more: Any) -> dict[str, Any]:
    return {"title": title, "summary": summary, **more}


@asynccontextmanager
async def acme(**options: Any) -> AsyncIterator[Client]:
    """A GitHub with acme/api, one commit, and an App that is installed and logged in."""
    async with GitHub.started(**options) as github, aiohttp.ClientSession() as session:
        app = github.add_app(12)
        github.add_repository("acme/api", installation_of=app)
        github.add_commit("acme/api", SHA)
        client = Client(github=github, app=app, session=session)
        await client.log_in()
        yield client
