"""Candidates for one Lease of a real API server; whoever acquires it looks whether another holds it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from hack.testbed import TestBed
from hack.testbed.api import polled
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import load
from tekton_integrations.kube.lease import Clock, Lease, LeaseTiming

PATIENCE = 20.0
NAME = "github"
SHORT = LeaseTiming(duration=3.0, renew=0.5, timeout=1.0, retry=0.5, absent=0.2)


class Election:
    """Candidates with a connection pool each. Open it with `held_on`."""

    def __init__(self, bed: TestBed, namespace: str) -> None:
        self.bed = bed
        self.namespace = namespace
        self.path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{NAME}"
        self.leases: dict[str, Lease] = {}
        self.acquired: list[str] = []  # who, each time
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._clients: list[KubeClient] = []

    @classmethod
    @asynccontextmanager
    async def held_on(cls, bed: TestBed, namespace: str, *holders: str) -> AsyncIterator["Election"]:
        election = cls(bed, namespace)
        try:
            for holder in holders:
                await election.add(holder)
            yield election
            for holder in election._tasks:
                election.check(holder)
        finally:
            for holder in election._tasks:
                await election.kill(holder)
            for client in election._clients:
                await client.__aexit__(None, None, None)

    async def add(self, holder: str, skew: float = 0.0) -> Lease:
        """One more, whose wall clock is wrong by `skew` seconds."""
        client = await KubeClient(await load(str(self.bed.admin_kubeconfig))).__aenter__()
        self._clients.append(client)
        clock = Clock(wall=lambda: time.time() + skew)
        lease = self.leases[holder] = Lease(client, self.namespace, NAME, holder, SHORT, clock=clock)
        self._tasks[holder] = [asyncio.create_task(lease.run()), asyncio.create_task(self._witness(holder, lease))]
        return lease

    async def _witness(self, holder: str, lease: Lease) -> None:
        while True:
            await lease.acquired()
            assert self.holding() == [holder], "two hold it"
            self.acquired.append(holder)
            await lease.lost()

    def check(self, holder: str) -> None:
        for task in self._tasks[holder]:
            if task.done() and not task.cancelled():
                task.result()
                raise AssertionError("nothing may end it")

    async def kill(self, holder: str) -> None:
        """It stops all at once, as after kill -9; what it holds it does not give up."""
        for task in self._tasks.get(holder, []):
            task.cancel()
        await asyncio.gather(*self._tasks.get(holder, []), return_exceptions=True)

    def holding(self) -> list[str]:
        return [holder for holder, lease in self.leases.items() if lease.held]

    async def holder(self, seconds: float = PATIENCE, but: str = "") -> str:
        """Who holds it, as soon as somebody does, other than `but`."""
        waiting = [
            asyncio.create_task(lease.acquired(), name=holder) for holder, lease in self.leases.items() if holder != but
        ]
        try:
            done, _ = await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            assert done, f"nobody else than {but!r} holds it after {seconds} s"
            return done.pop().get_name()
        finally:
            for task in waiting:
                task.cancel()

    async def stored(self) -> dict[str, Any]:
        return await self.bed.request("GET", self.path)

    async def renewals(self, count: int) -> None:
        """Returns after so many of them were stored."""
        for _ in range(count):
            before = (await self.stored())["metadata"]["resourceVersion"]
            await polled(self._changed(before), PATIENCE)

    def _changed(self, version: str) -> Callable[[], Awaitable[bool]]:
        async def changed() -> bool:
            return bool((await self.stored())["metadata"]["resourceVersion"] != version)

        return changed
