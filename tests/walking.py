"""A person at a browser, whom `doctor github` leads to the look-alike of GitHub and back."""

import asyncio
from html.parser import HTMLParser

import aiohttp
from typer.testing import CliRunner, Result

from hack.testbed.api import polled
from tekton_integrations.cli import app
from tests.fakes.github import GitHub


class Form(HTMLParser):
    """The only one of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = found["action"]
        if tag == "input":
            self.fields[found["name"]] = found["value"]


class Browser:
    """Of whoever has started the command."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session = session
        self.address = address

    async def form(self) -> Form:
        """Once the page is there."""

        async def probe() -> str | None:
            try:
                async with self.session.get(f"{self.address}/") as answer:
                    return await answer.text()
            except aiohttp.ClientError:
                return None

        return Form(await polled(probe))

    async def confirm(self, form: Form) -> tuple[int, str]:
        """What the page says to which GitHub sends back."""
        async with self.session.post(form.action, data=form.fields) as answer:
            return answer.status, await answer.text()


def started(github: GitHub, browser: Browser, *arguments: str) -> asyncio.Task[Result]:
    port = browser.address.rpartition(":")[2]
    command = ["doctor", "github", "--github-url", github.url, "--port", port, *arguments]
    return asyncio.create_task(asyncio.to_thread(CliRunner().invoke, app, command))
