"""Links that can be cut without a trace; where namespaces can't be made, this is skipped with the reason."""

import asyncio
import ipaddress
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hack.netns import Island, NotPermitted
from hack.testbed.api import polled
from hack.testbed.process import Child
from tests.islands import island_or_skip, missing
from tests.loopback import talking

# Says what it gets, line by line; and what became of the connection.
_CLIENT = """
import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=float(sys.argv[2]))
print("connected", flush=True)
for line in connection.makefile():
    print(line.strip(), flush=True)
print("closed", flush=True)
"""


@pytest.fixture
async def island(tmp_path: Path) -> AsyncIterator[Island]:
    async with island_or_skip(tmp_path / "holder.log") as island:
        yield island


class Client:
    """A process inside that holds one connection."""

    def __init__(self, child: Child) -> None:
        self._child = child

    @classmethod
    async def started(cls, island: Island, url: str, log: Path, *, patience: float = 60) -> "Client":
        port = url.rpartition(":")[2]
        return cls(await Child.started([*island.enter, sys.executable, "-c", _CLIENT, port, str(patience)], log))

    @property
    def said(self) -> list[str]:
        return self._child.log.read_text().splitlines()

    async def says(self, *lines: str) -> None:
        async def probe() -> bool:
            return self.said == list(lines)

        await polled(probe, 10)

    async def wait(self) -> int:
        return await asyncio.wait_for(self._child.wait(), 20)

    async def end(self) -> None:
        await self._child.kill()


class Speaker:
    """A server that says what it is told to, to all who are connected, and to who comes later."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.over = asyncio.Event()

    async def talk(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        writer.write("".join(self.lines).encode())
        await self.over.wait()

    def say(self, line: str) -> None:
        self.lines.append(f"{line}\n")
        for writer in self.writers:
            writer.write(f"{line}\n".encode())


async def test_a_cut_link_loses_nothing_but_time(island: Island, tmp_path: Path) -> None:
    speaker = Speaker()
    async with talking(speaker.talk) as url:
        link = await island.link(_port(url))
        client = await Client.started(island, url, tmp_path / "client.log")
        await client.says("connected")
        speaker.say("one")
        await client.says("connected", "one")
        await link.cut()
        speaker.say("two")
        with pytest.raises(TimeoutError):
            await polled(lambda: _changed(client, 2), 1)  # nothing comes, and nothing says so
        await link.heal()
        await client.says("connected", "one", "two")
        speaker.over.set()
        assert await client.wait() == 0
        assert client.said[-1] == "closed"


async def test_over_a_cut_link_nobody_connects_and_nobody_is_refused(island: Island, tmp_path: Path) -> None:
    speaker = Speaker()
    async with talking(speaker.talk) as url:
        link = await island.link(_port(url))
        await link.cut()
        client = await Client.started(island, url, tmp_path / "client.log", patience=1.5)
        assert await client.wait() == 1
        assert client.said[-1] == "TimeoutError: timed out"
        assert speaker.writers == []


async def test_one_link_is_cut_and_the_other_is_not(island: Island, tmp_path: Path) -> None:
    here, there = Speaker(), Speaker()
    async with talking(here.talk) as cut_url, talking(there.talk) as whole_url:
        link = await island.link(_port(cut_url))
        await island.link(_port(whole_url))
        await link.cut()
        client = await Client.started(island, whole_url, tmp_path / "client.log")
        await client.says("connected")
        there.say("well")
        await client.says("connected", "well")
        there.over.set()
        await client.wait()


async def test_our_side_reaches_what_listens_inside(island: Island, tmp_path: Path) -> None:
    code = "import socket; s = socket.create_server(('0.0.0.0', 8080)); s.accept()[0].sendall(b'hello')"
    server = await Child.started([*island.enter, sys.executable, "-c", code], tmp_path / "server.log")

    async def greeted() -> bytes | None:
        try:
            reader, writer = await asyncio.open_connection(island.address, 8080)
        except ConnectionRefusedError:
            return None
        greeting = await reader.read()
        writer.close()
        return greeting

    assert await polled(greeted) == b"hello"
    assert await server.wait() == 0


async def test_the_namespace_holds_our_addresses_only_while_it_is_needed(tmp_path: Path) -> None:
    before = os.listdir("/sys/class/net")
    async with island_or_skip(tmp_path / "holder.log") as island:
        assert ipaddress.ip_address(island.address) in ipaddress.ip_network("198.18.0.0/15")
        assert len(os.listdir("/sys/class/net")) > len(before)
    assert not [name for name in os.listdir("/sys/class/net") if name.startswith("ti") and name not in before]


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_what_may_be_skipped_elsewhere_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="need root"):
        missing(NotPermitted("network namespaces need root"))


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


async def _changed(client: Client, lines: int) -> bool:
    return len(client.said) > lines
