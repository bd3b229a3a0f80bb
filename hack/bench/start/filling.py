"""Fills the cluster: a few runs that the controller reports, and as many more of their kind as are wanted."""

import asyncio
import time
from typing import Any

from hack import objects
from hack.bench.etcd import Etcd
from hack.bench.place import Place
from hack.controller import Controller
from hack.player import Player
from hack.testbed.api import polled

from .newcomers import Arrivals
from .population import NAME, NAMESPACE, RECORDS, RUNS, Pattern
from .results import Sizes

# The namespace and the first name of the runs that the controller itself reports; no other ones have them.
PATTERNS, _FIRST = NAMESPACE.format(999), 900_000
REPORTED = 20


async def filled(place: Place, etcd: Etcd, sizes: Sizes) -> float:
    """The seconds that it took to write what the controller did not report itself."""
    for number in (*range(sizes.namespaces), 999):
        await place.bed.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE.format(number)}})
    pattern = await _pattern(place, etcd)
    begin = time.monotonic()
    await etcd.put(pattern.populated(sizes.runs - REPORTED, sizes.namespaces))
    return time.monotonic() - begin


async def _pattern(place: Place, etcd: Etcd) -> Pattern:
    arrivals = Arrivals(Player(place.bed.api), PATTERNS)
    async with Controller.started(place.pod, place.folder / "patterns.log"):
        await asyncio.gather(*(arrivals.play(NAME.format(_FIRST + number)) for number in range(REPORTED)))
        await polled(lambda: _settled(place))
    runs, records = await etcd.below(f"{RUNS}{PATTERNS}/"), await etcd.below(f"{RECORDS}{PATTERNS}/")
    return Pattern.proven(runs, records)


async def _settled(place: Place) -> bool:
    answer = await place.bed.request("GET", objects.RECORDS.format(PATTERNS))
    settled = [each for each in answer["items"] if _is_settled(each)]
    return len(settled) == REPORTED


def _is_settled(record: dict[str, Any]) -> bool:
    """Reported, left to the garbage collector, and nothing to be looked at again."""
    status = record["status"]
    [condition] = status["conditions"]
    open_ends = status.keys() & {"intent", "verifyTime", "nextAttemptTime"}
    return condition["status"] == "True" and "ownerReferences" in record["metadata"] and not open_ends
