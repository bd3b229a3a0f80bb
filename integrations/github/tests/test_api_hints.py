"""What GitHub says of how long to wait, also where it says so in a strange way."""

import time
from collections.abc import AsyncIterator
from email.utils import formatdate

import pytest
from aiohttp import web

from integrations.github.tests.calling import Caller, calling
from tekton_integrations import Throttled
from tests.loopback import serving


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        yield caller


async def answered(caller: Caller, status: int, headers: dict[str, str]) -> float:
    """The seconds to wait after such an answer."""

    async def refuse(_: web.BaseRequest) -> web.Response:
        return web.json_response({"message": "API rate limit exceeded"}, status=status, headers=headers)

    caller.use_token()
    async with serving(refuse) as url:
        caller.use(endpoint=url)
        with pytest.raises(Throttled) as caught:
            await caller.report()
    assert caught.value.delay is not None
    return caught.value.delay


@pytest.mark.parametrize(("hint", "delay"), [("0", 1), ("-5", 1), ("soon", 60), ("1e99", 86400), ("nan", 1)])
async def test_a_strange_hint_becomes_a_sensible_wait(caller: Caller, hint: str, delay: float) -> None:
    assert await answered(caller, 429, {"Retry-After": hint}) == pytest.approx(delay, abs=0.9)


@pytest.mark.parametrize(("reset", "delay"), [("", 60), ("later", 60), ("0", 1), ("99999999999", 86400)])
async def test_a_strange_reset_becomes_a_sensible_wait(caller: Caller, reset: str, delay: float) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    assert await answered(caller, 403, headers) == pytest.approx(delay, abs=0.9)


@pytest.mark.parametrize("remaining", ["", "many", "-1", "9" * 5000, "0x0"])
async def test_a_strange_count_is_no_count(caller: Caller, remaining: str) -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.json_response({"id": 1}, status=201, headers={"X-RateLimit-Remaining": remaining})

    caller.use_token()
    async with serving(answer) as url:
        caller.use(endpoint=url)
        await caller.report()
        await caller.report()


@pytest.mark.parametrize("behind", [3600, -3600])
async def test_the_reset_is_understood_by_github_s_clock(caller: Caller, behind: int) -> None:
    theirs = time.time() - behind
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(theirs) + 60)}
    headers["Date"] = formatdate(theirs, usegmt=True)
    assert await answered(caller, 403, headers) == pytest.approx(60, abs=10)
