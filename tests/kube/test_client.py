"""What becomes of an answer, for calls and for open answers alike."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from tekton_integrations.kube.client import ApiError, KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tests.kube.watched import no_authorization
from tests.loopback import serving, talking, unused_url

PATIENCE = 5.0
TOGETHER = 5
PATH = "/api/v1/things"
Call = Callable[[KubeClient], Awaitable[object]]


async def streamed(client: KubeClient) -> bytes:
    async with client.stream(PATH, {}, aiohttp.ClientTimeout(total=PATIENCE)) as lines:
        return await lines.read()


CALLS: dict[str, Call] = {
    "get": lambda client: client.get(PATH),
    "post": lambda client: client.post(PATH, {}),
    "put": lambda client: client.put(PATH, {}),
    "patch": lambda client: client.patch(PATH, {}),
    "delete": lambda client: client.delete(PATH, {}),
    "stream": streamed,
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


class Server:
    """Answers with `status`; requests that ask to hang wait for the end, or for as many as are to be there together."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.asked: list[web.BaseRequest] = []
        self.peers: list[int] = []  # the other ends' ports
        self.end = asyncio.Event()
        self.together = asyncio.Barrier(TOGETHER)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request)
        assert request.transport is not None
        self.peers.append(request.transport.get_extra_info("peername")[1])
        if "hang" in request.path:
            await self.end.wait()
        if "together" in request.path:
            await self.together.wait()
        status = {"code": self.status, "reason": "Because", "message": "in words"}
        return web.json_response(status, status=self.status)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    async with serving(server.handle) as server.url:
        yield server
        server.end.set()


@every_call
async def test_what_the_server_refuses_is_an_error_in_its_own_words(server: Server, call: Call) -> None:
    server.status = 409
    async with KubeClient(ClusterConfig(server.url, None, no_authorization)) as client:
        with pytest.raises(ApiError, match="409 Because: in words") as refusal:
            await call(client)
    assert (refusal.value.status, refusal.value.reason, refusal.value.message) == (409, "Because", "in words")


@every_call
async def test_a_credential_that_is_refused_is_told_to_its_source(server: Server, call: Call) -> None:
    async def token() -> str:
        return "Bearer worn out"

    told: list[int] = []
    server.status = 401
    async with KubeClient(ClusterConfig(server.url, None, token, lambda: told.append(401))) as client:
        with pytest.raises(ApiError, match="401"):
            await call(client)
    assert told == [401]
    assert [request.headers["Authorization"] for request in server.asked] == ["Bearer worn out"]


@every_call
async def test_a_server_that_can_not_be_reached_is_an_error_without_a_status(call: Call) -> None:
    async with KubeClient(ClusterConfig(await unused_url(), None, no_authorization)) as client:
        with pytest.raises(ApiError) as error:
            await call(client)
    assert (error.value.status, error.value.reason) == (0, "Unreachable")


@every_call
async def test_an_answer_that_breaks_off_is_an_error_without_a_status(call: Call) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        await writer.drain()

    async with talking(break_off) as url, KubeClient(ClusterConfig(url, None, no_authorization)) as client:
        with pytest.raises(ApiError) as error:
            await call(client)
    assert error.value.status == 0


@pytest.mark.parametrize("method", ["get", "post", "put"])
async def test_a_call_may_have_a_timeout_of_its_own(server: Server, method: str) -> None:
    async with KubeClient(ClusterConfig(server.url, None, no_authorization)) as client:
        body: tuple[object, ...] = () if method == "get" else ({},)
        began = asyncio.get_running_loop().time()
        with pytest.raises(ApiError) as error:
            await getattr(client, method)("/hang", *body, timeout=0.1)
        assert asyncio.get_running_loop().time() - began < PATIENCE
    assert error.value.status == 0


async def test_calls_in_a_row_keep_no_more_connections_in_use_than_one(server: Server) -> None:
    async with KubeClient(ClusterConfig(server.url, None, no_authorization)) as client:
        await asyncio.gather(*(client.get("/together") for _ in range(TOGETHER)))
        for _ in range(10):
            await client.get(PATH)
    assert len(set(server.peers[:TOGETHER])) == TOGETHER
    assert len(set(server.peers[TOGETHER:])) == 1
