"""One controller at a time, which is ended again and again, by SIGTERM and by kill -9 in turn, and started at once, as
a container in its pod."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from hack.controller import Controller, Pod

from .fates import INTEGRATIONS

# Whoever is started again in the pod of a killed holder need not wait until its Lease expires.
_ARGUMENTS = ("--integrations", ",".join(INTEGRATIONS), "--identity=controller-0")
# Seconds that a start may take on a machine that is busy with other things: an hour is not to end with it.
_SLOW = 300.0
# Seconds before a kill in which the answer to a call may have been lost.
_CUT = 2.0


class Reign:
    """`life` counts from 1; `ready` is when its controller was (monotonic), or None while there is none. `kills` are
    the times of kill -9, in seconds since the epoch."""

    def __init__(self, pod: Pod, log: Path, controller: Controller) -> None:
        self.controller = controller
        self.life, self.ready = 1, time.monotonic()
        self.kills: list[float] = []
        self.alive = True
        self._pod, self._log = pod, log

    @classmethod
    @asynccontextmanager
    async def begun(cls, pod: Pod, log: Path) -> AsyncIterator[Self]:
        controller = await Controller.start(pod, log, arguments=_ARGUMENTS)
        await controller.ready()
        reign = cls(pod, log, controller)
        try:
            yield reign
        finally:
            await reign.controller.stop()

    async def last(self, seconds: float, every: float, steady: float) -> None:
        """For so long, the last `steady` of it in one life. No life begins that would be shorter than half of the
        others."""
        end = time.monotonic() + seconds
        while time.monotonic() + max(1.5 * every, every + steady) <= end:
            await asyncio.sleep(every)
            await self.renew()
        await asyncio.sleep(max(0.0, end - time.monotonic()))

    async def renew(self) -> None:
        self.alive = False
        if self.life % 2:
            await self.controller.stop()
        else:
            self.kills.append(time.time())
            await self.controller.kill()
        self.controller = await Controller.start(self._pod, self._log, arguments=_ARGUMENTS)
        await self.controller.ready(_SLOW)
        self.life, self.ready, self.alive = self.life + 1, time.monotonic(), True

    def cut(self, at: float) -> bool:
        return any(kill - _CUT < at <= kill for kill in self.kills)
