"""Writes objects straight into the test bed's etcd, in the form in which kube-apiserver stores them.

Ten times as fast as by requests (1,500 objects a second, to 125 runs with create and status): the API server learns of
them by its own watch. It checks nothing of this, so take what it has stored itself as the pattern.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self

import aiohttp
import msgspec

from hack.testbed import ApiError, TestBed
from hack.testbed.api import polled

_AT_ONCE = 16
_CATCH_UP_SECONDS = 300.0


async def caught_up(bed: TestBed, path: str) -> int:
    """The number of objects at `path`, once the API server's cache has all that etcd has of them.

    Before that it ends watches that ask for their initial events.
    """
    metadata = (await bed.request("GET", f"{path}?limit=1"))["metadata"]
    version = metadata["resourceVersion"]
    none = f"{path}?labelSelector=no=such&resourceVersion={version}&resourceVersionMatch=NotOlderThan"

    async def probe() -> bool:
        try:
            await bed.request("GET", none)
        except ApiError as error:
            if error.status not in (429, 504):
                raise
            return False
        return True

    await polled(probe, _CATCH_UP_SECONDS)
    return 1 + int(metadata.get("remainingItemCount", 0))


class Stored(NamedTuple):
    """One object under its key, such as /registry/tekton.dev/pipelineruns/default/demo."""

    key: str
    value: bytes


class _Pair(msgspec.Struct):
    key: bytes  # base64 in JSON
    value: bytes


class _Range(msgspec.Struct):
    kvs: list[_Pair] = []


class _Count(msgspec.Struct):
    count: int = 0  # a string in JSON, as all of etcd's large numbers


class _Status(msgspec.Struct, rename={"size": "dbSize", "in_use": "dbSizeInUse"}):
    size: int
    in_use: int


class Etcd:
    """By etcd's JSON gateway."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    @classmethod
    @asynccontextmanager
    async def opened(cls, bed: TestBed) -> AsyncIterator[Self]:
        async with aiohttp.ClientSession() as session:
            yield cls(bed.etcd_url, session)

    async def below(self, prefix: str) -> list[Stored]:
        """All whose key begins with `prefix`. Must be few."""
        answer = await self._call("kv/range", {"key": _text(prefix.encode()), "range_end": _text(_after(prefix))})
        return [Stored(pair.key.decode(), pair.value) for pair in msgspec.json.decode(answer, type=_Range).kvs]

    async def put(self, objects: Iterable[Stored]) -> None:
        """Each with a revision of its own, which is its resourceVersion: not several in one transaction."""
        waiting = iter(objects)

        async def worker() -> None:
            for each in waiting:
                await self._call("kv/put", {"key": _text(each.key.encode()), "value": _text(each.value)})

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(worker())

    async def count(self, prefix: str) -> int:
        """The number of keys that begin with `prefix`."""
        body = {"key": _text(prefix.encode()), "range_end": _text(_after(prefix)), "count_only": True}
        return msgspec.json.decode(await self._call("kv/range", body), type=_Count, strict=False).count

    async def size(self) -> tuple[int, int]:
        """Bytes of its file, and of what is in use of that; the rest is free for what comes."""
        found = msgspec.json.decode(await self._call("maintenance/status", {}), type=_Status, strict=False)
        return found.size, found.in_use

    async def _call(self, operation: str, body: Mapping[str, Any]) -> bytes:
        async with self._session.post(f"{self._url}/v3/{operation}", data=msgspec.json.encode(body)) as answer:
            content = await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"etcd: {operation}: {answer.status} {content[:500]!r}")
            return content


def _after(prefix: str) -> bytes:
    """The end of a range that takes in all that begin with `prefix`."""
    return (prefix[:-1] + chr(ord(prefix[-1]) + 1)).encode()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
