"""How long a report is tried, and how much is written about the waiting."""

from collections.abc import AsyncIterator

import pytest

from tekton_integrations import Cost, Limits, Quota, TemporaryError, Throttled
from tekton_integrations.opening import Opening
from tekton_integrations.run import State
from tests.reconciling import Noting, World

DAY = 86400.0


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.made(Noting()) as world:
        world.provide()
        world.change(state=State.SUCCEEDED, finished=world.now)
        yield world


def waited_for() -> Opening:
    quota = Quota(Limits())
    quota.block(3600)
    return quota.at(Cost())


async def test_three_days_after_a_run_s_end_its_report_is_given_up_and_says_why(world: World) -> None:
    world.integration.error = TemporaryError("ServiceUnavailable", "it answered 503", 3600.0)
    tries = await world.looks(10 * DAY, limit=1000)
    assert 72 <= tries <= 74
    condition = (await world.record()).condition
    assert (condition.status, condition.reason) == ("False", "TooOld")
    assert "3 days" in condition.message
    assert "ServiceUnavailable: it answered 503" in condition.message


async def test_what_is_too_old_is_tried_once_more_when_somebody_changes_something(world: World) -> None:
    world.integration.error = TemporaryError("ServiceUnavailable", "it answered 503", 3600.0)
    await world.looks(10 * DAY, limit=1000)
    world.integration.error = None
    assert await world.looks(3600) == 1
    assert world.integration.shown == []
    world.provide(version=2)
    await world.looks(3600)
    assert world.integration.shown == [("C1", "Succeeded")]
    assert (await world.record()).reported


async def test_a_run_that_goes_on_is_never_too_old(world: World) -> None:
    world.change(state=State.RUNNING, finished=None)
    world.integration.error = TemporaryError("ServiceUnavailable", "it answered 503", DAY)
    assert await world.looks(30 * DAY) >= 30
    assert (await world.record()).condition.reason == "Retrying"


async def test_no_wait_is_longer_than_a_day(world: World) -> None:
    world.integration.error = TemporaryError("ServiceUnavailable", "it answered 503", 365 * DAY)
    wait = await world.reconciler.reconcile(world.request)
    assert wait is not None
    assert wait.seconds == DAY


async def test_a_wait_where_thousands_wait_is_told_only_while_there_is_room_for_courtesies(world: World) -> None:
    opening = waited_for()
    world.integration.error = Throttled("the service asked to wait", 3600.0, at=opening)
    courtesy = world.cluster.courtesy
    courtesy.block(60)
    wait = await world.reconciler.reconcile(world.request)
    assert wait is not None
    assert wait.at is opening
    assert world.writes == 0


async def test_a_wait_is_told_when_there_is_room(world: World) -> None:
    world.integration.error = Throttled("the service asked to wait", 3600.0, at=waited_for())
    await world.reconciler.reconcile(world.request)
    condition = (await world.record()).condition
    assert (condition.status, condition.reason) == ("Unknown", "Throttled")
    writes = world.writes
    world.clock[0] += 3600
    await world.reconciler.reconcile(world.request)
    assert world.writes == writes
