"""The only way out: where a call may go, and what its failure means for what was asked."""

import asyncio
import base64
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from tekton_integrations import Http, PermanentError, TemporaryError
from tekton_integrations.gate import Gate
from tekton_integrations.http import MAX_BODY, MAX_REFUSAL, origin
from tests.loopback import serving, talking, unused_url

Make = Callable[..., Http]
WRITES = ["POST", "PATCH", "PUT", "DELETE"]


@pytest.fixture
async def http() -> AsyncIterator[Make]:
    """Makes an Http for the origin of a URL."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:

        def make(url: str, *, timeout: float = 30.0, **more: Any) -> Http:
            return Http(session, frozenset({origin(url)}), timeout=timeout, **more)

        yield make


async def failure(http: Http, method: str, url: str) -> TemporaryError:
    with pytest.raises(TemporaryError) as caught:
        await http.request(method, url, body=b"{}" if method in WRITES else b"")
    return caught.value


async def request_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def echo(request: web.BaseRequest) -> web.Response:
    body = f"{request.method} {request.raw_path} {request.headers.get('X-Mine')}".encode()
    return web.Response(status=418, body=body + await request.read(), headers={"X-Loud": "YES"})


async def test_the_answer_is_handed_back_whatever_its_status(http: Make) -> None:
    async with serving(echo) as url:
        answer = await http(url).request("PATCH", f"{url}/%41%2Fb/../c?d=%20e", {"X-Mine": "m"}, b"body")
    assert (answer.status, answer.body) == (418, b"PATCH /%41%2Fb/../c?d=%20e mbody")
    assert answer.headers["x-loud"] == "YES"


ODD = "S3cret_of|no-known*shape"


@pytest.mark.parametrize(
    "written",
    [
        ODD,
        f"\x9d{ODD}",
        ODD.replace("_", "\u200b_"),
        base64.b64encode(f"me:{ODD}".encode()).decode(),
        quote(ODD),
        ODD[:12],
    ],
)
async def test_a_refusal_repeats_no_credential_however_that_is_written(http: Make, written: str) -> None:
    async def refuse(request: web.BaseRequest) -> web.Response:
        body = f'{{"message": "denied: {written}"}}'.encode()
        return web.Response(body=body, status=int(request.path.strip("/")))

    async with serving(refuse) as url:
        ours = http(url, secrets=[ODD.encode()])
        for status in (400, 403, 500):
            said = (await ours.request("GET", f"{url}/{status}")).body.decode()
            assert "denied: " in said
            assert (written in said) is (written == ODD[:12])  # a part that is no end of the text may be a word
        assert written in (await ours.request("GET", f"{url}/200")).body.decode()  # may be what was asked for
        assert written in (await http(url).request("GET", f"{url}/403")).body.decode()


async def test_a_refusal_without_it_comes_as_it_is_and_as_much_of_it_as_anybody_has_to_say(http: Make) -> None:
    words = b"\xff\r\n\x1b[1m\xe2\x80\x8bno" + b"x" * MAX_REFUSAL

    async def refuse(_: web.BaseRequest) -> web.Response:
        return web.Response(status=422, body=words)

    async with serving(refuse) as url:
        assert (await http(url, secrets=[ODD.encode()]).request("GET", url)).body == words[:MAX_REFUSAL]
        assert (await http(url, secrets=[bytes(2 * 1024 * 1024)]).request("GET", url)).body == b""


@pytest.mark.parametrize("method", ["GET", *WRITES])
async def test_where_nobody_listens_nothing_was_sent(http: Make, method: str) -> None:
    url = await unused_url()
    error = await failure(http(url), method, url)
    assert (error.reason, error.maybe_sent) == ("Unreachable", False)
    assert error.message.startswith(f"no connection to {url}: ")


async def test_where_no_tls_is_spoken_nothing_was_sent(http: Make) -> None:
    async with serving(echo) as url:
        secure = url.replace("http:", "https:")
        error = await failure(http(secure), "POST", secure)
    assert (error.reason, error.maybe_sent) == ("Unreachable", False)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfi",
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
async def test_without_a_whole_answer_a_write_is_in_doubt_and_a_read_is_not(
    http: Make, method: str, answer: bytes
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_head(reader)
        writer.write(answer)

    async with talking(talk) as url:
        error = await failure(http(url), method, url)
    assert (error.reason, error.maybe_sent) == ("ConnectionBroken", method != "GET")


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_answer_that_does_not_come_in_time_is_given_up(http: Make, method: str, begin: bytes) -> None:
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_head(reader)
        writer.write(begin)
        while await reader.read(1000):  # until the client goes
            pass
        gone.set()

    async with talking(talk) as url:
        error = await failure(http(url, timeout=1.0), method, url)
        await asyncio.wait_for(gone.wait(), 60)
    assert (error.reason, error.maybe_sent) == ("TimedOut", method != "GET")
    assert error.message == f"{url} did not answer within 1 s"


@pytest.mark.parametrize(("size", "fits"), [(MAX_BODY, True), (MAX_BODY + 1, False)])
async def test_an_endless_answer_is_cut_off(http: Make, size: int, fits: bool) -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=b"x" * size)

    async with serving(answer) as url:
        if fits:
            assert len((await http(url).request("GET", url)).body) == size
        else:
            error = await failure(http(url), "POST", url)
            assert (error.reason, error.maybe_sent) == ("AnswerTooLong", True)
            assert (
                error.message == f"{url} answered with more than {MAX_BODY} bytes; check spec.endpoint of the Provider"
            )


async def test_a_small_answer_that_unpacks_to_an_endless_one_is_cut_off(http: Make) -> None:
    packed = zlib.compress(b"\0" * 64 * 1024 * 1024)
    assert len(packed) < 100_000

    async def bomb(_: web.BaseRequest) -> web.Response:
        return web.Response(body=packed, headers={"Content-Encoding": "deflate"})

    async with serving(bomb) as url:
        assert (await failure(http(url), "GET", url)).reason == "AnswerTooLong"


async def test_a_call_may_take_less(http: Make) -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=b"x" * 11)

    async with serving(answer) as url:
        assert len((await http(url).request("GET", url, limit=11)).body) == 11
        with pytest.raises(TemporaryError, match="AnswerTooLong"):
            await http(url).request("GET", url, limit=10)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_host_that_answers_too_much_is_up(http: Make, method: str) -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=b"x" * (MAX_BODY + 1))

    gate = Gate(failures=1)
    async with serving(answer) as url:
        with pytest.raises(TemporaryError, match="AnswerTooLong") as caught, gate.admitted():
            await http(url).request(method, url)
    assert (caught.value.down, caught.value.maybe_sent) == (False, method == "POST")
    assert gate.wait() == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(http: Make, status: int) -> None:
    visits = []

    async def lead(request: web.BaseRequest) -> web.Response:
        visits.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with serving(lead) as url:
        answer = await http(url).request("POST", f"{url}/here")
    assert (answer.status, answer.headers["location"], visits) == (status, "/elsewhere", ["/here"])


async def test_nothing_goes_to_another_origin(http: Make) -> None:
    visits = []

    async def visit(request: web.BaseRequest) -> web.Response:
        visits.append(request.path)
        return web.Response()

    async with serving(visit) as allowed, serving(visit) as other:
        host = other.removeprefix("http://")
        port = allowed.rpartition(":")[2]
        for url in (other, f"http://{allowed[7:]}@{host}/", f"http://localhost:{port}/", f"https://127.0.0.1:{port}/"):
            with pytest.raises(PermanentError, match="is not the endpoint of the Provider") as caught:
                await http(allowed).request("GET", url)
            assert caught.value.reason == "EgressRefused"
    assert visits == []


async def test_no_cookie_is_kept(http: Make) -> None:
    async def cookie(request: web.BaseRequest) -> web.Response:
        return web.Response(text=request.headers.get("Cookie", "none"), headers={"Set-Cookie": "a=b; Path=/"})

    async with serving(cookie) as url:
        answers = [await http(url).request("GET", url) for _ in range(2)]
    assert [answer.body for answer in answers] == [b"none", b"none"]


@pytest.mark.parametrize("method", WRITES)
async def test_after_a_pause_a_write_is_not_begun_any_more(http: Make, method: str) -> None:
    url = await unused_url()  # so that an attempt would be Unreachable
    error = await failure(http(url, may_send=lambda: False), method, url)
    assert (error.reason, error.delay, error.maybe_sent) == ("Stalled", 1.0, False)


@pytest.mark.parametrize("method", ["GET", *WRITES])
async def test_after_a_pause_in_which_its_session_was_closed_nothing_is_begun(method: str) -> None:
    async with aiohttp.ClientSession() as session:
        url = await unused_url()
    error = await failure(Http(session, frozenset({url})), method, url)
    assert (error.reason, error.delay, error.maybe_sent) == ("Stalled", 1.0, False)


async def test_after_a_pause_a_read_goes_out_all_the_same(http: Make) -> None:
    async with serving(echo) as url:
        assert (await http(url, may_send=lambda: False).request("GET", url)).status == 418


async def test_a_message_holds_no_control_characters_of_the_other_side(http: Make) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_head(reader)
        writer.write(b"HTTP/1.1 200 \x1b[31m\r\nX\x1b: \x07\r\n\r\n")

    async with talking(talk) as url:
        assert (await failure(http(url), "GET", url)).message.isprintable()


@pytest.mark.parametrize(
    "banner",
    [
        b"SSH-2.0-s3cret\r\n",
        b"220 s3cret ESMTP\r\n",
        b"HTTP/1.1 s3cret OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ns3cret\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ns3cret\r\n",
    ],
)
async def test_what_came_in_place_of_an_answer_is_not_repeated(http: Make, banner: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_head(reader)
        writer.write(banner)

    async with talking(talk) as url:
        error = await failure(http(url), "GET", url)
    assert error.reason == "ConnectionBroken"
    assert error.message.startswith(f"the connection to {url} broke: ")
    assert "s3cret" not in error.message
