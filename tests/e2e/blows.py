"""What may happen to controllers and their connections, and time that passes: actions like those of machine.py."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from hack.testbed.api import polled
from tests.e2e.machine import Action
from tests.e2e.world import World

# How long a settled world is waited for between two actions, where nothing says that it must come.
SETTLE_SECONDS = 2.5
TAKE_OVER_SECONDS = 4.0


@dataclass(frozen=True)
class Cut:
    """Of the connections of the first controller to the API server: reset, silence, part, expire, or slow."""

    how: str

    async def act(self, world: World) -> None:
        cuts = world.controllers[0].cuts
        if self.how == "slow":
            cuts.delay = 0.1
        else:
            getattr(cuts, self.how)()


@dataclass(frozen=True)
class Heal:
    async def act(self, world: World) -> None:
        world.heal()


@dataclass(frozen=True)
class Crash:
    """The first controller dies; another one is there when that was the only one."""

    async def act(self, world: World) -> None:
        await world.crash()


@dataclass(frozen=True)
class Outage:
    """All controllers die; what is done meanwhile nobody sees."""

    meanwhile: list[Action]

    async def act(self, world: World) -> None:
        world.miss()
        while world.controllers:
            await world.controllers.pop().kill()
        for action in self.meanwhile:
            await action.act(world)
        await world.start()


@dataclass(frozen=True)
class CrashAtWrite:
    """As Crash, right after the next write at GitHub and before its answer."""

    async def act(self, world: World) -> None:
        world.fatal = True


@dataclass(frozen=True)
class Rival:
    """A second controller, which waits for the Lease."""

    async def act(self, world: World) -> None:
        if len(world.controllers) == 1:
            await world.start()


@dataclass(frozen=True)
class TakeOver:
    """A rival gets the Lease while its holder is cut off, and still alive."""

    async def act(self, world: World) -> None:
        await Rival().act(world)
        world.miss()
        before = await world.holder()
        world.controllers[0].cuts.part()
        world.controllers.reverse()
        with suppress(TimeoutError):
            await polled(lambda: world.held_by_another(before), TAKE_OVER_SECONDS)


@dataclass(frozen=True)
class Stop:
    """The first controller is told to end, and does; then as after Crash. Heals its connections before."""

    async def act(self, world: World) -> None:
        world.miss()
        world.controllers[0].cuts.heal()
        await world.controllers.pop(0).stop()
        if not world.controllers:
            await world.start()


@dataclass(frozen=True)
class Pause:
    """Time passes."""

    seconds: float

    async def act(self, world: World) -> None:
        await asyncio.sleep(self.seconds)


@dataclass(frozen=True)
class Settle:
    """Until all is as it must be, if that comes soon."""

    async def act(self, world: World) -> None:
        with suppress(TimeoutError):
            await world.converged(SETTLE_SECONDS)
