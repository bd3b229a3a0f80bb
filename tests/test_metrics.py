"""What is made up when it is read: how long names wait, what services still allow; and how late reports are."""

import asyncio

import pytest

from tekton_integrations import metrics
from tekton_integrations.limits import Limits
from tekton_integrations.quotas import Quotas
from tekton_integrations.run import State
from tekton_integrations.workqueue import WorkQueue
from tests.reconciling import Noting, NotingMilestones, World
from tests.test_quotas import PROVIDER
from tests.virtual_time import Clock, run


def gauge(name: str) -> float | None:
    return metrics.registry.get_sample_value(f"tekton_integrations_{name}", {"integration": "toy"})


def test_the_oldest_of_all_groups_counts_and_neither_its_slack_nor_what_is_delayed() -> None:
    async def scene() -> None:
        queue = WorkQueue[str](group=lambda name: name[0])
        assert queue.oldest == 0
        queue.add("b1", slack=5)
        queue.add_after("c1", 1000)
        await asyncio.sleep(2)
        assert queue.oldest == 0
        queue.add("a1")
        await asyncio.sleep(4)
        assert queue.oldest == 4
        assert await queue.get() == "b1"
        assert await queue.get() == "a1"
        assert queue.oldest == 0

    run(scene())


def test_a_block_and_what_is_left_where_it_is_least_are_told(clock: Clock) -> None:
    quotas = Quotas(clock, lambda: clock.now + 1e9)
    quotas.measure("toy", working=True)
    assert (gauge("throttled_until_timestamp_seconds"), gauge("quota_left_ratio")) == (0, 1)
    quotas.get(PROVIDER, "acme", Limits()).learn(limit=5000, remaining=1000, reset_in=60)
    quotas.get(PROVIDER, "other", Limits()).learn(limit=5000, remaining=4000, reset_in=60)
    quotas.get(PROVIDER, "other", Limits()).block(30)
    quotas.measure("toy", working=True)
    assert gauge("throttled_until_timestamp_seconds") == clock.now + 1e9 + 30
    assert gauge("quota_left_ratio") == 0.2
    clock.now += 61
    quotas.measure("toy", working=True)
    assert (gauge("throttled_until_timestamp_seconds"), gauge("quota_left_ratio")) == (0, 1)


def test_what_was_known_in_a_former_turn_is_not_told(clock: Clock) -> None:
    quotas = Quotas(clock, clock)
    quotas.get(PROVIDER, "acme", Limits()).block(30)
    quotas.measure("toy", working=False)
    assert gauge("throttled_until_timestamp_seconds") == 0


def late(name: str) -> tuple[float, float]:
    """Of all reports so far: how many there were, and the sum of their seconds."""
    told = metrics.registry.get_sample_value
    labels = {"integration": "slack"}
    return told(f"{name}_count", labels) or 0, told(f"{name}_sum", labels) or 0


@pytest.mark.parametrize("kind", [Noting, NotingMilestones])
async def test_how_late_a_run_is_shown_is_observed_once_and_so_is_how_late_its_end_is(kind: type[Noting]) -> None:
    names = ("tekton_integrations_first_report_seconds", "tekton_integrations_report_seconds")
    before = [late(name) for name in names]
    async with World.made(kind()) as world:
        world.provide()
        world.change(state=State.RUNNING, created=world.now - 30, started=world.now - 20)
        await world.show(world.run)
        world.clock[0] += 100
        world.change(state=State.SUCCEEDED, finished=world.now - 4)
        await world.show(world.run)
    observed = [
        tuple(b - a for a, b in zip(one, late(name), strict=True)) for one, name in zip(before, names, strict=True)
    ]
    assert observed == [(1, 30), (1, 4)]
