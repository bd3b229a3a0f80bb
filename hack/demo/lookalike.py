"""The GitHub look-alike as a process of its own: GitHub, to the controller; to the demo, something to read."""

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp

from hack.testbed.api import polled
from hack.testbed.process import Child

from .scenes import REPOSITORY, SCENES

APP = 7
ADMIN = "/_lookalike"
START_SECONDS = 30.0


class Lookalike:
    """One process with one repository, four commits, and an App that is installed on it."""

    def __init__(self, child: Child, url: str, key: Path, session: aiohttp.ClientSession) -> None:
        self.child = child
        self.url = url
        self.private_key_pem = key.read_text()
        self._session = session

    @property
    def page(self) -> str:
        return f"{self.url}/{REPOSITORY}"

    @classmethod
    @asynccontextmanager
    async def started(cls, folder: Path) -> AsyncIterator[Self]:
        key, log = folder / "github-app.pem", folder / "github.log"
        apps = ("--new-app", f"{APP}={key}", "--repository", f"{REPOSITORY}={APP}")
        child = await Child.started([sys.executable, "-m", "tests.fakes.github", *apps], log)
        try:
            url = await _url(child, log)
            async with aiohttp.ClientSession(raise_for_status=True) as session:
                lookalike = cls(child, url, key, session)
                await lookalike._add_commits()
                yield lookalike
        finally:
            await child.stop()

    async def _add_commits(self) -> None:
        for scene in SCENES:
            commit = {"repository": REPOSITORY, "sha": scene.sha, "message": scene.commit}
            async with self._session.post(f"{self.url}{ADMIN}/commits", json=commit):
                pass

    async def check_runs(self) -> list[dict[str, Any]]:
        """All check runs, oldest first, with all that GitHub would say of them."""
        async with self._session.get(f"{self.url}{ADMIN}/check-runs") as response:
            found: list[dict[str, Any]] = await response.json()
        return found


async def _url(child: Child, log: Path) -> str:
    """The line that it prints once it serves."""

    async def printed() -> str | None:
        child.check()
        return _printed_url(log)

    try:
        return await polled(printed, START_SECONDS)
    except TimeoutError:
        raise child.error(f"did not say its URL within {START_SECONDS:.0f} s") from None


def _printed_url(log: Path) -> str | None:
    found = re.search(r"^(http://\S+)\n", log.read_text(), re.MULTILINE)
    return found[1] if found else None
