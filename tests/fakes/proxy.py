"""A proxy on loopback that opens tunnels (CONNECT), passes on calls without TLS, counts, and refuses when told to."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import urlsplit

from tests.fakes.relay import relay


class Proxy:
    """`hosts` gives where a way to a `host:port` really leads; without an entry it leads there. `password` is what must
    be shown, as `name:password`; `refusal` the status with which all are refused."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.tunnels: list[str] = []
        self.hosts: dict[str, str] = {}
        self.password = ""
        self.refusal = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator[Self]:
        proxy = cls()
        server = await asyncio.start_server(proxy._connected, "127.0.0.1", 0)
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield proxy
        finally:
            server.close()
            for writer in proxy._writers:
                writer.close()

    def lead(self, host: str, url: str) -> str:
        """Makes tunnels to `host` lead to the server at `url`; gives the URL that a client is to use."""
        parsed = urlsplit(url)
        self.hosts[f"{host}:{parsed.port}"] = parsed.netloc
        return f"{parsed.scheme}://{host}:{parsed.port}"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            await self._serve(head, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of the two went
        finally:
            writer.close()
            self._writers.discard(writer)

    async def _serve(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = head.split(" ", 2)
        self.asked.append(f"{method} {target}")
        if status := self._refuses(head):
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        tunnel = method == "CONNECT"
        place = target if tunnel else urlsplit(target).netloc
        host, _, port = self.hosts.get(place, place).rpartition(":")
        if tunnel:
            self.tunnels.append(target)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await relay(reader, writer, host, int(port), b"" if tunnel else head.encode())

    def _refuses(self, head: str) -> int:
        if self.refusal:
            return self.refusal
        shown = f"Proxy-Authorization: Basic {base64.b64encode(self.password.encode()).decode()}\r\n"
        return 407 if self.password and shown not in head else 0
