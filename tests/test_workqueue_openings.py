"""Thousands of names that wait for one quota or one host: let go in order, no stampede. Time is virtual."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from tekton_integrations.errors import TemporaryError
from tekton_integrations.gate import Gate
from tekton_integrations.limits import Bucket, Cost, Limits
from tekton_integrations.quota import Quota
from tekton_integrations.workqueue import WorkQueue
from tests.virtual_time import clock, run

COST = Cost(points=5, final=False)
END = Cost(points=5)
LIMITS = Limits(buckets=(Bucket(rate=15, burst=900),))
PACED = Limits(buckets=LIMITS.buckets, certain=True)


@dataclass
class Service:
    """Takes a third of a second for each call. What a report there costs, and when each name was accepted."""

    queue: WorkQueue[str]
    quota: Quota
    gate: Gate
    down_until: float = 0.0
    accepted: dict[str, float] = field(default_factory=dict)
    refused: int = 0
    calls: list[float] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    async def report(self, name: str) -> None:
        with self.gate.admitted():
            self.quota.take(END if name.endswith("end") else COST)
            self.calls.append(clock())
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            await asyncio.sleep(1 / 3)
            self.under_way -= 1
            if clock() < self.down_until:
                raise TemporaryError("Unreachable", "no connection", down=True)
            self.accepted[name] = clock()

    async def work(self) -> None:
        while True:
            name = await self.queue.get()
            error: TemporaryError | None = None
            try:
                await self.report(name)
            except TemporaryError as caught:
                error = caught
            self.queue.done(name)
            if error is not None and error.at is not None:
                self.refused += 1
                self.queue.park(name, error.at)
            elif error is not None:
                self.queue.add_after(name, 1.0)


async def until_accepted(service: Service, count: int, workers: int = 32) -> None:
    tasks = [asyncio.create_task(service.work()) for _ in range(workers)]
    while len(service.accepted) < count:
        await asyncio.sleep(1)
        assert clock() < 100_000, "not all were accepted"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def service_of_teams(limits: Limits = LIMITS) -> Service:
    queue = WorkQueue[str](lambda name: name.split("/")[0])
    return Service(queue, Quota(limits, clock), Gate("127.0.0.5", clock=clock))


def per_second(times: list[float]) -> Counter[int]:
    return Counter(int(time) for time in times)


def test_ten_thousand_names_parked_at_one_reset_go_at_the_rate() -> None:
    async def scene() -> None:
        service = service_of_teams()
        service.quota.check(COST)
        service.quota.block(3600)
        for number in range(10_000):
            service.queue.park(f"a/{number}", service.quota.at(COST), number / 1000)
        await until_accepted(service, 10_000)
        began = sorted(service.calls)
        assert began[0] >= 3600
        assert max(per_second(began).values()) <= 3 + 3  # a few when it resets, then 3 a second
        assert service.refused == 0
        assert began[-1] - 3600 < 10_000 / 3 + 10  # and nothing of the rate is left unused
        order = [int(name.split("/")[1]) for name in service.accepted]
        assert order == sorted(order)

    run(scene())


def test_a_name_of_another_group_goes_second_among_ten_thousand() -> None:
    async def scene() -> None:
        service = service_of_teams()
        service.quota.block(60)
        for number in range(10_000):
            service.queue.park(f"big/{number}", service.quota.at(COST))
        service.queue.park("small/1", service.quota.at(COST))
        await until_accepted(service, 4)
        assert service.accepted["small/1"] < 61

    run(scene())


def test_beside_a_flood_of_ends_the_few_of_another_group_are_shown_soon_and_ends_sooner() -> None:
    async def scene() -> None:
        service = service_of_teams(PACED)
        for number in range(3000):
            service.queue.add(f"big/{number}-begin", 5)
        for number in range(3000):
            service.queue.add(f"big/{number}-end")
        asked: dict[str, float] = {}

        async def small() -> None:
            for number in range(20):
                await asyncio.sleep(31)
                for name, slack in ((f"small/{number}-begin", 5.0), (f"small/{number}-end", 0.0)):
                    asked[name] = clock()
                    service.queue.add(name, slack)

        task = asyncio.create_task(small())
        await until_accepted(service, 6040)
        await task
        delays = {name: service.accepted[name] - asked[name] for name in asked}
        ends = [delay for name, delay in delays.items() if name.endswith("end")]
        assert max(ends) < 3
        assert max(delays.values()) < 15
        big = sorted(service.accepted[f"big/{number}-end"] for number in range(3000))
        assert big[-1] < 3000 / 3 * 1.15
        assert max(service.accepted.values()) < 6040 / 3 * 1.05

    run(scene())


def test_names_that_run_into_the_limit_together_are_all_accepted_at_its_rate() -> None:
    async def scene() -> None:
        service = service_of_teams(PACED)
        for number in range(1000):
            service.queue.add(f"a/{number}")
        await until_accepted(service, 1000)
        saved = (900 - 300) / 5
        assert max(service.accepted.values()) < (1000 - saved) / 3 + 30
        assert (
            service.refused < 2 * 1000
        )  # each finds out at most once that the host is busy, and that points are missing

    run(scene())


def test_one_host_never_has_more_calls_under_way_than_its_cap() -> None:
    async def scene() -> None:
        service = service_of_teams()
        for number in range(500):
            service.queue.add(f"a/{number}")
        await until_accepted(service, 500, workers=64)
        assert service.most == 16
        assert service.refused < 500  # each finds out at most once
        assert max(service.accepted.values()) < 2 * 500 / (16 * 3)  # at least half of what the cap allows

    run(scene())


def test_a_host_that_is_down_gets_one_call_at_a_time_and_is_let_in_gradually() -> None:
    async def scene() -> None:
        service = service_of_teams()
        service.down_until = 1800
        for number in range(5000):
            service.queue.add(f"a/{number}")
        await until_accepted(service, 5000)
        while_down = [at for at in service.calls if at < 1800]
        assert len(while_down) < 16 + 25  # those that found out, and one for each pause
        back = min(service.accepted.values())
        assert back < 1800 + 301
        soon = [at for at in service.calls if back <= at < back + 1 / 3]
        assert len(soon) <= 4
        assert service.most == 16

    run(scene())
