"""Watches all records of a namespace: which are settled, and which ever said that a call may have been sent."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

from hack.objects import RECORDS
from hack.testbed import ApiError, TestBed
from hack.testbed.api import going_on

from .driver import Life
from .world import SERVICES

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=90)
_LONGEST_LINE = 2 * 1024 * 1024
_PAUSE = 0.2
Said = dict[str, Any]


def made_again(before: Said, now: Said) -> bool:
    """Whether a record tells that a call is made although nothing is known of the one announced before, which had its
    time: nobody was there to say MaybeSent meanwhile. That one is still to be looked for at `verifyTime`."""
    first, second = before.get("intent"), now.get("intent")
    if not (first and second and "verifyTime" in now):
        return False
    return bool(first["id"] != second["id"] and first["deadline"] <= second["startTime"])


class Witness:
    """`maybe`: uid and integration of those that said of a call that it may have been sent."""

    def __init__(self, bed: TestBed, namespace: str, note: Callable[[str], None]) -> None:
        self.maybe: set[tuple[str, str]] = set()
        self._settled: dict[str, tuple[str, bool]] = {}  # by the record's name: its run, and whether it is
        self._said: dict[str, Said] = {}  # by the same: its last status
        self._version = ""
        self._bed = bed
        self._note = note
        self._path = RECORDS.format(namespace)

    @classmethod
    @asynccontextmanager
    async def watching(cls, bed: TestBed, namespace: str, note: Callable[[str], None]) -> AsyncIterator[Self]:
        """`note` hears of each state of a record."""
        witness = cls(bed, namespace, note)
        async with going_on(witness._watch(), "the watch ended"):
            yield witness

    def unsettled(self, lives: Iterable[Life]) -> int:
        """Records that wait for something, and those that are not there although their run is."""
        found, waiting = defaultdict[str, int](int), 0
        for uid, settled in self._settled.values():
            found[uid] += settled
            waiting += not settled
        missing = sum(max(0, len(SERVICES) - found[life.uid]) for life in lives if life.exists)
        return max(missing, waiting)

    async def _watch(self) -> None:
        """Through whatever happens to the API server."""
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._follow()
            except (ApiError, aiohttp.ClientError, ConnectionError, TimeoutError):
                await asyncio.sleep(_PAUSE)

    async def _list(self) -> None:
        async with asyncio.timeout(5):
            found = await self._bed.request("GET", self._path)
        self._settled.clear()
        for each in found["items"]:
            self._take("ADDED", each)
        self._version = found["metadata"]["resourceVersion"]

    async def _follow(self) -> None:
        url = f"{self._bed.url}{self._path}?watch=true&allowWatchBookmarks=true&resourceVersion={self._version}"
        async with self._bed.api.session.get(url, timeout=_TIMEOUT, read_bufsize=_LONGEST_LINE) as answer:
            async for line in answer.content:
                seen = json.loads(line)
                if seen.get("type") not in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK"):
                    self._version = ""
                    return
                self._version = seen["object"]["metadata"]["resourceVersion"]
                if seen["type"] != "BOOKMARK":
                    self._take(seen["type"], seen["object"])

    def _take(self, kind: str, record: dict[str, Any]) -> None:
        name, uid = record["metadata"]["name"], record["spec"]["runRef"]["uid"]
        said = record.get("status", {})
        [condition] = said.get("conditions") or [{"status": "", "reason": ""}]
        told = {key: said[key] for key in ("annotations", "intent", "verifyTime", "nextAttemptTime") if key in said}
        why = condition.get("message", "") if condition["status"] != "True" else ""
        self._note(f"{kind} {name}: {condition['status']} {condition['reason']} {why} {told or ''}")
        if condition["reason"] == "MaybeSent" or made_again(self._said.get(name, {}), said):
            self.maybe.add((uid, record["spec"]["integration"]))
        if kind == "DELETED":
            self._settled.pop(name, None)
            self._said.pop(name, None)
        else:
            self._said[name] = said
            self._settled[name] = uid, condition["status"] == "True" and "ownerReferences" in record["metadata"]
