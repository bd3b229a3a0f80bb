"""How each outcome changes the record, field by field, and which of them people are told."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from tekton_integrations import Cost, Limits, PermanentError, Quota, Result, TemporaryError, Throttled
from tekton_integrations.ledger import Ledger
from tekton_integrations.milestones import Milestone
from tekton_integrations.opening import Opening
from tekton_integrations.record import Attempt, Condition, Record, Target
from tekton_integrations.requests import new_record
from tekton_integrations.run import State
from tests.reconciling import Noting, World

DAY = 86400.0
TARGET = Target(resource="acme/api", name="build")
BUSY = TemporaryError("ServiceUnavailable", "it answered 503", 60.0)
HELPLESS = TemporaryError("CredentialUnavailable", "no Secret", 60.0, needs_help=True)
CUT = TemporaryError("ConnectionBroken", "it broke", 60.0, maybe_sent=True)
FORBIDDEN = PermanentError("Forbidden", "it may not")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.made(Noting()) as world:
        yield world


def ledger(world: World, **fields: Any) -> Ledger:
    known = {"target": TARGET, "url": "https://example.com/old"} | fields
    blank = new_record(world.request, world.run)
    record = Record(**({name: getattr(blank, name) for name in blank.__struct_fields__} | known))
    return Ledger(record, world.cluster, world.mandate)


def told(world: World) -> list[tuple[str, str, str]]:
    events = [each for path, each in world.server.objects.items() if "/events/" in path]
    return [(each["type"], each["reason"], each["message"]) for each in events]


def shut() -> Opening:
    quota = Quota(Limits())
    quota.block(DAY)
    return quota.at(Cost())


def in_doubt(world: World) -> Attempt:
    return Attempt(id="0a", holder="me", started=world.now, deadline=world.now + 30.0)


async def test_what_is_accepted_while_the_run_goes_on_is_no_end(world: World) -> None:
    made = ledger(world, attempts=3, next_attempt=1.0, memory={"id": "1"})
    await made.accepted(world.run, "digest", Result())
    stored = await world.record()
    assert stored.condition == Condition(
        status="Unknown", reason="InProgress", message="build at acme/api shows Running", last_transition=world.now
    )
    assert (stored.attempts, stored.next_attempt, stored.owned) == (0, None, False)
    assert (stored.observed_state, stored.input_digest) == ("Running", "digest")
    assert (stored.memory, stored.url) == ({"id": "1"}, "https://example.com/old")
    assert told(world) == [("Normal", "Reported", "slack: build at acme/api shows Running https://example.com/old")]


async def test_an_end_that_is_accepted_is_told_once_in_the_integration_s_own_words(world: World) -> None:
    world.change(state=State.SUCCEEDED, finished=world.now)
    made = ledger(world, observed_state="Running")
    result = Result(memory={"id": "2"}, url="https://example.com/new", summary="slack shows it")
    await made.accepted(world.run, "digest", result)
    stored = await world.record()
    assert (stored.condition.status, stored.condition.reason) == ("True", "Reported")
    assert (stored.memory, stored.url, stored.owned) == ({"id": "2"}, "https://example.com/new", True)
    assert told(world) == [("Normal", "Reported", "slack shows it https://example.com/new")]
    await made.accepted(world.run, "digest", Result(summary="slack shows it again"))
    assert len(told(world)) == 1


async def test_progress_after_the_first_report_is_not_told(world: World) -> None:
    await ledger(world, observed_state="Running").accepted(world.run, "digest", Result())
    assert told(world) == []


async def test_a_record_without_a_target_speaks_of_its_place(world: World) -> None:
    await ledger(world, target=None, url="").accepted(world.run, "digest", Result())
    assert told(world) == [("Normal", "Reported", "slack at its place shows Running")]


@pytest.mark.parametrize(("passed", "owned"), [(29.9, False), (30.0, True)])
async def test_an_end_is_the_run_s_own_only_when_nothing_is_in_doubt(world: World, passed: float, owned: bool) -> None:
    world.change(state=State.SUCCEEDED, finished=world.now)
    made = ledger(world, intent=in_doubt(world))
    world.clock[0] += passed
    await made.accepted(world.run, "digest", Result())
    stored = await world.record()
    assert stored.owned is owned
    assert stored.intent is None
    assert stored.verify_after == (None if owned else world.now - passed + 30.0)


async def test_a_milestone_counts_and_the_last_one_with_the_report(world: World) -> None:
    started = Milestone(key="started", name="started", sequence=1, id="1", time=world.now)
    made = ledger(world, attempts=2, next_attempt=1.0)
    await made.delivered(world.run, started, Result(memory={"id": "1"}))
    stored = await world.record()
    assert (stored.delivered, stored.milestone, stored.observed_state) == (1, "started", "Running")
    assert (stored.memory, stored.attempts, stored.next_attempt) == ({"id": "1"}, 0, None)
    assert told(world) == []
    await made.accepted(world.run, "digest", Result(), replace(started, key="finished", sequence=2))
    stored = await world.record()
    assert (stored.delivered, stored.milestone) == (2, "finished")


async def test_a_failure_is_stored_with_the_next_try_and_told_at_the_third(world: World) -> None:
    made = ledger(world)
    for attempt in (1, 2, 3, 4):
        wait = await made.retry(BUSY, "digest")
        assert wait is not None
        assert wait.seconds == 60.0
        stored = await world.record()
        assert (stored.attempts, stored.next_attempt, stored.input_digest) == (attempt, world.now + 60.0, "digest")
        assert (stored.condition.status, stored.condition.reason) == ("Unknown", "Retrying")
        assert len(told(world)) == (1 if attempt >= 3 else 0)
    assert told(world) == [("Warning", "ServiceUnavailable", "slack: it answered 503")]


async def test_what_needs_help_is_told_at_once_and_again_only_when_it_is_another(world: World) -> None:
    made = ledger(world)
    await made.retry(HELPLESS, "digest")
    assert made.record.condition.reason == "CredentialUnavailable"
    await made.retry(HELPLESS, "digest")
    assert (world.writes, len(told(world))) == (1, 1)
    await made.retry(TemporaryError("CredentialUnavailable", "no key in it", 60.0, needs_help=True), "digest")
    assert [message for *_, message in told(world)] == ["slack: no Secret", "slack: no key in it"]


@pytest.mark.parametrize(("seconds", "writes"), [(4.9, 0), (5.0, 1)])
@pytest.mark.parametrize("reason", ["Throttled", "ServiceDown"])
async def test_a_short_wait_is_not_worth_a_write(world: World, reason: str, seconds: float, writes: int) -> None:
    wait = await ledger(world).retry(TemporaryError(reason, "wait", seconds), "digest")
    assert wait is not None
    assert wait.seconds == seconds
    assert world.writes == writes


async def test_one_that_waits_where_thousands_wait_tells_it_as_long_as_there_is_room(world: World) -> None:
    opening = shut()
    wait = await ledger(world).retry(Throttled("wait", DAY, at=opening), "digest")
    assert wait is not None
    assert wait.at is opening
    assert world.writes == 1
    world.cluster.courtesy.block(60)
    await ledger(world).retry(Throttled("wait", DAY, at=opening), "digest")
    assert world.writes == 1


async def test_a_call_that_was_cut_is_looked_for_when_it_can_no_longer_land(world: World) -> None:
    made = ledger(world)
    await made.retry(CUT, "digest")
    assert (await world.record()).verify_after == world.now + 30.0


@pytest.mark.parametrize(("error", "after"), [(BUSY, 5.0), (CUT, 30.0)])
async def test_what_was_to_be_looked_for_is_not_forgotten(world: World, error: TemporaryError, after: float) -> None:
    await ledger(world, verify_after=world.now + 5.0).retry(error, "digest")
    assert (await world.record()).verify_after == world.now + after
    made = ledger(world, verify_after=world.now + 100.0)
    await made.postpone(error)
    assert made.record.verify_after == world.now + 100.0


async def test_a_failure_while_an_attempt_is_in_doubt_says_so_and_adds_no_doubt(world: World) -> None:
    made = ledger(world, intent=in_doubt(world))
    await made.retry(CUT, "digest")
    stored = await world.record()
    assert (stored.condition.reason, stored.verify_after) == ("MaybeSent", None)


async def test_what_is_put_off_is_stored_only_if_something_may_land(world: World) -> None:
    made = ledger(world)
    await made.postpone(BUSY)
    assert world.writes == 0
    await made.postpone(CUT)
    stored = await world.record()
    assert (stored.verify_after, stored.condition.reason, stored.attempts) == (world.now + 30.0, "InProgress", 0)


async def test_what_is_given_up_says_what_to_change_once(world: World) -> None:
    made = ledger(world, attempts=1, next_attempt=1.0)
    for attempt in (2, 3):
        await made.give_up(FORBIDDEN, "digest")
        stored = await world.record()
        assert stored.condition == Condition(
            status="False", reason="Forbidden", message="it may not", last_transition=world.now
        )
        assert (stored.attempts, stored.next_attempt, stored.input_digest) == (attempt, None, "digest")
        assert stored.owned
    assert told(world) == [("Warning", "Forbidden", "slack: it may not")]


@pytest.mark.parametrize("trace", [{"memory": {"id": "1"}}, {"observed_state": "Running"}])
async def test_what_is_given_up_outlives_its_run_if_something_stands_there(world: World, trace: dict[str, Any]) -> None:
    await ledger(world, **trace).give_up(FORBIDDEN, "digest")
    assert not (await world.record()).owned


async def test_at_another_target_nothing_that_is_known_holds(world: World) -> None:
    made = ledger(
        world,
        memory={"id": "1"},
        intent=in_doubt(world),
        verify_after=world.now,
        observed_state="Running",
        owned=True,
        attempts=2,
        delivered=1,
        milestone="started",
    )
    before = made.record
    made.start_over()
    assert made.record == replace(
        before,
        memory={},
        url="",
        intent=None,
        verify_after=None,
        observed_state="",
        owned=False,
        attempts=0,
        delivered=0,
        milestone="",
    )
    assert made.search
    made.aim(replace(TARGET, name="deploy"), "team-a/other", "2", 7)
    known = made.record
    assert (known.target, known.provider, known.version) == (replace(TARGET, name="deploy"), "team-a/other", "2")
    assert known.observed_generation == 7
