"""The GitHub look-alike as a process of its own, without limits; each round has a repository in which any commit is."""

import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp
import jwt
import msgspec

from hack.testbed.api import polled
from hack.testbed.process import Child

APP = 7
OWNER = "acme"
FIRST = f"{OWNER}/api"
_ADMIN = "/_lookalike"
_START_SECONDS = 30.0


class Call(msgspec.Struct, frozen=True):
    """One entry of its log of requests."""

    number: int
    method: str
    path: str
    time: float
    answered: float | None = None
    status: int | None = None
    body: Any = None

    @property
    def accepted(self) -> bool:
        """It made a check run show a state."""
        return self.method in ("POST", "PATCH") and "/check-runs" in self.path and (self.status or 500) < 300


class Shown(msgspec.Struct, frozen=True):
    """One state that a check run has shown since `time`."""

    time: float
    status: str
    conclusion: str | None = None


class CheckRun(msgspec.Struct, frozen=True):
    head_sha: str
    history: list[Shown]


class Lookalike:
    def __init__(self, child: Child, url: str, key: Path, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.private_key_pem = key.read_text()
        self._child = child
        self._session = session

    @classmethod
    @asynccontextmanager
    async def started(cls, folder: Path) -> AsyncIterator[Self]:
        key, log = folder / "github-app.pem", folder / "github.log"
        options = ["--no-limits", "--new-app", f"{APP}={key}", "--repository", f"{FIRST}={APP}", "--any-commit", FIRST]
        child = await Child.started([sys.executable, "-m", "tests.fakes.github", *options], log)
        try:
            url = await polled(lambda: _url(child, log), _START_SECONDS)
            async with aiohttp.ClientSession(raise_for_status=True) as session:
                yield cls(child, url, key, session)
        finally:
            await child.stop()

    async def add_repository(self, name: str) -> None:
        """`name` with its owner; the App is installed on it, and any commit exists."""
        await self._send("POST", f"{_ADMIN}/repositories", {"repository": name, "app": APP})
        await self._send("POST", f"{_ADMIN}/commits", {"repository": name})

    async def calls(self, after: int = 0) -> list[Call]:
        """Those of the API with a number over `after`, in the order of their arrival."""
        return msgspec.json.decode(await self._send("GET", f"{_ADMIN}/requests?after={after}"), type=list[Call])

    async def check_runs(self, repository: str) -> list[CheckRun]:
        raw = await self._send("GET", f"{_ADMIN}/check-runs?repository={repository}")
        return msgspec.json.decode(raw, type=list[CheckRun])

    async def token(self, repository: str) -> str:
        """For the bare loop: what the App's key is exchanged for."""
        now = int(time.time())
        signed = jwt.encode({"iat": now - 60, "exp": now + 540, "iss": str(APP)}, self.private_key_pem, "RS256")
        headers = {"Authorization": f"Bearer {signed}"}
        found = msgspec.json.decode(await self._send("GET", f"/repos/{repository}/installation", headers=headers))
        path = f"/app/installations/{found['id']}/access_tokens"
        wanted = {"repositories": [repository.partition("/")[2]], "permissions": {"checks": "write"}}
        answer = msgspec.json.decode(await self._send("POST", path, wanted, headers=headers))
        return str(answer["token"])

    async def _send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> bytes:
        async with self._session.request(method, self.url + path, json=body, headers=headers) as answer:
            return await answer.read()


async def _url(child: Child, log: Path) -> str | None:
    """The line that it prints once it serves."""
    child.check()
    return _printed_url(log)


def _printed_url(log: Path) -> str | None:
    found = re.search(r"^(http://\S+)\n", log.read_text(), re.MULTILINE)
    return found[1] if found else None
