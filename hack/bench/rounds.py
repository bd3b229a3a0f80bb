"""One round: a controller of its own at saturation and at the steady rate, then the bare loop with the same calls."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from hack.controller import Controller

from . import bare, helpers, samples, usage
from .bare import Report, Used
from .load import Load
from .lookalike import OWNER
from .place import ACCEPT, Place
from .results import Measured, Phase, Round, Sizes
from .session import Session

_WORKERS = 16  # as many as the controller has
_RECORDS = "integrationstatuses"


@dataclass(frozen=True)
class Pattern:
    """What the bare loop is to send for a run's two reports."""

    first: Report
    last: Report


async def played(place: Place, sizes: Sizes, number: int) -> Round:
    repository = f"{OWNER}/round-{number}"
    await place.github.add_repository(repository)
    async with place.namespace("bench") as namespace:
        ours, pattern = await _ours(place, sizes, namespace, repository)
        # The controller is gone: it would take the records of the bare loop for its own.
        plan = await _bare(place, sizes, pattern, namespace, repository)
        return Round(
            ours=ours,
            bare=await helpers.run("hack.bench.bare", plan("bare", False), Used, place.folder),
            bare_with_events=await helpers.run("hack.bench.bare", plan("told", True), Used, place.folder),
            load=usage.load(),
        )


async def _ours(place: Place, sizes: Sizes, namespace: str, repository: str) -> tuple[Measured, Pattern]:
    async with Controller.started(place.pod, place.folder / "controller.log") as controller:
        await usage.cpu_when_idle(controller.child.pid)
        idle_rss = usage.rss(controller.child.pid)
        session = Session(place=place, controller=controller, namespace=namespace, repository=repository)
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


async def _saturated(session: Session, load: Load) -> tuple[Phase, Phase, Pattern]:
    """Creates and concludes, and keeps what was sent for it."""
    place, namespace, name = session.place, session.namespace, load.name(0)
    written = [place.made(namespace, _RECORDS)]
    creating = await session.creating(load)
    written.append(place.made(namespace, _RECORDS))
    in_progress, first = await samples.stored(place, namespace, name)
    concluding = await session.concluding(load)
    written.append(place.made(namespace, _RECORDS))
    final, last = await samples.stored(place, namespace, name)
    each = [round((after - before) / load.count) for before, after in itertools.pairwise(written)]
    pattern = Pattern(
        first=samples.first(session.calls, in_progress, first, each[0]),
        last=samples.last(session.calls, final, last, each[1]),
    )
    return creating, concluding, pattern


async def _bare(
    place: Place, sizes: Sizes, pattern: Pattern, namespace: str, repository: str
) -> Callable[[str, bool], bare.Plan]:
    """Makes plans for the bare loop; it needs names that nothing else has, and is told whether to write Events too."""
    token = await place.github.token(repository)
    return lambda prefix, with_events: bare.Plan(
        url=place.bed.url,
        ca_file=str(place.bed.ca_file),
        token=place.token,
        accept=ACCEPT,
        namespace=namespace,
        github=place.github.url,
        github_token=token,
        repository=repository,
        prefix=prefix,
        runs=sizes.runs,
        workers=_WORKERS,
        first=pattern.first,
        last=pattern.last,
        with_events=with_events,
    )
