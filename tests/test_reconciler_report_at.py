"""Somebody asks for a report again: it is made once for each time that is named, whatever became of the last one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tekton_integrations import Context, PermanentError, Record, Result, Run, TemporaryError
from tekton_integrations.annotations import REPORT_AT_ALL
from tekton_integrations.ledger import MAX_AGE
from tekton_integrations.record import rfc3339
from tekton_integrations.requests import work
from tekton_integrations.run import Matched, State
from tests.reconciling import CHANNEL, Noting, NotingMilestones, World

OWN = "slack.integrations.tekton.dev/report-at"
ASKS = {CHANNEL: "C1"}


class Looking(Noting):
    """`looked`: whether each call was to look for what stands there."""

    def __init__(self) -> None:
        super().__init__()
        self.looked: list[bool] = []

    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        self.looked.append(context.search)
        return await super().reconcile(run, options, record, context)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.made(Looking()) as world:
        world.provide()
        yield world


def ended(world: World, **more: str) -> None:
    world.change(state=State.SUCCEEDED, finished=world.now, annotations=ASKS | more)


def settled(world: World) -> bool:
    return world.reconciler.settled(world.run, world.request, work(world.run)[world.request])


def looked(world: World) -> list[bool]:
    assert isinstance(world.integration, Looking)
    return world.integration.looked


@pytest.mark.parametrize("key", [REPORT_AT_ALL, OWN])
async def test_what_is_shown_is_looked_at_once_for_each_time(world: World, key: str) -> None:
    ended(world)
    await world.looks(60)
    assert settled(world)
    for times in (1, 2):
        ended(world, **{key: f"2027-01-01T00:00:0{times}Z"})
        assert not settled(world)
        await world.looks(600)
        assert settled(world)
        assert looked(world) == [False, *[True] * times]


async def test_it_is_not_made_again_by_a_process_that_comes_later(world: World) -> None:
    ended(world, **{OWN: "2027-01-01T00:00:00Z"})
    await world.looks(60)
    world.restart()
    await world.looks(60)
    assert len(looked(world)) == 1


async def test_what_was_given_up_is_tried_at_once_and_counts_as_answered(world: World) -> None:
    world.integration.error = PermanentError("Forbidden", "no")
    ended(world)
    await world.looks(600)
    first = await world.record()
    ended(world, **{OWN: "now"})
    await world.looks(600)
    second = await world.record()
    assert (first.attempts, second.attempts) == (1, 2)
    assert first.input_digest != second.input_digest
    world.integration.error = None
    ended(world, **{OWN: "again"})
    await world.looks(600)
    assert (await world.record()).reported


async def test_what_waits_for_its_next_try_does_not_wait_it_out(world: World) -> None:
    world.integration.error = TemporaryError("Unreachable", "nobody is there", 300.0)
    ended(world)
    await world.reconciler.reconcile(world.request)
    world.integration.error = None
    ended(world, **{OWN: "now"})
    await world.reconciler.reconcile(world.request)
    assert (await world.record()).reported


async def test_a_run_that_goes_on_is_shown_anew_too(world: World) -> None:
    await world.looks(60)
    world.change(annotations=ASKS | {OWN: "now"})
    await world.looks(60)
    assert looked(world) == [False, True]
    assert (await world.record()).condition.reason == "InProgress"


async def test_to_ask_again_asks_for_nothing_that_was_not_asked(world: World) -> None:
    world.change(annotations={OWN: "now", REPORT_AT_ALL: "now"})
    assert work(world.run) == {}


async def test_a_run_that_had_ended_before_the_first_start_is_reported_if_somebody_asks(world: World) -> None:
    world.reconciler._watermark = world.now
    long_ago = world.now - 30 * 86400
    world.change(state=State.SUCCEEDED, finished=long_ago)
    await world.looks(60)
    ended_long_ago = {"state": State.SUCCEEDED, "finished": long_ago}
    for words in ("tomorrow", rfc3339(world.now - 86400), rfc3339(world.now + 86400)):
        world.change(**ended_long_ago, annotations=ASKS | {OWN: words})
        await world.looks(60)
    assert looked(world) == []
    # A clock that is a little ahead is one nevertheless; and what fails now is not too old to be tried again.
    world.integration.error = TemporaryError("Unreachable", "nobody is there", 60.0)
    world.change(**ended_long_ago, annotations=ASKS | {OWN: rfc3339(world.now + 60)})
    await world.reconciler.reconcile(world.request)
    assert (await world.record()).condition.reason == "Retrying"
    world.clock[0] += MAX_AGE + 120
    await world.reconciler.reconcile(world.request)
    assert (await world.record()).condition.reason == "TooOld"


async def test_what_only_a_notification_asks_for_is_reported_again_too(world: World) -> None:
    asks = Matched(notification="team-a/n", integration="slack", record="team-a/n", options={"channel": "C1"})
    ended(world)
    world.change(annotations={}, matched=(asks,))
    await world.looks(60)
    assert settled(world)
    world.change(annotations={REPORT_AT_ALL: "now"})
    assert not settled(world)
    await world.looks(60)
    assert settled(world)
    assert looked(world) == [False, True]


async def test_the_last_milestone_is_delivered_again_under_its_number_and_no_other() -> None:
    async with World.made(NotingMilestones()) as told:
        told.provide()
        ended(told)
        await told.looks(60)
        ended(told, **{OWN: "now"})
        told.integration.error = TemporaryError("Unreachable", "nobody is there", 5.0)
        await told.reconciler.reconcile(told.request)
        told.integration.error = None
        await told.looks(600)
        assert told.integration.shown == [("C1", key) for key in ("created", "started", "finished", "finished")]
        assert told.integration.sequence == [1, 2, 3, 3]
        record = await told.record()
        assert (record.delivered, record.milestone, record.condition.reason) == (3, "finished", "Reported")
