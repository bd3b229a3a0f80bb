"""Leader election: each integration runs only in the process that holds its Lease (coordination.k8s.io/v1).

Everybody watches the Lease, so a release is taken up at once. Who may write when is decided in tenure.py.
"""

import asyncio
import math
import random
from contextlib import suppress

import msgspec

from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lease_json import API_VERSION, PLURAL, LeaseObject, decode_lease
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.source import Source
from tekton_integrations.kube.tenure import Clock, LeaseTiming, Tenure
from tekton_integrations.log import logger

__all__ = ["Clock", "Lease", "LeaseTiming"]

_TIMING = LeaseTiming()
_CLOCK = Clock()
# Timers stand still while the machine sleeps, and the clock does not: look at it this often.
_GLANCE = 1.0


class Lease:
    """A candidate for one Lease. `holder` must name this process alone: who bears its name takes over at once.

    Two never hold it at once, with one exception: the Lease is deleted while its holder can't reach the API server,
    and a candidate that has not seen that holder creates it anew.
    """

    def __init__(
        self,
        client: KubeClient,
        namespace: str,
        name: str,
        holder: str,
        timing: LeaseTiming = _TIMING,
        *,
        clock: Clock = _CLOCK,
    ) -> None:
        self.name = name
        self.trouble = ""  # why the last request failed; empty if it did not
        self._client = client
        self._collection = collection(API_VERSION, PLURAL, namespace)
        self._new = LeaseObject(metadata={"namespace": namespace, "name": name})
        self._timing = timing
        self._clock = clock
        self._tenure = Tenure(holder, timing, clock, random.random)
        self._log = logger.bind(lease=name)
        self._logged = 0
        self._failures = 0
        self._cut = False  # of a write of ours it is not known whether it took effect
        self._looked = -math.inf
        self._writing = asyncio.Lock()
        self._change = asyncio.Event()
        # The holder is heard every few seconds, and soon after its term another: a watch that hears neither is dead.
        only = {"fieldSelector": f"metadata.name={name}"}
        source = Source("Lease", self._collection, decode_lease, 2 * timing.duration, only)
        self._informer = Informer(client, source, Lister[LeaseObject]())
        self._informer.add_handler(self._on_change)

    @property
    def held(self) -> bool:
        return self.remaining() > 0

    def remaining(self) -> float:
        """Seconds for which it is surely ours, counted from before the last renewal was sent; 0.0 if it is not."""
        return self._tenure.remaining()

    @property
    def since(self) -> float:
        """When we acquired it last, in seconds since the epoch; 0.0 for never."""
        return self._tenure.since

    @property
    def holder_seen(self) -> str:
        """Who holds it, as far as we know; empty for nobody."""
        return self._tenure.holder_seen

    async def acquired(self) -> None:
        while not self.held:
            await self._changed()

    async def lost(self) -> None:
        """Returns when the tenure ends in which it was called, also if another of ours has begun since."""
        number = self._tenure.number
        while number == self._tenure.number and (left := self.remaining()) > 0:
            await self._changed(left)

    async def run(self) -> None:
        """Acquires it, renews it, acquires it again after a loss. Until cancelled, whatever the API server says."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._informer.run())
            while True:
                await self._changed(self._due() - self._clock.steady())
                await self._compete()
                self._tell()

    async def release(self) -> None:
        """Gives it up at once if it is ours, and competes no more. Never fails: at worst it has to expire.

        What was done under it must have ended before. Takes `timeout` seconds, or thrice as many at worst.
        """
        self._tenure.close()
        self._announce()
        async with self._writing:
            self._tenure.stale = self._cut
            for _ in range(3):
                if await self._given_up():
                    break

    def _due(self) -> float:
        tenure = self._tenure
        if self._informer.connected or self.held or tenure.closed:
            return tenure.due
        # Nothing but a look of our own would tell that its holder released it.
        return min(tenure.due, self._looked + self._timing.renew)

    async def _compete(self) -> None:
        async with self._writing:
            now, tenure = self._clock.steady(), self._tenure
            if now >= tenure.due and not tenure.stale:
                await self._claim()
            elif now >= self._due():
                await self._look()

    async def _claim(self) -> None:
        sent = self._clock.steady()
        before = self._tenure.lease or self._new
        try:
            lease = await self._write(before.claimed(self._tenure.holder, self._timing.duration, self._clock.wall()))
        except (ApiError, msgspec.DecodeError) as error:
            self._failed(error)
            return
        self._succeeded()
        self._tenure.wrote(lease, sent)
        self._announce()

    async def _look(self) -> None:
        self._looked = self._clock.steady()
        try:
            raw = await self._client.get(f"{self._collection}/{self.name}", timeout=self._timing.timeout)
            lease = decode_lease(raw)
        except (ApiError, msgspec.DecodeError) as error:
            if not isinstance(error, ApiError) or error.status != 404:
                self._failed(error)
                return
            self._tenure.gone()
        else:
            self._informer.observe(lease)
            self._tenure.saw(lease)
        self._tenure.looked()
        self._succeeded()
        self._announce()

    async def _given_up(self) -> bool:
        """False if it is worth another try."""
        tenure = self._tenure
        if tenure.stale:
            await self._look()
        if tenure.stale or tenure.lease is None or not tenure.ours:
            return True
        try:
            lease = await self._write(tenure.lease.released(self._clock.wall()))
        except (ApiError, msgspec.DecodeError) as error:
            self._failed(error)
            return not tenure.stale
        tenure.wrote(lease, self._clock.steady())
        self._log.info("lease released")
        return True

    async def _write(self, lease: LeaseObject) -> LeaseObject:
        """Creates or replaces it."""
        self._cut = True
        body, timeout = lease.to_object(), self._timing.timeout
        if lease.resource_version:
            answer = await self._client.put(f"{self._collection}/{self.name}", body, timeout)
        else:
            answer = await self._client.post(self._collection, body, timeout)
        self._cut = False
        written = lease.written(answer)
        self._informer.observe(written)
        return written

    def _failed(self, error: ApiError | msgspec.DecodeError) -> None:
        status = error.status if isinstance(error, ApiError) else 0
        self._cut = self._cut and not 400 <= status < 500
        if status in (404, 409):
            self._tenure.beaten()
            return
        self._tenure.failed()
        self._failures += 1
        self.trouble = str(error)
        log = self._log.warning if self._failures == 3 else self._log.debug
        log("lease neither read nor written", error=self.trouble, failures=self._failures)

    def _succeeded(self) -> None:
        self._failures = 0
        self.trouble = ""

    def _tell(self) -> None:
        number = self._tenure.number if self.held else 0
        if number == self._logged or self._tenure.closed:
            return
        if self._logged:
            self._log.info("lease lost", holder=self.holder_seen)
        if number:
            self._log.info("lease acquired", holder=self._tenure.holder)
        self._logged = number

    def _on_change(self, before: LeaseObject | None, now: LeaseObject | None) -> None:
        if now is not None:
            self._tenure.saw(now)
        elif before is not None:
            self._tenure.gone(before.resource_version)
        self._announce()

    def _announce(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def _changed(self, seconds: float = math.inf) -> None:
        """Returns after a change, and after `seconds` at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(seconds, _GLANCE))):
                await self._change.wait()
