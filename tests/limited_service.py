"""A service with a limit of writes that it does not tell, and clients that always have more to write. Virtual time."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from tekton_integrations.errors import Throttled
from tekton_integrations.limits import Cost
from tekton_integrations.quota import Quota
from tests.virtual_time import clock

WRITE = Cost(points=5, write=True)
LATENCY = 0.3
CLIENTS = 16


@dataclass
class Service:
    """Takes `limit` writes in any minute and refuses more; what it refuses does not count. `says`: with Retry-After."""

    limit: int
    says: bool = True
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    early: int = 0
    _recent: deque[float] = field(default_factory=deque)
    _closed_until: float = 0.0
    _refused_at: float = 0.0

    def call(self) -> bool:
        """Whether it is accepted."""
        now = clock()
        if self._refused_at + LATENCY < now < self._closed_until:
            self.early += 1
        while self._recent and self._recent[0] <= now - 60:
            self._recent.popleft()
        if len(self._recent) >= self.limit:
            self._refused_at, self._closed_until = now, now + 60
            self.refused.append(now)
            return False
        self._recent.append(now)
        self.accepted.append(now)
        return True

    def blocks(self, begin: float, end: float) -> int:
        """How often it began to refuse; calls that were under way together count once."""
        times = [at for at in self.refused if begin <= at < end]
        return sum(at - before > 30 for before, at in zip([-1e9, *times], times, strict=False))


async def taken(quota: Quota, cost: Cost = WRITE) -> None:
    """Returns when it has been taken."""
    while True:
        try:
            quota.take(cost)
        except Throttled as error:
            await asyncio.sleep(error.delay or 0.0)
        else:
            return


async def saturated(service: Service, quota: Quota, seconds: float) -> None:
    """Clients that write whatever the quota lets them."""
    end, turn = clock() + seconds, asyncio.Lock()

    async def client() -> None:
        while clock() < end:
            async with turn:
                await taken(quota)
            accepted = service.call()
            await asyncio.sleep(LATENCY)
            if not accepted:
                quota.penalise(60 if service.says else None)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
