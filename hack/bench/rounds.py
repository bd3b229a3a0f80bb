"""One round: a controller of its own at saturation and at the steady rate, then the bare loop with the same calls."""

import itertools
from dataclasses import dataclass
from statistics import median

from msgspec.structs import replace

from hack.controller import Controller

from . import bare, helpers, machine, samples, usage
from .bare import Report, Used
from .kopf import measure as kopf
from .load import Load
from .lookalike import OWNER
from .place import ACCEPT, Place
from .results import Measured, Phase, Round, Sizes
from .samples import Made
from .session import Session
from .witness import Witness

_WORKERS = 16  # as many as the controller has


@dataclass(frozen=True)
class Pattern:
    """What the bare loop is to send for a run's two reports. `listed`: a run whose TaskRuns it is to list."""

    listed: str
    first: Report
    last: Report


async def played(place: Place, sizes: Sizes, number: int) -> Round:
    others, repository = usage.Others(), f"{OWNER}/round-{number}"
    await place.github.add_repository(repository)
    async with place.namespace("bench") as namespace:
        ours, pattern = await _ours(place, sizes, namespace, repository)
        # The controller is gone: it would report these runs, and take the records of the bare loop for its own.
        alone = await _driven_alone(place, Load(namespace, repository, "alone", sizes.paced_runs), sizes.rate)
        plan = await _bare(place, sizes, pattern, namespace, repository)
        loops = [machine.loop()]
        full = await _run(place, plan)
        loops.append(machine.loop())
        told = await _run(place, replace(plan, prefix="told", with_events=True))
        runs = max(1, sizes.paced_runs // 2)
        steady = await _run(place, replace(plan, prefix="even", with_events=True, rate=sizes.rate, runs=runs))
        loops.append(machine.loop())
    return Round(
        ours=ours,
        bare=full,
        bare_with_events=told,
        bare_steady=steady,
        apiserver_alone=alone,
        kopf=await kopf.played(place, sizes, number),
        load=usage.load(),
        others=others.busy,
        loop=median(loops),
    )


async def _ours(place: Place, sizes: Sizes, namespace: str, repository: str) -> tuple[Measured, Pattern]:
    async with Controller.started(place.pod, place.folder / "controller.log") as controller:
        await usage.cpu_when_idle(controller.child.pid)
        idle_rss = usage.rss(controller.child.pid)
        session = await Session.opened(place, controller.child, namespace, repository)
        await session.warm_up()
        creating, concluding, pattern = await _saturated(session, session.load("full", sizes.runs))
        steady, arrived, written = await session.steady(session.load("steady", sizes.paced_runs), sizes.rate)
        measured = Measured(
            idle_rss=idle_rss,
            rss=usage.rss(controller.child.pid),
            creating=creating,
            concluding=concluding,
            steady=steady,
            arrived=arrived,
            written=written,
            counts=await session.counts(),
            verdict=await session.verdict(),
        )
        return measured, pattern


async def _driven_alone(place: Place, load: Load, rate: int) -> float:
    """CPU seconds of kube-apiserver for the steady load, which nobody reports, and for the watch of the witness."""
    before = usage.cpu(place.bed.apiserver_pid)
    async with Witness.watching(place.bed.api, load.namespace):
        await place.write(load.paced(rate))
    return usage.cpu(place.bed.apiserver_pid) - before


async def _saturated(session: Session, load: Load) -> tuple[Phase, Phase, Pattern]:
    """Creates and concludes, and keeps what was sent for it."""
    place, namespace, name = session.place, session.namespace, load.name(0)
    made = [_made(place, namespace)]
    creating = await session.creating(load)
    made.append(_made(place, namespace))
    in_progress, first = await samples.stored(place, namespace, name)
    concluding = await session.concluding(load)
    made.append(_made(place, namespace))
    final, last = await samples.stored(place, namespace, name)
    each = [_each(load.count, before, after) for before, after in itertools.pairwise(made)]
    pattern = Pattern(
        listed=name,
        first=samples.first(session.calls, in_progress, first, each[0]),
        last=samples.last(session.calls, final, last, each[1]),
    )
    return creating, concluding, pattern


def _made(place: Place, namespace: str) -> Made:
    return Made(
        writes=place.made(namespace, "integrationstatuses"), lists=place.made(namespace, "taskruns", verbs=["list"])
    )


def _each(runs: int, before: Made, after: Made) -> Made:
    return Made(writes=round((after.writes - before.writes) / runs), lists=round((after.lists - before.lists) / runs))


async def _bare(place: Place, sizes: Sizes, pattern: Pattern, namespace: str, repository: str) -> bare.Plan:
    """The bare loop at saturation and without Events. Another one needs another prefix, for names of its own."""
    return bare.Plan(
        url=place.bed.url,
        ca_file=str(place.bed.ca_file),
        token=place.token,
        accept=ACCEPT,
        namespace=namespace,
        github=place.github.url,
        github_token=await place.github.token(repository),
        repository=repository,
        prefix="bare",
        listed=pattern.listed,
        runs=max(1, sizes.runs // 2),
        workers=_WORKERS,
        first=pattern.first,
        last=pattern.last,
        with_events=False,
        rate=0,
    )


async def _run(place: Place, plan: bare.Plan) -> Used:
    return await helpers.run("hack.bench.bare", plan, Used, place.folder)
