"""Runs told to an endpoint that fails, by any integration with Delivery.MILESTONES: what gets lost, comes late or under
two ids. The process dies meanwhile, and in the end all records are deleted, so that everything is told again."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from hack import objects
from tekton_integrations import Integration, Run
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.milestones import reached

from .cluster import Cluster, played
from .controller import NAMESPACE, Controller
from .kube import InProcess
from .objects import Path
from .sink import STORM, Mishap, Read, Sink, SinkWire, Told
from .tekton import pipeline_run
from .virtual import run, steady
from .workload import ENDED, HOUR, Planned, workload

HOST = "hooks.example.com"


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One integration: how it is made, what a run and a Provider say to use it, and what its messages say."""

    make: Callable[[], Integration]
    annotations: Callable[[Planned], Mapping[str, str]]
    provider: Mapping[str, Any]
    read: Read


@dataclass(frozen=True, kw_only=True)
class Deliveries:
    """Times are seconds since the simulation began. `fails_over`: when the process is killed and another begins.
    `again`: all records are deleted in the end, and whoever comes next finds nothing."""

    channel: Channel
    runs: int = 300
    seconds: float = HOUR / 3
    down: tuple[float, float] = (300.0, 600.0)
    mishaps: tuple[Mishap, ...] = STORM
    fails_over: tuple[float, ...] = (450.0, 900.0)
    again: bool = True
    seed: int = 1
    patience: float = 3 * 24 * HOUR


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """`messages`: taken, each once; `repeats`: taken once more. `half` and `largest`: from a run's end until it was
    told, in seconds. `stale`: what came after something newer, or an end that is not the run's; `doubled`: milestones
    that came under two ids. `told_again`: so many were, after the records were gone."""

    runs: int
    messages: int
    repeats: int
    told_again: int
    statuses: Mapping[int, int]
    unreached: int
    half: float
    largest: float
    settled: float
    unsettled: int
    lost: list[str]
    stale: list[str]
    doubled: list[str]
    cpu: float


def delivered(scenario: Deliveries) -> Delivered:
    """The same for the same scenario without a fail-over, but for the CPU time."""
    random.seed(scenario.seed)  # back-off, and who asks first
    begin = time.process_time()
    return run(_delivered(scenario, begin))


async def _delivered(scenario: Deliveries, begin: float) -> Delivered:
    work = workload(0, scenario.runs, scenario.seed, scenario.seconds)
    cluster = Cluster(work=work, annotations=scenario.channel.annotations)
    cluster.store.put(
        Path.of(objects.PROVIDER.format(NAMESPACE, "hooks")),
        objects.provider(NAMESPACE, "hooks", dict(scenario.channel.provider)),
    )
    sink = Sink(read=scenario.channel.read, down=scenario.down, mishaps=scenario.mishaps, seed=scenario.seed)
    async with played(cluster):
        await lives(scenario, cluster, sink)
        over, before = steady(), sink.repeats.total()
        if scenario.again:
            cluster.lose_records()
            await _life(scenario, cluster, sink, len(scenario.fails_over) + 1, over + scenario.patience)
    return _judged(scenario, work.runs, sink, cluster, (over, before, time.process_time() - begin))


async def lives(scenario: Deliveries, cluster: Cluster, sink: Sink) -> None:
    """Each but the last one is killed."""
    for number, end in enumerate(scenario.fails_over):
        controller = _controller(scenario, cluster, sink, number)
        await asyncio.sleep(end - steady())
        await controller.kill()
    await _life(scenario, cluster, sink, len(scenario.fails_over), scenario.patience)


async def _life(scenario: Deliveries, cluster: Cluster, sink: Sink, number: int, patience: float) -> None:
    """Until everything is settled."""
    controller = _controller(scenario, cluster, sink, number)
    await cluster.settled(patience)
    await controller.kill()


def _controller(scenario: Deliveries, cluster: Cluster, sink: Sink, number: int) -> Controller:
    seed = scenario.seed + number
    client = InProcess(cluster.store, cluster.below, seed)
    return Controller(f"controller-{number}", scenario.channel.make(), SinkWire(sink, seed), client)


def _judged(
    scenario: Deliveries, runs: Sequence[Planned], sink: Sink, cluster: Cluster, spent: tuple[float, int, float]
) -> Delivered:
    over, repeats, cpu = spent
    found = defaultdict[str, list[tuple[float, Told]]](list)
    for taken in sink.told.values():
        found[taken[1].run].append(taken)
    lost, stale, doubled, waits = list[str](), list[str](), list[str](), list[float]()
    for each in runs:
        messages = found[each.name]
        _judge(each, ended(each), [told for _, told in messages], (lost, stale, doubled))
        waits += [at - each.ends for at, told in messages[-1:]]
    waits.sort()
    return Delivered(
        runs=len(runs),
        messages=len(sink.told),
        repeats=repeats,
        told_again=sink.repeats.total() - repeats,
        statuses=dict(sink.statuses),
        unreached=sink.unreached,
        half=waits[len(waits) // 2] if waits else 0.0,
        largest=max(waits, default=0.0),
        settled=over,
        unsettled=cluster.left,
        lost=lost,
        stale=stale,
        doubled=doubled,
        cpu=cpu,
    )


def _judge(planned: Planned, ended: Run, told: Sequence[Told], verdict: tuple[list[str], list[str], list[str]]) -> None:
    lost, stale, doubled = verdict
    counts = Counter(each.milestone for each in told)
    due = Counter(key.partition("/")[0] for key, _ in reached(ended))
    lost += [f"{planned.name}: {name}" for name in (due - counts).elements()]
    doubled += [f"{planned.name}: {name}" for name in (counts - due).elements()]
    if [each.sequence for each in told] != sorted(each.sequence for each in told):
        stale.append(f"{planned.name}: {[each.milestone for each in told]}")
    if told and told[-1].state != ended.state:
        stale.append(f"{planned.name}: {told[-1].state}, not {ended.state}")


def ended(planned: Planned) -> Run:
    whole = pipeline_run(planned, ENDED, {})
    identity = {"namespace": planned.tenant, "name": planned.name, "resourceVersion": "1", "generation": 1}
    return decode_run(msgspec.json.encode({**whole, "metadata": {**whole["metadata"], **identity}}))
