"""Two controllers of which one reports, a witness of their Lease, and what must be true of all runs in the end."""

import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Self

import aiohttp

from hack.controller import NAMESPACE, Controller, Place
from hack.player import PlayedRun
from hack.testbed import TestBed
from hack.testbed.api import ApiError, going_on, polled
from tests.e2e.aftermath import RECORDINGS, all_settled, mistakes, sha_of
from tests.e2e.forked import FORKED
from tests.e2e.stage import Stage
from tests.fakes.github import CheckRun

log = logging.getLogger(__name__)

DURATION = 15.0
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
TWIN = "Duplicate"


@dataclass(frozen=True, kw_only=True)
class Change:
    """Who held the Lease from when on; nobody when empty. `time` is that of time.monotonic()."""

    time: float
    holder: str


class Witness:
    """Watches a Lease: each holder, and when."""

    def __init__(self, name: str) -> None:
        self.changes: list[Change] = []
        self._name = name

    @classmethod
    @asynccontextmanager
    async def watching(cls, bed: TestBed, integration: str) -> AsyncIterator[Self]:
        witness = cls(f"tekton-integrations-{integration}")
        # A killed controller of an earlier test may still hold it.
        with suppress(ApiError):
            await bed.request("DELETE", f"{LEASES}/{witness._name}")
        async with going_on(witness._watch(bed), "the watch ended"):
            yield witness

    async def _watch(self, bed: TestBed) -> None:
        query = f"?watch=true&fieldSelector=metadata.name={self._name}"
        timeout = aiohttp.ClientTimeout(total=None)
        async with bed.api.session.get(f"{bed.url}{LEASES}{query}", timeout=timeout) as answer:
            async for line in answer.content:
                seen = json.loads(line)
                gone = seen["type"] == "DELETED"
                self._note("" if gone else seen["object"]["spec"].get("holderIdentity") or "")

    def _note(self, holder: str) -> None:
        if holder != self.holder:
            self.changes.append(Change(time=time.monotonic(), holder=holder))

    @property
    def holder(self) -> str:
        return self.changes[-1].holder if self.changes else ""

    async def taken(self, *, from_holder: str = "", seconds: float = 30) -> Change:
        """The change by which somebody else than `from_holder` came to hold it."""

        async def probe() -> Change | None:
            now = self.changes[-1] if self.changes else None
            return now if now and now.holder not in ("", from_holder) else None

        return await polled(probe, seconds)

    async def left(self, holder: str, seconds: float = 30) -> Change:
        """The change by which `holder` ceased to hold it."""

        async def probe() -> Change | None:
            last = max((i for i, each in enumerate(self.changes) if each.holder == holder), default=-1)
            after = self.changes[last + 1 :] if last >= 0 else []
            return after[0] if after else None

        return await polled(probe, seconds)


class Replicas:
    """A leader, and a standby that is ready to follow it."""

    def __init__(self, stage: Stage, witness: Witness, leader: Controller, standby: Controller, holder: str) -> None:
        self.stage = stage
        self.witness = witness
        self.leader = leader
        self.standby = standby
        self.holder = holder  # the leader, as it signs the Lease

    @classmethod
    @asynccontextmanager
    async def started(cls, stage: Stage, *, leader: Place = FORKED) -> AsyncIterator[Self]:
        """Who is started first leads. Both are stopped at the end, the standby first."""
        async with Witness.watching(stage.bed, "github") as witness, stage.controller(place=leader) as first:
            holder = (await witness.taken()).holder
            async with stage.controller() as second:
                yield cls(stage, witness, first, second, holder)

    async def taken_over(self, seconds: float = 40) -> Change:
        """When the standby came to hold the Lease."""
        return await self.witness.taken(from_holder=self.holder, seconds=seconds)

    def first_call(self, since: float) -> float:
        """When GitHub was first called after `since`, by anybody. Raises StopIteration where it was not."""
        return next(call.loop_time for call in self.stage.calls if call.loop_time > since)


class Marker:
    """A run of its own that is stopped right before its end, so that its end can be timed."""

    SHA = "f" * 40

    def __init__(self, stage: Stage, run: PlayedRun) -> None:
        self._stage = stage
        self._run = run

    @classmethod
    async def set(cls, stage: Stage, namespace: str) -> Self:
        run = await stage.player.start(
            "success", namespace=namespace, name="marker", sha=cls.SHA, events=False, children=False
        )
        await run.to_end(until=lambda step: step.status == "True")
        marker = cls(stage, run)
        await marker._shown("in_progress")
        return marker

    async def end(self) -> None:
        await self._run.to_end()

    async def reported(self, seconds: float = 40) -> float:
        """When its end was shown, by time.monotonic()."""
        check = await self._shown("completed", seconds)
        return check.history[-1].loop_time

    async def _shown(self, status: str, seconds: float = 20) -> CheckRun:
        async def probe() -> CheckRun | None:
            checks = [check for check in self._stage.checks(self.SHA) if check.status == status]
            return checks[-1] if checks else None

        return await polled(probe, seconds)


def doubled(stage: Stage, count: int) -> Iterator[str]:
    """What stands twice at GitHub although it was repaired, and what came back after it had ended."""
    for number in range(count):
        checks = stage.checks(sha_of(number))
        if len([check for check in checks if check.output.title != TWIN]) != 1:
            yield f"run {number} has {[(check.conclusion, check.output.title) for check in checks]}"
        for check in checks:
            states = [write.after.status == "completed" for write in check.history]
            if states != sorted(states):
                yield f"run {number} was reopened"


async def all_right(stage: Stage, namespace: str, count: int) -> None:
    """0 lost, 0 doubled after repair, 0 stale. The marker counts as a run, too."""
    await all_settled(stage, namespace, count + 1)
    await stage.github.late_writes()
    repaired = [check for check in stage.github.all_check_runs() if check.output.title == TWIN]
    log.info("checks that were doubled until they were repaired: %d", len(repaired))
    assert list(mistakes(stage, count)) == []
    assert list(doubled(stage, count)) == []
    assert [check.conclusion for check in stage.checks(Marker.SHA) if check.output.title != TWIN] == ["success"]


__all__ = ["DURATION", "RECORDINGS", "Change", "Marker", "Replicas", "Witness", "all_right", "doubled"]
