"""Progress of a run is shown now and then; a change of its state at once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tekton_integrations import Context, Record, Result, Run, TemporaryError, Throttled
from tekton_integrations.diary import PACE, SLACK
from tekton_integrations.limits import Cost, Limits
from tekton_integrations.opening import Opening
from tekton_integrations.quota import Quota
from tekton_integrations.reporting import TAKEN_OVER
from tekton_integrations.run import State
from tests.reconciling import Noting, NotingMilestones, World


class Progressing(Noting):
    """Shows how far a run is, as GitHub's table of tasks does."""

    def progress(self, run: Run, options: Any) -> tuple[str, ...]:
        return (run.message,)

    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        result = await super().reconcile(run, options, record, context)
        self.shown[-1] = (run.message, str(run.state))
        return result


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Of a run that was shown as running, with no task done."""
    async with World.made(Progressing()) as world:
        world.provide()
        world.change(message="0 of 3")
        await world.reconciler.reconcile(world.request)
        yield world


def closed() -> Opening:
    quota = Quota(Limits())
    quota.block(3600)
    return quota.at(Cost())


async def test_progress_waits_until_ten_seconds_after_the_last_report(world: World) -> None:
    world.clock[0] += 3
    world.change(message="1 of 3")
    wait = await world.reconciler.reconcile(world.request)
    assert wait is not None
    assert (wait.seconds, wait.at, wait.slack) == (PACE - 3, None, SLACK)
    assert world.integration.shown == [("0 of 3", "Running")]


async def test_the_newest_progress_is_shown_when_it_is_its_time_and_what_came_between_is_not(world: World) -> None:
    for second in range(1, 21):
        world.clock[0] += 1
        world.change(message=f"{second} s")
        await world.reconciler.reconcile(world.request)
    assert [message for message, _ in world.integration.shown] == ["0 of 3", "10 s", "20 s"]


async def test_progress_that_was_put_off_is_shown_though_nothing_changes_any_more(world: World) -> None:
    world.clock[0] += 1
    world.change(message="1 of 3")
    assert await world.looks(60) == 2
    assert world.integration.shown[-1] == ("1 of 3", "Running")


async def test_progress_after_a_quiet_while_is_shown_at_once(world: World) -> None:
    world.clock[0] += PACE
    world.change(message="1 of 3")
    assert await world.reconciler.reconcile(world.request) is None
    assert world.integration.shown[-1] == ("1 of 3", "Running")


async def test_no_progress_costs_nothing(world: World) -> None:
    world.clock[0] += 60
    world.change(reason="Started")
    assert await world.reconciler.reconcile(world.request) is None
    assert len(world.integration.shown) == 1


async def test_the_end_is_shown_at_once_and_progress_that_waits_is_not(world: World) -> None:
    world.clock[0] += 1
    world.change(message="3 of 3")
    await world.reconciler.reconcile(world.request)
    world.change(message="all done", state=State.SUCCEEDED, finished=world.now)
    assert await world.looks(3600) == 1
    assert world.integration.shown == [("0 of 3", "Running"), ("all done", "Succeeded")]


async def test_another_state_is_shown_at_once(world: World) -> None:
    world.change(state=State.QUEUED, message="waiting")
    await world.reconciler.reconcile(world.request)
    assert world.integration.shown[-1] == ("waiting", "Queued")


async def test_a_new_process_shows_progress_at_once_and_no_news_not_at_all(world: World) -> None:
    world.restart()
    await world.reconciler.reconcile(world.request)
    assert len(world.integration.shown) == 1
    world.change(message="1 of 3")
    await world.reconciler.reconcile(world.request)
    assert world.integration.shown[-1] == ("1 of 3", "Running")


async def test_a_new_process_looks_once_at_a_run_that_goes_on_since_it_does_not_know_when_that_was_wanted(
    world: World,
) -> None:
    world.restart()
    wait = await world.reconciler.reconcile(world.request)
    assert wait is not None
    assert TAKEN_OVER[0] <= wait.seconds <= TAKEN_OVER[1]
    assert len(world.integration.shown) == 1
    world.clock[0] += wait.seconds
    assert await world.looks(3600) == 1
    assert len(world.integration.shown) == 2


async def test_another_look_at_a_run_that_goes_on_waits_for_a_quota_as_progress_does(world: World) -> None:
    world.integration.again = 60.0
    world.clock[0] += PACE
    world.change(message="1 of 3")
    wait = await world.reconciler.reconcile(world.request)
    assert wait is not None
    assert wait.seconds == 60
    world.clock[0] += 60
    before, writes = (await world.record()).condition, world.writes
    world.integration.error = Throttled("the service asked to wait", 3600.0, at=(opening := closed()))
    wait = await world.reconciler.reconcile(world.request)
    assert wait is not None
    assert (wait.at, wait.slack) == (opening, SLACK)
    assert ((await world.record()).condition, world.writes) == (before, writes)
    world.change(message="2 of 3")
    wait = await world.reconciler.reconcile(world.request)
    assert wait is not None
    assert wait.seconds == PACE
    world.integration.error = None
    assert await world.looks(100) == 3
    assert [message for message, _ in world.integration.shown] == ["0 of 3", "1 of 3", "2 of 3", "2 of 3"]


async def test_progress_where_a_quota_is_used_up_waits_there_and_nobody_hears_of_it(world: World) -> None:
    before = (await world.record()).condition
    writes, told = world.writes, world.server.count("POST", part="/events")
    world.integration.error = Throttled("the service asked to wait", 3600.0, at=(opening := closed()))
    world.clock[0] += PACE
    world.change(message="1 of 3")
    wait = await world.reconciler.reconcile(world.request)
    assert wait is not None
    assert (wait.at, wait.slack) == (opening, SLACK)
    assert (await world.record()).condition == before
    assert (world.writes, world.server.count("POST", part="/events")) == (writes, told)
    world.integration.error = None
    world.change(state=State.SUCCEEDED, finished=world.now, message="all done")
    await world.reconciler.reconcile(world.request)
    assert world.integration.shown[-1] == ("all done", "Succeeded")


async def test_progress_that_fails_is_not_tried_again_and_again(world: World) -> None:
    world.clock[0] += PACE
    world.integration.error = TemporaryError("ServiceUnavailable", "it answered 503", 1.0)
    world.change(message="1 of 3")
    assert await world.looks(60) <= 60 / PACE + 1
    assert (await world.record()).condition.reason == "InProgress"


async def test_progress_that_failed_is_not_tried_with_each_change(world: World) -> None:
    world.clock[0] += PACE
    world.integration.error = TemporaryError("ServiceUnavailable", "it answered 503", 1.0)
    world.change(message="1 of 3")
    await world.reconciler.reconcile(world.request)
    world.integration.error = None
    world.clock[0] += 1
    world.change(message="2 of 3")
    await world.reconciler.reconcile(world.request)
    assert len(world.integration.shown) == 1


async def test_progress_that_may_yet_land_is_looked_into_after_the_end(world: World) -> None:
    world.clock[0] += PACE
    world.integration.error = TemporaryError("ConnectionBroken", "it broke", maybe_sent=True)
    world.change(message="1 of 3")
    await world.reconciler.reconcile(world.request)
    world.integration.error = None
    world.change(state=State.SUCCEEDED, finished=world.now, message="all done")
    assert await world.looks(60) == 2
    assert world.integration.shown[1:] == [("all done", "Succeeded")] * 2
    assert (await world.record()).settled


async def test_a_record_that_somebody_touched_is_looked_into_at_once(world: World) -> None:
    world.change(message="1 of 3")
    world.reconciler.edited(await world.record())
    await world.reconciler.reconcile(world.request)
    assert world.integration.shown[-1] == ("1 of 3", "Running")


async def test_milestones_know_no_progress() -> None:
    class Progressing(NotingMilestones):
        def progress(self, run: Run, options: Any) -> tuple[str, ...]:
            return (run.message,)

    async with World.made(Progressing()) as world:
        world.provide()
        await world.reconciler.reconcile(world.request)
        writes = world.writes
        world.clock[0] += PACE
        world.change(message="1 of 3")
        await world.reconciler.reconcile(world.request)
        assert world.writes == writes
