"""Who lives there: the tenants, the hosts with a Provider each, and the noise, which is written into etcd once."""

import hashlib
import random
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import msgspec

from hack import objects
from hack.bench.etcd import Etcd, Stored, caught_up
from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Controller, Pod
from hack.testbed import TestBed
from tekton_integrations.record import rfc3339

from . import hosts
from .hosts import Hosts, Plan
from .results import Sizes

QUIET, NOISY, STUCK, OTHERS = "quiet", "noisy", "stuck", "others"
_DEAD = "dead"
_RUNS = "/apis/tekton.dev/v1/pipelineruns"
_KEY = "/registry/tekton.dev/pipelineruns/{}/{}"


class Bed(TestBed):
    """Its API server does nothing on its own while is measured; what it does takes both of two processors, whether or
    not a controller is there: with 100,000 runs the check of its own cache 40 s every five minutes, and a collection of
    garbage a second every eight."""

    APISERVER = ("--feature-gates=DetectCacheInconsistency=false",)
    # A phase of a minute makes less garbage than that, after `collect`.
    ENVIRONMENT: ClassVar[Mapping[str, str]] = {"GOGC": "1000"}

    async def collect(self) -> None:
        """Garbage, now (https://pkg.go.dev/net/http/pprof)."""
        async with self.api.session.get(f"{self.url}/debug/pprof/heap?gc=1") as answer:
            answer.raise_for_status()
            await answer.read()


@dataclass(frozen=True, kw_only=True)
class Aim:
    """`count` runs of a tenant that ask to be shown at one host."""

    namespace: str
    host: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Town:
    """`quiet` is the quiet tenant's host, a process of its own; `others` are all others."""

    bed: Bed
    pod: Pod
    folder: Path
    quiet: Hosts
    others: Hosts

    @classmethod
    @asynccontextmanager
    async def founded(cls, bed: Bed, sizes: Sizes, folder: Path) -> "AsyncIterator[Town]":
        pod = Pod(await bed.service_account_directory(NAMESPACE, SERVICE_ACCOUNT), bed.service_environment)
        seconds = sizes.service / 1000
        names = [f"host-{number:02}" for number in range(sizes.hosts - 2)]
        async with (
            Hosts.started(Plan(names=[QUIET], limits=False, seconds=seconds), folder / "quiet-host.log") as quiet,
            Hosts.started(Plan(names=names, limits=True, seconds=seconds), folder / "hosts.log") as others,
        ):
            town = cls(bed=bed, pod=pod, folder=folder, quiet=quiet, others=others)
            await town._settle(sizes, names)
            yield town

    async def _settle(self, sizes: Sizes, names: list[str]) -> None:
        for namespace in (QUIET, NOISY, STUCK, OTHERS):
            await self.bed.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
        aims = _aims(sizes, names)
        urls = {QUIET: self.quiet.urls[QUIET], _DEAD: self.others.dead, **self.others.urls}
        for aim in (Aim(namespace=QUIET, host=QUIET, count=0), *aims):
            await self._provide(aim, urls[aim.host])
        # Runs that had ended before the first start would not be reported.
        async with Controller.started(self.pod, self.folder / "first.log", arguments=alone()):
            pass
        async with Etcd.opened(self.bed) as etcd:
            await etcd.put(_noise(aims))
        if (stored := await caught_up(self.bed, _RUNS)) != sizes.noise:
            raise RuntimeError(f"{sizes.noise} runs were written, and {stored} are there")

    async def _provide(self, aim: Aim, url: str) -> None:
        name = aim.host
        grants = [objects.grant(aim.namespace, targets=[hosts.repository(name)])]
        await self.bed.apply(
            objects.github_token_secret(NAMESPACE, name, hosts.token(name)),
            objects.github_token(NAMESPACE, name, secret=name, endpoint=url, grants=grants),
        )


def alone() -> list[str]:
    """Arguments of a controller that serves the quiet tenant only."""
    return ["--watch-namespace", QUIET]


def _aims(sizes: Sizes, names: list[str]) -> list[Aim]:
    noisy, others = names[: sizes.noisy_hosts], names[sizes.noisy_hosts :]
    share, rest = divmod(sizes.runs, len(noisy))
    return [
        *(Aim(namespace=NOISY, host=host, count=share + (number < rest)) for number, host in enumerate(noisy)),
        *(Aim(namespace=OTHERS, host=host, count=sizes.other_runs) for host in others),
        Aim(namespace=STUCK, host=_DEAD, count=sizes.dead_runs),
    ]


def _noise(aims: list[Aim]) -> Iterator[Stored]:
    """Small runs that have just ended; those of different hosts in turn, as they would come."""
    dice, most = random.Random(1), max(aim.count for aim in aims)
    for number in range(most):
        now = rfc3339(time.time() + 1, precise=False)
        for aim in aims:
            if number < aim.count:
                yield _ended(aim, number, str(uuid.UUID(int=dice.getrandbits(128), version=4)), now)


def _ended(aim: Aim, number: int, uid: str, now: str) -> Stored:
    name = f"{aim.host}-{number:06}"
    owner, _, repository = hosts.repository(aim.host).partition("/")
    domain = f"github.{objects.GROUP}"
    sha = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
    annotations = {f"{domain}/owner": owner, f"{domain}/repo": repository, f"{domain}/sha": sha}
    condition = {"type": "Succeeded", "status": "True", "reason": "Succeeded", "message": "Tasks Completed: 1"}
    run = {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "metadata": {
            "name": name,
            "namespace": aim.namespace,
            "uid": uid,
            "creationTimestamp": now,
            "generation": 1,
            "annotations": annotations,
        },
        "spec": {"pipelineRef": {"name": "build"}},
        "status": {
            "startTime": now,
            "completionTime": now,
            "conditions": [condition | {"lastTransitionTime": now}],
        },
    }
    return Stored(_KEY.format(aim.namespace, name), msgspec.json.encode(run))
