"""Milestones go to the target that the run names now, whatever the record says was delivered."""

from collections.abc import AsyncIterator

import pytest

from tekton_integrations.record import Condition, Target
from tekton_integrations.run import State
from tests.reconciling import CHANNEL, NotingMilestones, World

DOUBTFUL = Condition(status="Unknown", reason="Retrying", last_transition=1.0)
CARD = Target(resource="C1", name="card")


@pytest.fixture
async def told() -> AsyncIterator[World]:
    """Of milestones."""
    async with World.made(NotingMilestones()) as world:
        world.provide()
        world.change(state=State.SUCCEEDED, finished=world.now)
        yield world


async def test_all_milestones_are_delivered_at_a_new_target(told: World) -> None:
    await told.reconciler.reconcile(told.request)
    told.change(annotations={CHANNEL: "C2"})
    await told.reconciler.reconcile(told.request)
    keys = ("created", "started", "finished")
    assert told.integration.shown == [(channel, key) for channel in ("C1", "C2") for key in keys]
    assert told.integration.sequence == [1, 2, 3, 1, 2, 3]
    record = await told.record()
    assert (record.target, record.delivered, record.milestone) == (Target(resource="C2", name="card"), 3, "finished")


@pytest.mark.parametrize("nonsense", ["nonsense", "retried/x", "/", "retried/²"])
async def test_a_record_that_names_no_milestone_does_not_stop_their_delivery(told: World, nonsense: str) -> None:
    await told.store(milestone=nonsense, delivered=2, target=CARD, condition=DOUBTFUL)
    await told.reconciler.reconcile(told.request)
    record = await told.record()
    assert (record.condition.reason, record.milestone) == ("Reported", "finished")
