"""What is announced before a call, to the second: until when it is in doubt, and who may make the next."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tekton_integrations import PermanentError, TemporaryError
from tekton_integrations.cluster import Mandate
from tekton_integrations.intents import Intents
from tekton_integrations.kube.lease import Lease
from tekton_integrations.record import Attempt, Condition, Record
from tekton_integrations.requests import new_record
from tests.reconciling import Noting, World

# Timing's, and how long what was announced stays in doubt.
TIMEOUT, QUARANTINE, ANNOUNCE = 10.0, 20.0, 5.0
DOUBT = TIMEOUT + QUARANTINE
LOST = TemporaryError("ConnectionBroken", "it broke", 1.0, maybe_sent=True)
REFUSED = TemporaryError("ServiceUnavailable", "it answered 503", 1.0)


class Held(Mandate):
    """`began` and `left` are in seconds."""

    began = 0.0
    left = 3600.0

    @property
    def since(self) -> float:
        return self.began

    def remaining(self) -> float:
        return self.left


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.made(Noting()) as world:
        world.mandate = Held(Lease(world.client, "controller", "lease", "me"))
        yield world


Make = Callable[..., Intents]


@pytest.fixture
def intents(world: World) -> Make:
    """For a record with these fields."""

    def make(**fields: Any) -> Intents:
        blank = new_record(world.request, world.run)
        record = Record(**({name: getattr(blank, name) for name in blank.__struct_fields__} | fields))
        return Intents(record, world.cluster, world.mandate)

    return make


def announced(now: float, holder: str = "me", lasts: float = DOUBT) -> Attempt:
    return Attempt(id="0a", holder=holder, started=now, deadline=now + lasts)


async def test_an_attempt_is_stored_before_the_call_with_the_time_until_which_it_is_in_doubt(
    world: World, intents: Make
) -> None:
    made = intents()
    assert not made.search
    async with made.attempt():
        stored = await world.record()
        assert stored.intent is not None
        assert (stored.intent.started, stored.intent.deadline) == (world.now, world.now + DOUBT)
        assert stored.intent.holder == "me"
        assert re.fullmatch("[0-9a-f]{8}", stored.intent.id)
        assert stored.verify_after is None
        assert stored.condition == Condition(status="Unknown", reason="InProgress", last_transition=world.now)
        assert made.search
        assert not stored.new
        assert stored.format == 1  # the lowest that says it all
    made.remember({"id": "1"})
    assert (made.record.intent, made.record.memory) == (None, {"id": "1"})


@pytest.mark.parametrize(("left", "may"), [(TIMEOUT, True), (TIMEOUT - 0.1, False)])
def test_nothing_is_sent_that_would_outlive_the_lease(world: World, intents: Make, left: float, may: bool) -> None:
    world.mandate.left = left  # type: ignore[attr-defined]
    assert intents().may_send() is may


@pytest.mark.parametrize(("slept", "may"), [(ANNOUNCE, True), (ANNOUNCE + 0.1, False)])
async def test_nothing_is_sent_after_a_sleep_since_it_was_announced(
    world: World, intents: Make, slept: float, may: bool
) -> None:
    made = intents()
    async with made.attempt():
        world.clock[0] += slept
        assert made.may_send() is may
    assert made.may_send()


@pytest.mark.parametrize("error", [REFUSED, PermanentError("Forbidden", "no")])
async def test_what_was_refused_for_certain_is_in_doubt_no_more(intents: Make, error: Exception) -> None:
    made = intents(memory={"id": "1"})
    with pytest.raises(type(error)):
        async with made.attempt():
            raise error
    assert (made.record.intent, made.record.memory) == (None, {"id": "1"})
    async with made.attempt():
        pass


@pytest.mark.parametrize("error", [LOST, ValueError("a bug")])
async def test_what_may_have_been_sent_stays_in_doubt(intents: Make, error: Exception) -> None:
    made = intents()
    with pytest.raises(type(error)):
        async with made.attempt():
            raise error
    made.remember({"other": "2"})
    assert made.record.intent is not None
    assert made.search


@pytest.mark.parametrize(("passed", "wait"), [(1.0, 5.0), (DOUBT - 4.0, 4.0)])
async def test_nothing_else_is_attempted_while_one_is_in_doubt(
    world: World, intents: Make, passed: float, wait: float
) -> None:
    made = intents(intent=announced(world.now - passed))
    with pytest.raises(TemporaryError) as caught:
        async with made.attempt():
            raise AssertionError("it is not to begin")
    assert (caught.value.reason, caught.value.delay, caught.value.maybe_sent) == ("MaybeSent", wait, True)
    assert caught.value.message == (
        "an earlier call was cut and may still take effect; looking again before making another"
    )
    assert world.writes == 0


@pytest.mark.parametrize(("over", "repeatable"), [(0.0, False), (7.0, False), (-7.0, True)])
async def test_an_attempt_after_one_in_doubt_has_the_remote_looked_at_once_more(
    world: World, intents: Make, over: float, repeatable: bool
) -> None:
    old = announced(world.now - DOUBT - over)
    made = intents(intent=old, verify_after=world.now - 1.0)
    assert made.overdue
    async with made.attempt(repeatable):
        assert not made.overdue
        assert made.record.verify_after == max(old.deadline, world.now) + QUARANTINE
        assert made.record.intent is not None
        assert made.record.intent.started == world.now


async def test_an_attempt_whose_outcome_was_not_remembered_is_followed_by_a_repeatable_one_only(intents: Make) -> None:
    made = intents()
    async with made.attempt():
        first = made.record.intent
    with pytest.raises(RuntimeError, match="remember"):
        async with made.attempt():
            raise AssertionError("it is not to begin")
    async with made.attempt(repeatable=True):
        assert made.record.intent is not None
        assert first is not None
        assert made.record.intent.id != first.id


def test_what_another_announced_can_take_effect_until_we_have_been_here_for_long_enough(
    world: World, intents: Make
) -> None:
    world.mandate.began = world.now  # type: ignore[attr-defined]
    made = intents()
    assert made.deadline(announced(world.now - 100.0)) == world.now - 100.0 + DOUBT
    assert made.deadline(announced(world.now - 100.0, "other")) == world.now + DOUBT
    assert made.deadline(announced(world.now + 50.0, "other")) == world.now + 50.0 + DOUBT


@pytest.mark.parametrize(("at", "due"), [(-0.1, True), (0.0, True), (0.1, False)])
def test_the_remote_is_looked_at_when_the_time_has_come(world: World, intents: Make, at: float, due: bool) -> None:
    made = intents(verify_after=world.now + at)
    assert (made.overdue, made.search) == (due, due)


async def test_what_is_not_believed_is_looked_for_and_kept_in_the_cluster(world: World, intents: Make) -> None:
    made = intents(memory={"id": "1"})
    made.distrust()
    assert made.search
    assert made.record.memory == {}
    async with made.attempt():
        assert (await world.record()).memory == {"id": "1"}
        assert made.record.memory == {}


@pytest.mark.parametrize(
    ("status", "reason", "message", "since"),
    [
        ("Unknown", "InProgress", "what it says", 5.0),
        ("Unknown", "Retrying", "", 5.0),
        ("True", "Reported", "", 1_800_000_010.0),
        ("False", "InProgress", "", 1_800_000_010.0),
    ],
)
async def test_while_a_call_is_made_the_condition_says_so_and_since_when(
    intents: Make, status: str, reason: str, message: str, since: float
) -> None:
    made = intents(condition=Condition(status=status, reason=reason, message="what it says", last_transition=5.0))
    async with made.attempt():
        assert made.record.condition == Condition(
            status="Unknown", reason="InProgress", message=message, last_transition=since
        )
