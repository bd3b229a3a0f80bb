"""One round: the controller's start with runs that come meanwhile, between bare reads of the same objects."""

import asyncio
import time
from collections.abc import Mapping

from hack.bench import helpers, machine, usage
from hack.bench.etcd import Etcd, caught_up
from hack.bench.lookalike import FIRST as REPOSITORY
from hack.bench.lookalike import Call
from hack.bench.place import START_SECONDS, USER, WRITES, Place
from hack.controller import Controller
from hack.objects import PATH
from hack.player import Player
from hack.testbed import TestBed

from . import listing
from .filling import filled
from .listing import Read
from .newcomers import Arrivals
from .population import NAMESPACE
from .results import Memory, Results, Round, Sizes, Started

PATHS = ("/apis/tekton.dev/v1/pipelineruns", f"{PATH}/integrationstatuses")
_OLD = NAMESPACE.partition("{")[0]


async def measured(bed: TestBed, place: Place, sizes: Sizes) -> Results:
    async with Etcd.opened(bed) as etcd:
        seconds = await filled(place, etcd, sizes)
    stored = [await caught_up(bed, path) for path in PATHS]
    first = await _read(place, at_once=True)
    if not stored == first.objects == [sizes.runs] * len(PATHS):
        raise RuntimeError(f"of {sizes.runs} objects of each kind {stored} are stored, and {first.objects} were read")
    rounds = [await _round(place, sizes) for _ in range(sizes.rounds)]
    return Results(sizes=sizes, filled=seconds, rounds=rounds)


async def _read(place: Place, *, at_once: bool) -> Read:
    plan = listing.Plan(
        url=place.bed.url, ca_file=str(place.bed.ca_file), token=place.token, paths=PATHS, at_once=at_once
    )
    return await helpers.run("hack.bench.start.listing", plan, Read, place.folder)


async def _round(place: Place, sizes: Sizes) -> Round:
    others = usage.Others()
    in_turn, before = await _read(place, at_once=False), await _read(place, at_once=True)
    loop = machine.loop()
    async with place.namespace("new") as namespace:
        started = await _started(place, sizes, Arrivals(Player(place.bed.api), namespace))
    after = await _read(place, at_once=True)
    return Round(others=others.busy, loop=loop, in_turn=in_turn, before=before, after=after, started=started)


async def _started(place: Place, sizes: Sizes, arrivals: Arrivals) -> Started:
    seen = max((call.number for call in await place.github.calls()), default=0)
    before, history = _written(place), await _history(place, arrivals)
    begin, controller = time.monotonic(), await Controller.start(place.pod, place.folder / "controller.log")
    pid = controller.child.pid
    try:
        await _ready(controller, arrivals)
        seconds, cpu, at_ready = time.monotonic() - begin, usage.cpu(pid), _memory(pid)
        newcomers = await arrivals.reported(place.github)
        await asyncio.sleep(max(0.0, begin + seconds + sizes.idle - time.monotonic()))
        calls = [call for call in await place.github.calls(seen) if _is_old(call, arrivals.shas)]
        return Started(
            ready=seconds,
            cpu=cpu,
            idle_cpu=usage.cpu(pid) - cpu,
            at_ready=at_ready,
            later=_memory(pid),
            newcomers=newcomers,
            cached=_cached(await controller.metrics()),
            repeated={kind: count - before[kind] for kind, count in _written(place).items()}
            | {"calls": len(calls), "states": await _history(place, arrivals) - history},
        )
    finally:
        await controller.stop()


async def _ready(controller: Controller, arrivals: Arrivals) -> None:
    """While runs come and end."""
    is_ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(arrivals.coming(is_ready))
        await controller.ready(seconds=START_SECONDS)
        is_ready.set()


def _memory(pid: int) -> Memory:
    return Memory(rss=usage.rss(pid), pss=usage.pss(pid), peak=usage.peak_rss(pid))


def _cached(metrics: Mapping[str, float]) -> dict[str, int]:
    """By kind, as `tekton_integrations_cached_objects` tells."""
    name = "tekton_integrations_cached_objects"
    return {each.partition('"')[2].rpartition('"')[0]: int(n) for each, n in metrics.items() if each.startswith(name)}


def _written(place: Place) -> dict[str, int]:
    """The controller's writes so far in the namespaces of the old runs, refused ones as well."""
    entries = [each["objectRef"] for each in place.bed.audit(user=USER, verbs=WRITES)]
    old = [each["resource"] for each in entries if each.get("namespace", "").startswith(_OLD)]
    return {"record writes": old.count("integrationstatuses"), "Events": old.count("events")}


def _is_old(call: Call, new: set[str]) -> bool:
    """It names the commit of an old run, or a check that does not exist: those of old runs were never made."""
    if call.method == "PATCH":
        return call.status == 404
    sha = call.body["head_sha"] if call.method == "POST" and "/check-runs" in call.path else _commit(call.path)
    return bool(sha) and sha not in new


def _commit(path: str) -> str:
    return path.partition("/commits/")[2].partition("/")[0]


async def _history(place: Place, arrivals: Arrivals) -> int:
    """How many states the checks of the runs have shown that the patterns were taken from."""
    found = await place.github.check_runs(REPOSITORY)
    return sum(len(each.history) for each in found if each.head_sha not in arrivals.shas)
