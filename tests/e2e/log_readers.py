"""Those who read the logs of a run over HTTP, for the tests of what they see."""

import aiohttp

from tests.e2e.handmade import Handmade


class Reader:
    """One who reads a log line by line."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def lines(self, count: int) -> list[str]:
        return [(await self.answer.content.readline()).decode().removesuffix("\n") for _ in range(count)]

    async def rest(self) -> list[str]:
        return (await self.answer.content.read()).decode().splitlines()


def logs(url: str, run: Handmade, query: str = "") -> str:
    return f"{url}/namespaces/{run.namespace}/logs/{run.name}{query}"
