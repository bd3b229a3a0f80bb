"""What is seen at one moment: of the controller, of etcd, and of the API server."""

import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import aiohttp
import msgspec

from hack.bench import usage
from hack.bench.etcd import Etcd

from .load import Load
from .reign import Reign

_METRIC = "tekton_integrations_"
_PREFIXES = {
    "runs": "/registry/tekton.dev/pipelineruns/",
    "records": "/registry/integrations.tekton.dev/integrationstatuses/",
    "kube_events": "/registry/events/",
}
_MIB = 2**20


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """`at` and `age`: seconds since the first sample, and since the controller was ready. Memory and sizes in MiB;
    `blocks` are pieces of memory of Python's objects, in thousands; `etcd_file` includes what is free in it.
    `processors`: how many all processes of the soak kept busy since the sample before, `busy` the controller alone.
    `runs`, `records` and `kube_events` are keys in etcd."""

    at: float
    life: int
    age: float
    rss: float
    pss: float
    descriptors: int
    blocks: float
    tasks: float
    depth: float
    parked: float
    oldest: float
    cached: float
    etcd_file: float
    etcd_used: float
    runs: int
    records: int
    kube_events: int
    apiserver: float
    etcd: float
    live: int
    processors: float
    busy: float


class Sampler:
    def __init__(self, reign: Reign, etcd: Etcd) -> None:
        self.samples: list[Sample] = []
        self._reign, self._etcd = reign, etcd
        self._begin = self._then = time.monotonic()
        self._used, self._own, self._pid = usage.descendants(), 0.0, 0
        self._work = 0.0, 0.0

    async def watch(self, load: Load, every: float) -> None:
        """Until cancelled. While there is no controller nothing is seen."""
        while True:
            with suppress(aiohttp.ClientError, OSError):  # it may be ended at any time
                if self._reign.alive:
                    self.samples.append(await self.look(load.live))
            await asyncio.sleep(every)

    async def look(self, live: int = 0) -> Sample:
        controller, life = self._reign.controller, self._reign.life
        pid, now = controller.child.pid, time.monotonic()
        metrics, (size, used) = await controller.metrics(), await self._etcd.size()
        counts = {name: await self._etcd.count(prefix) for name, prefix in _PREFIXES.items()}
        programs = _children()
        processors, busy = self._worked(pid, now)
        return Sample(
            at=now - self._begin,
            life=life,
            age=now - self._reign.ready,
            rss=usage.rss(pid),
            pss=usage.pss(pid),
            descriptors=usage.descriptors(pid),
            blocks=_sum(metrics, "allocated_blocks") / 1000,
            tasks=_sum(metrics, "asyncio_tasks"),
            depth=_sum(metrics, "queue_depth"),
            parked=_sum(metrics, "queue_parked"),
            oldest=max(_values(metrics, "queue_oldest_seconds"), default=0.0),
            cached=_sum(metrics, "cached_objects"),
            etcd_file=size / _MIB,
            etcd_used=used / _MIB,
            apiserver=usage.rss(programs["kube-apiserver"]),
            etcd=usage.rss(programs["etcd"]),
            live=live,
            processors=processors,
            busy=busy,
            **counts,
        )

    def _worked(self, pid: int, now: float) -> tuple[float, float]:
        """Of another controller than before only what it used since it began is known. After less than a second
        there is nothing new."""
        if (seconds := now - self._then) >= 1:
            used, own = usage.descendants(), usage.cpu(pid)
            before = self._own if pid == self._pid else 0.0
            self._work = (used - self._used) / seconds, (own - before) / seconds
            self._then, self._used, self._own, self._pid = now, used, own, pid
        return self._work


def _values(metrics: Mapping[str, float], name: str) -> list[float]:
    whole = f"{_METRIC}{name}"
    return [value for key, value in metrics.items() if key.partition("{")[0] == whole]


def _sum(metrics: Mapping[str, float], name: str) -> float:
    return sum(_values(metrics, name))


def _children() -> dict[str, int]:
    """This process's own, by the names of their programs."""
    found: dict[str, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            name, fields = _stat(path)
            if int(fields[1]) == os.getpid():
                found[name] = int(path.parent.name)
    return found


def _stat(path: Path) -> tuple[str, list[str]]:
    """See man 5 proc: the name stands in parentheses, and may hold anything."""
    head, _, rest = path.read_text().rpartition(")")
    return head.partition("(")[2], rest.split()
