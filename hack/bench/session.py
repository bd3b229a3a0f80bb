"""A controller, ours or that of kopf, under load: drives it, waits for what GitHub accepts, and reads what it cost."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from hack.testbed.api import polled
from hack.testbed.process import Child

from . import judge, usage
from .driver import Done, Moment, Write
from .load import Load
from .lookalike import Call
from .place import Place
from .results import WARM_UP, Counts, Delays, Phase
from .witness import Witness

# Seconds without which a report counts as lost, whatever the noise; and for each report of a phase.
_PATIENCE, _PATIENCE_EACH = 30.0, 0.1


@dataclass(kw_only=True)
class Session:
    """`loads` are those so far, `calls` all that it made at GitHub for its repository."""

    place: Place
    child: Child
    namespace: str
    repository: str
    loads: list[Load] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    seen: int = 0  # the number of the last request in the look-alike's log

    @classmethod
    async def opened(cls, place: Place, child: Child, namespace: str, repository: str) -> Self:
        """From now on. The child is that controller's process."""
        seen = max((call.number for call in await place.github.calls()), default=0)
        return cls(place=place, child=child, namespace=namespace, repository=repository, seen=seen)

    @property
    def pid(self) -> int:
        return self.child.pid

    async def warm_up(self) -> None:
        load = self.load("warm", WARM_UP)
        await self._phase(load.created(), lambda calls: _accepted(calls) >= WARM_UP)
        await self._phase(load.ended(), lambda calls: _completed(calls) >= WARM_UP)

    async def creating(self, load: Load) -> Phase:
        """New runs without a condition: each is shown as queued, all at once when the controller's grace ends."""
        return (await self._phase(load.created(), lambda calls: _accepted(calls) >= load.count))[0]

    async def concluding(self, load: Load) -> Phase:
        """The final states of these runs, as fast as the API server takes them."""
        return (await self._phase(load.ended(), lambda calls: _completed(calls) >= load.count))[0]

    async def steady(self, load: Load, rate: int) -> tuple[Phase, Delays, Delays]:
        """Runs that come, run and end at an even rate. Nobody is asked anything while they do.

        Delays from the witness's sight of a change, and from the driver's sending of it.
        """
        writes = load.paced(rate)
        async with Witness.watching(self.place.bed.api, self.namespace) as witness:
            phase, done = await self._phase(writes, lambda calls: _completed(calls) >= load.count)
        shown = judge.shown(await self.place.github.check_runs(self.repository))
        sent = {write.moment: each.sent for write, each in zip(writes, done, strict=True) if write.moment}
        return phase, _delays(witness.seen, shown), _delays(sent, shown)

    async def verdict(self) -> judge.Verdict:
        shas = {sha for load in self.loads for sha in load.shas()}
        return judge.judged(shas, await self.place.github.check_runs(self.repository))

    async def counts(self) -> Counts:
        ours = [call for call in self.calls if "/check-runs" in call.path]
        return Counts(
            runs=sum(load.count for load in self.loads),
            check_runs=len(await self.place.github.check_runs(self.repository)),
            calls=len(ours),
            token_calls=len(self.calls) - len(ours),
            record_writes=self.place.made(self.namespace, "integrationstatuses"),
            kube_events=self.place.made(self.namespace, "events"),
            lists=self.place.made(self.namespace, "taskruns", verbs=["list"]),
        )

    def load(self, prefix: str, count: int) -> Load:
        """New runs to be driven; `prefix` is another one each time."""
        load = Load(self.namespace, self.repository, prefix, count)
        self.loads.append(load)
        return load

    async def _phase(self, writes: list[Write], enough: Callable[[Sequence[Call]], bool]) -> tuple[Phase, list[Done]]:
        """Until `enough` was accepted and the controller rests, or patience ends: then the verdict tells."""
        apiserver = self.place.bed.apiserver_pid
        begin, before, elsewhere = len(self.calls), usage.cpu(self.pid), usage.cpu(apiserver)
        done = await self.place.write(writes)

        async def probe() -> bool:
            await self._look()
            return enough(self.calls[begin:])

        with suppress(TimeoutError):
            await polled(probe, _PATIENCE + _PATIENCE_EACH * len(writes))
        cpu = await usage.cpu_when_idle(self.pid) - before
        times = [call.time for call in self.calls[begin:] if call.accepted] or [time.time()]
        phase = Phase(
            reports=_accepted(self.calls[begin:]),
            cpu=cpu,
            apiserver=usage.cpu(apiserver) - elsewhere,
            seconds=times[-1] - times[0],
            behind=times[-1] - max(each.answered for each in done),
        )
        return phase, done

    async def _look(self) -> None:
        """Takes in what is new in the look-alike's log."""
        new = await self.place.github.calls(self.seen)
        self.seen = max([self.seen, *(call.number for call in new)])
        self.calls += new


def _accepted(calls: Sequence[Call]) -> int:
    return sum(call.accepted for call in calls)


def _completed(calls: Sequence[Call]) -> int:
    return sum(call.accepted and call.body["status"] == "completed" for call in calls)


def _delays(since: dict[Moment, float], until: dict[Moment, float]) -> Delays:
    return Delays(
        first=judge.milliseconds(since, until, final=False), final=judge.milliseconds(since, until, final=True)
    )
