"""What may happen to runs, records, connections and controllers, as actions: the repr of each is a line of Python.

An action that makes no sense where it stands does nothing, so that any part of a list of actions is one, too. A slot
in which there is no run stands for another one in which there is.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from hack.testbed import ApiError
from tests.e2e.known import ASKS, OWN, STATUSES, Wanted
from tests.e2e.world import World
from tests.fakes.echo import Cut, Delay, Refusal
from tests.fakes.github import CutAfterWrite, CutBeforeWrite, Hang, LaggingList, LateWrite, ServerError
from tests.fakes.github.faults import Fault

CHILD = 3  # the slot of children
WRITE = r"^(POST|PATCH) .*/(check-runs|statuses)"
CALL = r"/(check-runs|statuses)"
# What comes late still comes within timeout and quarantine.
FAULTS: dict[str, tuple[str, Fault]] = {
    "error": (CALL, ServerError(502)),
    "cut before": (WRITE, CutBeforeWrite()),
    "cut after": (WRITE, CutAfterWrite()),
    "late": (WRITE, LateWrite(1.2)),
    "hang": (WRITE, Hang(0.8)),
    "hang after": (WRITE, Hang(0.8, after_write=True)),
    "lag": ("^GET .*/commits/.*/(check-runs|statuses)", LaggingList(0.3)),
}
DEAF: dict[str, Refusal | Cut | Delay] = {
    "refuses": Refusal(status=503),
    "cut before": Cut(when="before"),
    "cut after": Cut(),
    "late": Delay(seconds=0.8),
}
EDITS = ("label", "delete", "forget", "mislead", "claim")


class Action(Protocol):
    async def act(self, world: World) -> None: ...


@dataclass(frozen=True)
class Create:
    slot: int
    kind: str = "PipelineRun"
    ask: str = "main"
    status: str = "none"
    heard: bool = False

    async def act(self, world: World) -> None:
        if self.slot not in world.slots:
            wanted = Wanted(slot=self.slot, kind=self.kind, ask=self.ask, heard=self.heard)
            run = await world.create(wanted)
            if self.status != "none":
                await world.set_status(run, self.status)


@dataclass(frozen=True)
class Child:
    """A TaskRun of the first PipelineRun that there is, with annotations of its own or just its parent's. One that its
    parent does not list is shown on its own ten seconds later."""

    own: bool = True
    listed: bool = True
    status: str = "none"

    async def act(self, world: World) -> None:
        parents = [run for run in world.slots.values() if run.kind == "PipelineRun" and run.status != "invalid"]
        if CHILD in world.slots or not parents:
            return
        parent = parents[0]
        wanted = Wanted(
            slot=CHILD,
            kind="TaskRun",
            ask=OWN if self.own else parent.ask,
            heard=parent.heard,
            parent=parent,
            listed=self.listed,
        )
        run = await world.create(wanted)
        if self.status != "none":
            await world.set_status(run, self.status)


@dataclass(frozen=True)
class Status:
    """A run only goes on, and what has ended stays as it ended."""

    slot: int
    status: str

    async def act(self, world: World) -> None:
        run = world.pick(self.slot)
        if run is not None and STATUSES[self.status].rank > STATUSES[run.status].rank:
            await world.set_status(run, self.status)


@dataclass(frozen=True)
class Annotate:
    slot: int
    ask: str

    async def act(self, world: World) -> None:
        if (run := world.pick(self.slot)) is not None and not run.parent:
            # One that was made anew in the place of a child still asks as that did.
            away: dict[str, str | None] = dict.fromkeys([*world.annotations("renamed"), *world.annotations(OWN)])
            now = world.annotations(self.ask)
            await world.patch(run, {"annotations": away | now})
            for child in world.children(run):
                if child.silent and not world.annotations(child.ask).keys() <= now.keys():
                    child.silent = None
            run.ask = self.ask
            run.has_shared = run.has_shared or ASKS[run.ask].shared
            world.excuse(run)


@dataclass(frozen=True)
class Again:
    """Somebody wants it reported again at GitHub: of milestones the last one would be told twice."""

    slot: int

    async def act(self, world: World) -> None:
        if (run := world.pick(self.slot)) is not None:
            when = {"github.integrations.tekton.dev/report-at": str(world.number())}
            await world.patch(run, {"annotations": when})


@dataclass(frozen=True)
class Touch:
    slot: int

    async def act(self, world: World) -> None:
        if (run := world.pick(self.slot)) is not None:
            await world.patch(run, {"labels": {"touched": str(world.number())}})


@dataclass(frozen=True)
class Delete:
    slot: int

    async def act(self, world: World) -> None:
        if (run := world.pick(self.slot)) is not None:
            await world.delete(run)


@dataclass(frozen=True)
class Recreate:
    slot: int
    status: str = "none"

    async def act(self, world: World) -> None:
        if (run := world.pick(self.slot)) is not None:
            await world.delete(run)
            await Create(run.slot, run.kind, run.ask, self.status, run.heard).act(world)


@dataclass(frozen=True)
class EditRecord:
    """Somebody else's change of a run's record; see World.edit."""

    slot: int
    how: str

    async def act(self, world: World) -> None:
        if (run := world.pick(self.slot)) is not None:
            with suppress(ApiError):  # there may be none
                await world.edit(run, self.how)


@dataclass(frozen=True)
class Conflict:
    """All records change right after the next writes at GitHub, before the controller hears of these."""

    times: int

    async def act(self, world: World) -> None:
        world.conflicts = self.times


@dataclass(frozen=True)
class Revoke:
    """Takes the Provider's grants, or the Provider."""

    what: str = "grants"

    async def act(self, world: World) -> None:
        await world.revoke(self.what)


@dataclass(frozen=True)
class Grant:
    async def act(self, world: World) -> None:
        await world.grant()


@dataclass(frozen=True)
class Trouble:
    """At GitHub, for the next calls that it concerns."""

    what: str
    times: int

    async def act(self, world: World) -> None:
        match, fault = FAULTS[self.what]
        world.github.faults.add(match, fault, self.times)


@dataclass(frozen=True)
class Deaf:
    """Trouble where milestones are told."""

    what: str
    times: int

    async def act(self, world: World) -> None:
        world.receiver.faults.add(DEAF[self.what], times=self.times)
