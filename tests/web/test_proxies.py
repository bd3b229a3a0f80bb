"""X-Forwarded-* counts where a trusted proxy wrote it, and nowhere else."""

from collections.abc import Sequence
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from tekton_integrations.web.proxies import behind

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


async def seen(remote: str, forwarded: Sequence[str], scheme: str = "") -> tuple[str | None, str]:
    headers = [("X-Forwarded-For", each) for each in forwarded] + ([("X-Forwarded-Proto", scheme)] if scheme else [])
    found: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        found.append(request)
        return web.Response()

    request = make_mocked_request("GET", "/", CIMultiDict(headers)).clone(remote=remote)
    await behind(TRUSTED)(request, handler)
    return found[0].remote, found[0].scheme


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("203.0.113.9", ["1.1.1.1"], "203.0.113.9"),
    ],
)
async def test_the_client_is_the_last_one_that_is_no_proxy(remote: str, forwarded: list[str], client: str) -> None:
    assert (await seen(remote, forwarded))[0] == client


async def test_the_scheme_is_that_of_the_proxy() -> None:
    assert (await seen("10.0.0.1", [], "https"))[1] == "https"
    assert (await seen("10.0.0.1", [], "gopher"))[1] == "http"
    assert (await seen("203.0.113.9", [], "https"))[1] == "http"
