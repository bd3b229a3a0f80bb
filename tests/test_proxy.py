"""Calls through a proxy: which go, what is told when it does not let them, and which never do."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from hack.controller import COMMAND
from hack.testbed.certificates import Authority
from tekton_integrations import PermanentError
from tekton_integrations.clients import Clients
from tests.fakes.proxy import Proxy
from tests.loopback import serving, talking, unused_url
from tests.tls import authority, secure
from tests.ways import Ways, provider

HOST = "kubernetes.default"  # the authority makes certificates for it, and nobody resolves it here


class Stage:
    """A server at `url`, by its name `HOST` to be had through `proxy` only; `bundle` makes it trusted."""

    def __init__(self, proxy: Proxy, server: str, ca: Authority, stack: AsyncExitStack) -> None:
        self.proxy = proxy
        self.server = server
        self.url = proxy.lead(HOST, server)
        self.bundle = ca.file.read_text()
        self._stack = stack

    async def ways(self, **environ: str) -> Ways:
        return Ways(await self._stack.enter_async_context(Clients(environ)))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    ca = authority(tmp_path)
    async with Proxy.started() as proxy, secure(ca.issue("server")) as server, AsyncExitStack() as stack:
        yield Stage(proxy, server, ca, stack)


async def test_a_provider_with_a_proxy_is_served_through_it_by_one_tunnel(stage: Stage) -> None:
    ways = await stage.ways()
    for _ in range(3):
        assert await ways.get(stage.url, stage.bundle, stage.proxy.url) == "hello"
    assert stage.proxy.asked == [f"CONNECT {stage.url.removeprefix('https://')}"]
    assert await ways.get(stage.server, stage.bundle) == "hello"
    assert len(stage.proxy.asked) == 1


async def test_a_provider_without_one_goes_by_the_environment(stage: Stage) -> None:
    ways = await stage.ways(HTTPS_PROXY=stage.proxy.url)
    assert await ways.get(stage.url, stage.bundle) == "hello"
    assert len(stage.proxy.tunnels) == 1
    excepted = await stage.ways(HTTPS_PROXY=stage.proxy.url, NO_PROXY=HOST)
    assert (await excepted.failure(stage.url, stage.bundle)).reason == "Unreachable"
    assert len(stage.proxy.asked) == 1


async def test_a_providers_own_proxy_goes_before_that_of_the_environment(stage: Stage) -> None:
    ways = await stage.ways(HTTPS_PROXY=await unused_url(), NO_PROXY=HOST)
    assert await ways.get(stage.url, stage.bundle, stage.proxy.url) == "hello"


async def test_the_environment_may_hold_a_password_for_its_proxy(stage: Stage) -> None:
    stage.proxy.password = "me:secret"
    ways = await stage.ways(HTTPS_PROXY=stage.proxy.url.replace("//", "//me:secret@"))
    assert await ways.get(stage.url, stage.bundle) == "hello"


async def test_a_proxy_of_the_environment_that_cannot_be_used_ends_the_controller_with_a_word() -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        env={**os.environ, "HTTPS_PROXY": "socks5://me:secret@proxy:1080"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode() == "error: HTTPS_PROXY is no URL of an HTTP proxy; write it as http://host:port\n"


async def test_a_proxy_that_wants_a_password_is_told(stage: Stage) -> None:
    stage.proxy.password = "me:secret"
    error = await (await stage.ways()).failure(stage.url, stage.bundle, stage.proxy.url)
    assert (error.reason, error.needs_help) == ("ProxyRefused", True)
    assert error.message == (
        f"the proxy before {stage.url} asks for a password; let it pass calls to there, or correct spec.proxy of the "
        "Provider (HTTPS_PROXY if it has none)"
    )
    wrong = await stage.ways(HTTPS_PROXY=stage.proxy.url.replace("//", "//me:wrong@"))
    assert "wrong" not in (await wrong.failure(stage.url, stage.bundle)).message


@pytest.mark.parametrize("status", [400, 403, 302])
async def test_a_proxy_that_refuses_the_host_is_told(stage: Stage, status: int) -> None:
    stage.proxy.refusal = status
    error = await (await stage.ways()).failure(stage.url, stage.bundle, stage.proxy.url)
    assert (error.reason, error.needs_help) == ("ProxyRefused", True)
    assert f"refuses with {status}" in error.message


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_proxy_that_cannot_reach_the_host_is_no_matter_of_settings(stage: Stage, status: int) -> None:
    stage.proxy.refusal = status
    error = await (await stage.ways()).failure(stage.url, stage.bundle, stage.proxy.url)
    assert (error.reason, error.needs_help) == ("Unreachable", False)
    assert error.message == f"no connection to {stage.url}: the proxy before it answered {status}"


async def test_a_proxy_that_is_not_there_is_told(stage: Stage) -> None:
    proxy = await unused_url()
    error = await (await stage.ways()).failure(stage.url, stage.bundle, proxy)
    assert error.reason == "Unreachable"
    assert error.message.startswith(f"no connection to the proxy before {stage.url}: ")
    assert proxy.removeprefix("http://") in error.message


@pytest.mark.parametrize("answer", [None, b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_while_a_proxy_has_not_let_us_pass_nothing_was_sent(stage: Stage, answer: bytes | None) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()  # until the client goes
        else:
            writer.write(answer)

    async with talking(talk) as proxy:
        error = await (await stage.ways()).failure(stage.url, stage.bundle, proxy, timeout=4.0)
    assert (error.reason, error.needs_help) == ("Unreachable", False)


async def test_behind_a_proxy_the_certificate_is_looked_at_all_the_same(stage: Stage) -> None:
    ways = await stage.ways()
    assert "is not trusted" in (await ways.failure(stage.url, "", stage.proxy.url)).message
    for host in ("ghe.example.com", "127.0.0.2"):
        url = stage.proxy.lead(host, stage.server)
        assert "is for another host" in (await ways.failure(url, stage.bundle, stage.proxy.url)).message


async def hello(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="hello")


async def test_what_has_no_tls_goes_through_the_proxy_for_that(stage: Stage) -> None:
    async with serving(hello) as server:
        url = stage.proxy.lead("hooks.example.com", server)
        ways = await stage.ways(HTTP_PROXY=stage.proxy.url, HTTPS_PROXY=await unused_url())
        assert await ways.get(f"{url}/x") == "hello"
        assert stage.proxy.asked == [f"GET {url}/x"]
        stage.proxy.password = "me:secret"
        error = await (await stage.ways(HTTP_PROXY=stage.proxy.url)).failure(url)
        assert (error.reason, error.needs_help) == ("ProxyRefused", True)
        assert f"the proxy before {url} asks for a password" in error.message
        assert "HTTP_PROXY if it has none" in error.message


async def test_a_proxy_does_not_lead_to_an_address_inside_that_a_run_writes(stage: Stage) -> None:
    ways = await stage.ways(HTTP_PROXY=stage.proxy.url)
    with pytest.raises(PermanentError, match="leads to an address inside"):
        await ways.clients.get(provider(), "http://10.1.2.3/x", guarded=True)
    assert stage.proxy.asked == []
