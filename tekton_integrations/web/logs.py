"""`GET /logs/:run`: the logs of all its tasks while they come, as text. A run that is not there yet is waited for."""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager

from aiohttp import web

from tekton_integrations.kube.client import ApiError
from tekton_integrations.kube.following import following
from tekton_integrations.kube.pieces import Piece
from tekton_integrations.kube.run_watches import RunName
from tekton_integrations.kube.step_log import Wanted
from tekton_integrations.log import logger
from tekton_integrations.web.access import Access
from tekton_integrations.web.question import Question, number, yes
from tekton_integrations.web.shared import CLIENT, SETTINGS, WATCHES, unavailable

MOST_LINES = 1_000_000
# Bytes that wait for a reader, in this process; the kernel holds some times that.
BUFFER = 16 * 1024
# ECMA-48's only sequences that are left in pieces.
_COLOUR = re.compile(rb"\x1b\[[0-9;:]*m")
_HEADERS = {
    "Content-Type": "text/plain; charset=utf-8",
    # nginx would keep lines back until it has a buffer full.
    "X-Accel-Buffering": "no",
}


class Readers:
    """Those who follow logs now."""

    def __init__(self, most: int) -> None:
        self.now = 0
        self._most = most

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Raises HTTPServiceUnavailable when there are too many."""
        if self.now >= self._most:
            raise web.HTTPServiceUnavailable(text="Too many follow logs now.", headers={"Retry-After": "10"})
        self.now += 1
        try:
            yield
        finally:
            self.now -= 1


READERS: web.AppKey[Readers] = web.AppKey("readers", Readers)


def add_to(app: web.Application) -> None:
    app[READERS] = Readers(app[SETTINGS].readers)
    app.router.add_get("/logs/{run}", _logs)
    app.router.add_get("/namespaces/{namespace}/logs/{run}", _logs)


async def _logs(request: web.Request) -> web.StreamResponse:
    settings, question = request.app[SETTINGS], Question.of(request)
    wait = number(request, "wait", int(settings.wait), int(settings.longest_wait))
    tail = number(request, "tail", None, MOST_LINES)
    follow = yes(request, "follow", True)
    wanted = Wanted(wait=wait or 0, follow=follow, tail=tail, task=request.query.get("task", ""))
    access = Access.of(request)
    await access.logs(question.namespace, question.name)
    run = await question.find(request)
    if run is None and not (wanted.wait and follow):
        raise question.unknown()
    if request.method == "HEAD":
        return web.Response(headers=_HEADERS)
    return await send_log(request, question.key(run), wanted)


async def send_log(request: web.Request, key: RunName, wanted: Wanted, *, colours: bool = True) -> web.StreamResponse:
    """To a reader who may have it; without `colours` as a browser shows text. Raises HTTPServiceUnavailable."""
    settings, access = request.app[SETTINGS], Access.of(request)
    log = logger.bind(reader=(await access.reader()).name, namespace=key.namespace, run=key.name)
    with request.app[READERS].one_more():
        log.info("log read")
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(request)
        _hold_little(request)
        try:
            await _send(request, response, _texts(request, key, wanted, colours=colours))
        except _Stalled:
            log.warning("reader dropped", seconds=settings.stall)
            _drop(request)
    return response


async def _texts(request: web.Request, key: RunName, wanted: Wanted, *, colours: bool) -> AsyncGenerator[bytes, None]:
    try:
        async with following(request.app[CLIENT], request.app[WATCHES], key, wanted) as pieces:
            async for piece in _allowed(request, key, pieces):
                yield piece.text() if colours else _COLOUR.sub(b"", piece.text())
    except ApiError as error:
        yield f"--- {unavailable('the log ends here', error).text}\n".encode()
    except web.HTTPException as error:
        yield f"--- the log ends here: {error.text}\n".encode()


async def _allowed(request: web.Request, key: RunName, pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
    """As long as the reader may. Raises what Access does."""
    seconds, clock = request.app[SETTINGS].recheck, asyncio.get_running_loop().time
    due = clock() + seconds
    async for piece in pieces:
        if clock() >= due:
            await Access.of(request).logs(key.namespace, key.name)
            due = clock() + seconds
        yield piece


async def _send(request: web.Request, response: web.StreamResponse, texts: AsyncGenerator[bytes, None]) -> None:
    """Waits for a slow reader, so that the API server waits as well. Raises _Stalled."""
    seconds = request.app[SETTINGS].stall
    async with aclosing(texts):
        async for text in texts:
            for start in range(0, len(text), BUFFER):
                try:
                    async with asyncio.timeout(seconds):
                        await response.write(text[start : start + BUFFER])
                except TimeoutError as error:
                    raise _Stalled from error


def _drop(request: web.Request) -> None:
    """With a reset: else the kernel would go on to offer what nobody takes."""
    if (transport := request.transport) is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


def _hold_little(request: web.Request) -> None:
    """Of what the reader has not taken yet; the kernel alone would hold megabytes."""
    if (transport := request.transport) is None:
        return
    transport.set_write_buffer_limits(high=BUFFER)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * BUFFER)


class _Stalled(Exception):
    """The reader takes nothing."""
