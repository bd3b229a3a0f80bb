"""Server-sent events: the page of a run for as long as it is open, part by part as they change."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import msgspec
from aiohttp import web

from tekton_integrations.kube.client import ApiError
from tekton_integrations.log import logger
from tekton_integrations.web.feeds import Feed
from tekton_integrations.web.run_page import Page, message
from tekton_integrations.web.shared import SETTINGS

# Seconds after which a sign of life is sent, and after which the browser has to ask again whether it still may read.
BEAT = 15.0
LONGEST = 600.0
# Streams at a time.
MOST = 1000
_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
_BEAT = b": still here\n\n"
DELETED, ENDED, EXPIRED = "The run was deleted", "The run has ended", "Your link has expired"


class Streams:
    def __init__(self) -> None:
        self.now = 0

    async def send(self, request: web.Request, feed: Feed, expires: float | None) -> web.StreamResponse:
        """Until the reader goes, the run is gone, or time is over; `expires`: when the reader's permission ends. Raises
        HTTPServiceUnavailable, ApiError."""
        if self.now >= MOST:
            raise web.HTTPServiceUnavailable(text="Too many look at runs now.", headers={"Retry-After": "10"})
        self.now += 1
        try:
            response = web.StreamResponse(headers=_HEADERS)
            await response.prepare(request)
            with suppress(ConnectionError):
                await _Stream(request, response, feed, expires).run()
            return response
        finally:
            self.now -= 1

    async def gone(self, request: web.Request) -> web.Response:
        """To whoever comes again for a run that is no more, or has a namesake."""
        return web.Response(body=_message("end", {"words": DELETED, "gone": True}), headers=_HEADERS)


def _message(kind: str, data: Any, version: str = "") -> bytes:
    """JSON has no line feeds of its own."""
    id = f"id: {version}\n" if version else ""
    return f"event: {kind}\n{id}data: ".encode() + msgspec.json.encode(data) + b"\n\n"


class _Stream:
    def __init__(self, request: web.Request, response: web.StreamResponse, feed: Feed, expires: float | None) -> None:
        self._request, self._response, self._feed = request, response, feed
        self._expires = expires
        self._clock = asyncio.get_running_loop().time
        lifetime = LONGEST if expires is None else min(LONGEST, max(0.0, expires - time.time()))
        self._end = self._clock() + lifetime
        # What the reader's page showed already.
        self._known = request.headers.get("Last-Event-ID") or request.query.get("seen", "")

    async def run(self) -> None:
        seen: Page | None = None
        while (left := self._end - self._clock()) > 0:
            try:
                async with asyncio.timeout(min(BEAT, left)):
                    page = await self._feed.after(seen)
            except TimeoutError:
                await self._write(_BEAT)
                continue
            except ApiError as error:
                logger.warning("page no longer live", error=str(error))
                return  # the browser comes again
            if page is None:
                return await self._end_with(DELETED, gone=True)
            if seen is not None or page.version != self._known:
                await self._write(_message("page", message(page, seen), page.version))
            seen = page
        if self._expires is not None and time.time() >= self._expires:
            await self._end_with(EXPIRED)
        elif seen is not None and not seen.going:
            await self._end_with(ENDED)

    async def _end_with(self, words: str, *, gone: bool = False) -> None:
        await self._write(_message("end", {"words": words, "gone": gone}))

    async def _write(self, data: bytes) -> None:
        """Whoever takes nothing for so long is gone. Raises ConnectionError."""
        try:
            async with asyncio.timeout(self._request.app[SETTINGS].stall):
                await self._response.write(data)
        except TimeoutError as error:
            if self._request.transport:
                self._request.transport.abort()
            raise ConnectionAbortedError from error
