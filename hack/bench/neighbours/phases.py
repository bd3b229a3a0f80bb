"""One phase: a controller of its own; the storm of its start; then the quiet tenant's runs at an even rate."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from hack.bench import driver, helpers, machine, usage
from hack.bench.driver import Done, Moment, Write
from hack.bench.load import Load
from hack.bench.lookalike import Call
from hack.bench.place import ACCEPT, CONNECTIONS, START_SECONDS
from hack.bench.witness import Witness
from hack.controller import Controller
from hack.testbed.api import polled

from .hosts import Counts, repository
from .results import Phase, Sizes
from .town import QUIET, Town, alone

# The storm is over when no name is due, the controller used less than this share of a processor for so many seconds,
# and so many reports arrived for each noisy host, as go at once: one that only waits for the dead host rests, too.
_REST_SHARE, _REST_SECONDS, _REST_REPORTS = 0.2, 5.0, 60
_PATIENCE_SECONDS = 60.0
_WARM_UP = 4


async def played(town: Town, sizes: Sizes, number: int, *, noise: bool) -> Phase:
    arguments = [] if noise else alone()
    log = town.folder / f"controller-{number}.log"
    controller = await Controller.start(town.pod, log, arguments=arguments)
    pid = controller.child.pid
    try:
        begin, first = time.monotonic(), await town.others.counts()
        wanted = first.accepted + (_REST_REPORTS * sizes.noisy_hosts if noise else 0)
        await controller.ready(seconds=START_SECONDS)
        rested = await _rested(town, controller, wanted, begin + sizes.storm)
        storm = time.monotonic() - begin
        await _shown(town, Load(QUIET, repository(QUIET), f"warm-{number}", _WARM_UP), sizes)
        await town.bed.collect()
        looks = await _looks(controller)
        loop, counts, cpu, begin = machine.loop(), await town.others.counts(), usage.cpu(pid), time.monotonic()
        load = Load(QUIET, repository(QUIET), f"quiet-{number}", sizes.rate * sizes.seconds)
        shown = await _shown(town, load, sizes)
        return Phase(
            storm=storm,
            rested=rested,
            stormed=_added(first, counts),
            shown=shown.shown,
            written=shown.written,
            told=shown.told,
            arrived=shown.arrived,
            missing=shown.missing,
            cpu=usage.cpu(pid) - cpu,
            seconds=time.monotonic() - begin,
            rss=usage.rss(pid),
            counts=_added(counts, await town.others.counts()),
            late=_late(looks, await _looks(controller)),
            loop=loop,
        )
    finally:
        await controller.stop()


async def _rested(town: Town, controller: Controller, wanted: int, until: float) -> bool:
    """False if it did not, or `wanted` reports were not accepted, before the time `until` of the monotonic clock."""
    pid = controller.child.pid
    while (left := until - time.monotonic()) > 0:
        before = usage.cpu(pid)
        await asyncio.sleep(min(left, _REST_SECONDS))
        quiet = left > _REST_SECONDS and usage.cpu(pid) - before < _REST_SHARE * _REST_SECONDS
        if quiet and not await _due(controller) and (await town.others.counts()).accepted >= wanted:
            return True
    return False


async def _due(controller: Controller) -> float:
    """The number of names."""
    samples = await controller.metrics()
    return sum(n for name, n in samples.items() if name.startswith("tekton_integrations_queue_depth{"))


async def _looks(controller: Controller) -> tuple[float, float]:
    """How often the event loop looked at the clock, and how often at most 10 ms late."""
    samples = await controller.metrics()
    lag = "tekton_integrations_loop_lag_seconds"
    return samples[f"{lag}_count"], samples[f'{lag}_bucket{{le="0.01"}}']


def _late(before: tuple[float, float], after: tuple[float, float]) -> float:
    looks, timely = after[0] - before[0], after[1] - before[1]
    return 100 * (looks - timely) / looks if looks else 0.0


class _Shown(NamedTuple):
    """See Phase."""

    shown: list[float]
    written: list[float]
    told: list[float]
    arrived: list[float]
    missing: int


async def _shown(town: Town, load: Load, sizes: Sizes) -> _Shown:
    writes = load.paced(2 * sizes.rate)  # each run makes two reports
    seen = max((call.number for call in await town.quiet.calls(QUIET)), default=0)
    async with Witness.watching(town.bed.api, QUIET) as witness:
        done = await _write(town, writes)
        sent = _sent(writes, done)
        until: dict[Moment, Call] = {}

        async def probe() -> bool:
            until.update(_calls(await town.quiet.calls(QUIET, seen)))
            return until.keys() >= sent.keys()

        with suppress(TimeoutError):
            await polled(probe, _PATIENCE_SECONDS)
    arrived = {moment: witness.seen.get(moment, at) for moment, at in sent.items()}
    called = {moment: call.time for moment, call in until.items()}
    return _Shown(
        shown=_delays(sent, {moment: call.answered or call.time for moment, call in until.items()}),
        written=_delays(sent, called),
        told=_delays(sent, arrived),
        arrived=_delays(arrived, called),
        missing=len(sent.keys() - until.keys()),
    )


async def _write(town: Town, writes: list[Write]) -> list[Done]:
    kubeconfig = str(town.bed.admin_kubeconfig)
    plan = driver.Plan(kubeconfig=kubeconfig, accept=ACCEPT, connections=CONNECTIONS, writes=writes)
    return await helpers.run("hack.bench.driver", plan, list[Done], town.folder)


def _sent(writes: Sequence[Write], done: Sequence[Done]) -> dict[Moment, float]:
    return {write.moment: each.sent for write, each in zip(writes, done, strict=True) if write.moment}


def _calls(calls: Sequence[Call]) -> dict[Moment, Call]:
    """Which first showed each state of a commit; an end says that the run had begun, too."""
    first: dict[Moment, Call] = {}
    for call in calls:
        if call.method == "POST" and (call.status or 500) < 300:
            sha = call.path.rpartition("/")[2]
            first.setdefault(Moment(sha, False), call)
            if call.body["state"] != "pending":
                first.setdefault(Moment(sha, True), call)
    return first


def _delays(since: Mapping[Moment, float], until: Mapping[Moment, float]) -> list[float]:
    now = time.time()
    return sorted(1000 * (until.get(moment, now) - at) for moment, at in since.items())


def _added(before: Counts, after: Counts) -> Counts:
    return Counts(
        accepted=after.accepted - before.accepted,
        refused=after.refused - before.refused,
        violations=after.violations - before.violations,
        dead=after.dead - before.dead,
    )
