"""The bare read, as a process of its own: the initial events of the same watches, and nothing done with them.

The same HTTP library, TLS and account as the controller's; of each line only its beginning is looked at.
"""

import asyncio
import ssl
import time
from collections.abc import Sequence

import aiohttp
import msgspec

from hack.bench import helpers

# One object takes a line; the controller has the same buffer.
_READ_BUFFER = 2 * 1024 * 1024
_BOOKMARK = b'{"type":"BOOKMARK"'
_ERROR = b'{"type":"ERROR"'
_END = b"k8s.io/initial-events-end"
_QUERY = {
    "watch": "true",
    "sendInitialEvents": "true",
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": "true",
}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`paths` are read one after the other, or all at once."""

    url: str
    ca_file: str
    token: str
    paths: Sequence[str]
    at_once: bool


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """Wall time and CPU in seconds, without those of starting Python; `objects` of each path."""

    seconds: float
    cpu: float
    size: int
    objects: list[int]


async def _read(session: aiohttp.ClientSession, url: str) -> tuple[int, int]:
    """The number of objects and of bytes."""
    objects = size = 0
    async with session.get(url, params=_QUERY) as answer:
        answer.raise_for_status()
        while line := await answer.content.readline():
            size += len(line)
            if line.startswith(_ERROR):
                raise RuntimeError(f"{url}: {line[:500]!r}")
            if line.startswith(_BOOKMARK) and _END in line:
                return objects, size
            objects += 1
    raise RuntimeError(f"{url} ended before its initial events did")


async def _all(plan: Plan, session: aiohttp.ClientSession) -> list[tuple[int, int]]:
    urls = [plan.url + path for path in plan.paths]
    if plan.at_once:
        return await asyncio.gather(*(_read(session, url) for url in urls))
    return [await _read(session, url) for url in urls]


async def main() -> None:
    source, target = helpers.files()
    plan = msgspec.json.decode(source.read_bytes(), type=Plan)
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=plan.ca_file), limit=0)
    headers, forever = {"Authorization": f"Bearer {plan.token}"}, aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(
        connector=connector, headers=headers, timeout=forever, read_bufsize=_READ_BUFFER
    ) as session:
        cpu, begin = time.process_time(), time.monotonic()
        found = await _all(plan, session)
        read = Read(
            seconds=time.monotonic() - begin,
            cpu=time.process_time() - cpu,
            size=sum(size for _, size in found),
            objects=[objects for objects, _ in found],
        )
    target.write_bytes(msgspec.json.encode(read))


if __name__ == "__main__":
    asyncio.run(main())
