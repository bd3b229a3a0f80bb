"""However long a remote talks, a call ends in time and takes little memory."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tekton_integrations import Http, TemporaryError
from tekton_integrations.http import origin
from tests.loopback import talking

OK = b"HTTP/1.1 200 OK\r\n"
HEAD = OK + b"Content-Length: 1000000\r\n\r\n"


@contextlib.asynccontextmanager
async def drips(first: bytes, then: bytes, pause: float) -> AsyncIterator[tuple[str, list[int]]]:
    """Says `first`, and then the same again and again until the client goes; how many bytes it got rid of."""
    sent = [0]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        with contextlib.suppress(ConnectionError):
            for _ in itertools.count():
                writer.write(then)
                await writer.drain()
                sent[0] += len(then)
                await asyncio.sleep(pause)

    async with talking(talk) as url:
        yield url, sent


async def failure(url: str, timeout: float = 0.5) -> TemporaryError:
    async with aiohttp.ClientSession() as session:
        http = Http(session, frozenset({origin(url)}), timeout=timeout)
        with pytest.raises(TemporaryError) as caught:
            await http.request("POST", url, body=b"{}")
    return caught.value


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(b"", b"H", id="a status line"),
        pytest.param(OK, b"a: b\r\n", id="headers"),
        pytest.param(HEAD, b"x", id="a body"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", id="chunks"),
        pytest.param(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100, id="provisional answers"),
    ],
)
async def test_an_answer_that_comes_drop_by_drop_is_given_up_in_time(first: bytes, then: bytes) -> None:
    async with drips(first, then, 0.02) as (url, _):
        async with asyncio.timeout(5):
            error = await failure(url)
    assert error.reason in ("TimedOut", "ConnectionBroken")
    assert error.maybe_sent


BOMBS = [
    pytest.param(OK, b"x-1: %s\r\n" % (b"y" * 1000), id="many headers"),
    pytest.param(OK + b"x: ", b"y" * 10_000, id="one long header"),
    pytest.param(b"HTTP/1.1 200 ", b"y" * 10_000, id="a long status line"),
]


@pytest.mark.parametrize(("first", "then"), BOMBS)
async def test_headers_without_end_are_cut_off(first: bytes, then: bytes) -> None:
    async with drips(first, then, 0) as (url, sent):
        async with asyncio.timeout(15):
            error = await failure(url, timeout=10)
    assert error.reason == "ConnectionBroken"
    assert sent[0] < 8 * 1024 * 1024  # what a socket takes before it is read is in there
