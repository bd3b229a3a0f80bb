"""The whole soak on one API server: rest, load with a controller that is ended again and again, rest."""

import asyncio
import os
import platform
import sys
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from hack.bench import usage
from hack.bench.etcd import Etcd
from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Pod
from hack.testbed import TestBed
from hack.testbed.api import polled

from .evidence import Evidence
from .load import Load
from .reign import Reign
from .results import Counts, Results
from .rules import REST
from .samples import Sample, Sampler
from .services import Services
from .sizes import Sizes

_TELL_SECONDS = 60.0
# A controller that rests still holds connections for up to two minutes: those to the API server close after one, and
# whether they may is looked at once a minute.
_REST_SECONDS = 120.0


class SoakBed(TestBed):
    """Events go after ten minutes instead of an hour, so that it shows whether etcd stops growing. The audit log, of
    some gigabytes, is of no use here."""

    APISERVER = ("--event-ttl=10m", "--audit-log-path=")


async def soaked(bed: TestBed, sizes: Sizes, folder: Path) -> Results:
    """The bed has Tekton's kinds, manifests/base and the garbage collector on it. `folder` takes the controller's log,
    and what is known of runs that were judged wrong."""
    pod = Pod(await bed.service_account_directory(NAMESPACE, SERVICE_ACCOUNT), bed.service_environment)
    made = await bed.request("POST", "/api/v1/namespaces", {"metadata": {"generateName": "soak-"}})
    async with (
        Services.started(bed) as services,
        Etcd.opened(bed) as etcd,
        Reign.begun(pod, folder / "controller.log") as reign,
    ):
        namespace = made["metadata"]["name"]
        evidence = Evidence(bed, services, namespace, folder / "wrong.ndjson")
        load = Load(bed, services, reign, evidence, namespace)
        await asyncio.sleep(sizes.rest)
        return await _played(load, services, reign, Sampler(reign, etcd), sizes)


async def _played(load: Load, services: Services, reign: Reign, sampler: Sampler, sizes: Sizes) -> Results:
    before, begun, others = await sampler.look(), datetime.now(UTC), usage.Others()
    watching = [
        asyncio.create_task(sampler.watch(load, sizes.sample)),
        asyncio.create_task(_telling(load, sampler)),
    ]
    async with asyncio.TaskGroup() as group:
        playing = group.create_task(load.last(sizes))
        await reign.last(sizes.seconds, sizes.restart, sizes.steady * sizes.seconds)
        await playing
    after = await _rested(sampler, before, sizes)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return Results(
        sizes=sizes,
        machine=f"Python {platform.python_version()}, {os.cpu_count()} processors",
        others=others.busy,
        begun=begun.isoformat(timespec="seconds"),
        before=before,
        after=after,
        counts=_counts(load, services, reign),
        samples=sampler.samples,
    )


async def _rested(sampler: Sampler, before: Sample, sizes: Sizes) -> Sample:
    """The first look at which all is as before, or the last one."""
    seen = await sampler.look()

    async def probe() -> bool:
        nonlocal seen
        seen = await sampler.look()
        return all(value(seen) <= value(before) + more for value, more in REST.values())

    if sizes.rest:
        with suppress(TimeoutError):
            await polled(probe, sizes.rest + _REST_SECONDS)
    return seen


def _counts(load: Load, services: Services, reign: Reign) -> Counts:
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (integration, word), count in load.found.items():
        found[integration][word] = count
    late: Mapping[str, int] = {name: count for name, count in services.left().items() if count}
    return Counts(
        runs=load.started,
        judged=load.judged,
        unplayed=load.unplayed,
        kills=len(reign.kills),
        lives=reign.life,
        found=found,
        late=late,
        repeats=sum(inbox.repeats for inbox in services.inboxes.values()),
        problems=load.problems,
        seconds=load.seconds,
        delay=load.longest_delay,
    )


async def _telling(load: Load, sampler: Sampler) -> None:
    """Until cancelled: a line each minute."""
    while True:
        await asyncio.sleep(_TELL_SECONDS)
        last = sampler.samples[-1]
        words = ", ".join(f"{' '.join(key)}: {count}" for key, count in sorted(load.found.items())) or "nothing wrong"
        print(
            f"soak: {last.at / 60:.0f} min, life {last.life}, RSS {last.rss:.1f} MiB, {last.descriptors} descriptors, "
            f"{last.tasks:.0f} tasks, {last.depth:.0f} waiting, etcd {last.etcd_file:.0f} MiB, {last.processors:.2f} "
            f"processors; {load.judged} runs judged, {words}",
            file=sys.stderr,
            flush=True,
        )
