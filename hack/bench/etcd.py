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
from hack.testbed.control_plane import HOST

_AT_ONCE = 16
_CATCH_UP_SECONDS = 300.0


class EtcdBed(TestBed):
    """A test bed that tells where its etcd listens."""

    @property
    def etcd_url(self) -> str:
        return f"http://{HOST}:{self._files.etcd_port}"


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


class Etcd:
    """By etcd's JSON gateway."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    @classmethod
    @asynccontextmanager
    async def opened(cls, bed: EtcdBed) -> AsyncIterator[Self]:
        async with aiohttp.ClientSession() as session:
            yield cls(bed.etcd_url, session)

    async def below(self, prefix: str) -> list[Stored]:
        """All whose key begins with `prefix`. Must be few."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        answer = await self._call("range", {"key": _text(prefix.encode()), "range_end": _text(end.encode())})
        return [Stored(pair.key.decode(), pair.value) for pair in msgspec.json.decode(answer, type=_Range).kvs]

    async def put(self, objects: Iterable[Stored]) -> None:
        """Each with a revision of its own, which is its resourceVersion: not several in one transaction."""
        waiting = iter(objects)

        async def worker() -> None:
            for each in waiting:
                await self._call("put", {"key": _text(each.key.encode()), "value": _text(each.value)})

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(worker())

    async def _call(self, operation: str, body: Mapping[str, Any]) -> bytes:
        async with self._session.post(f"{self._url}/v3/kv/{operation}", data=msgspec.json.encode(body)) as answer:
            content = await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"etcd: {operation}: {answer.status} {content[:500]!r}")
            return content


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
