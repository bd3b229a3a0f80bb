"""A proxy between a client and a server that loses connections on demand. It sees bytes only, so TLS goes through.

Or it speaks TLS with the server itself, and the client without: then it can also answer watches in its place.
"""

import asyncio
import json
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

_CHUNK = 65_536
# Closing then sends RST, and nothing that is still to be sent.
_NO_LINGER = struct.pack("ii", 1, 0)
# A watch that goes on from where another one ended.
_RESUMED = re.compile(rb"GET (?P<path>[^ ?]+)\?(?=[^ ]*\bwatch=true\b)(?=[^ ]*\bresourceVersion=\d)")
# As the API server says it of a version that etcd has compacted.
# https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses
_STATUS = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
_EXPIRED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + (
    json.dumps({"type": "ERROR", "object": _STATUS}).encode() + b"\n"
)


@dataclass(eq=False)
class _Link:
    """A client's connection and ours to the server. `mute`: what comes is lost, and neither end learns of it."""

    ends: list[asyncio.StreamWriter]
    mute: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def reset(self) -> None:
        for end in self.ends:
            if (sock := end.get_extra_info("socket")) is not None:
                with suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            end.transport.abort()


class Cuts:
    """Listens on `port` of loopback as long as it is open. All methods hold until `heal`."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self.delay = 0.0  # seconds that each piece takes, both ways
        self._server = (host, port)
        self._tls = tls
        # The paths whose watches have heard that their version is too old; None where none is.
        self._told: set[bytes] | None = None
        self._gone = False
        self._links: set[_Link] = set()
        self._handlers: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def before(cls, host: str, port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        """`tls`: to speak with the server; the client then speaks plain HTTP."""
        cuts = cls(host, port, tls)
        await cuts.listen()
        try:
            yield cuts
        finally:
            cuts.refuse()
            for task in list(cuts._handlers):
                task.cancel()
            await asyncio.gather(*cuts._handlers, return_exceptions=True)

    async def listen(self) -> None:
        """Again, where it did before `refuse`."""
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Ends all connections at once; until `listen`, nobody listens for new ones."""
        self._listener.close()
        self.reset()

    _listener: asyncio.Server

    def reset(self) -> None:
        """Ends all connections at once, with RST; new ones work."""
        for link in list(self._links):
            link.reset()

    def silence(self) -> None:
        """All connections stay open and carry nothing any more; new ones work."""
        for link in self._links:
            link.mute = True

    def part(self) -> None:
        """Nothing goes through any more, by no connection; nobody is told."""
        self._gone = True
        self.silence()

    def expire(self) -> None:
        """All connections end, and the next watch of each path that would go on learns that it can't: 410."""
        self._told = set()
        self.reset()

    def heal(self) -> None:
        """New connections work; those that carry nothing end."""
        self._gone = False
        self.delay = 0.0
        for link in [link for link in self._links if link.mute]:
            link.reset()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        link = _Link([writer], mute=self._gone)
        self._links.add(link)
        try:
            await self._join(link, reader)
        except (OSError, asyncio.CancelledError):
            pass  # an end of the connection is what this is for
        finally:
            self._links.discard(link)
            self._handlers.discard(task)
            link.reset()

    async def _join(self, link: _Link, client: asyncio.StreamReader) -> None:
        server, writer = await asyncio.open_connection(*self._server, ssl=self._tls)
        link.ends.append(writer)
        pumps = [
            asyncio.ensure_future(self._pump(link, client, writer)),
            asyncio.ensure_future(self._pump(link, server, link.ends[0])),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    def _is_too_old(self, request: bytes) -> bool:
        if self._told is None or not (found := _RESUMED.match(request)) or found["path"] in self._told:
            return False
        self._told.add(found["path"])
        return True

    async def _pump(self, link: _Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(_CHUNK):
            if self.delay:
                await asyncio.sleep(self.delay)
            if sink is not link.ends[0] and self._is_too_old(data):
                link.ends[0].write(_EXPIRED)
                await link.ends[0].drain()
                return
            if not link.mute:
                sink.write(data)
                await sink.drain()
