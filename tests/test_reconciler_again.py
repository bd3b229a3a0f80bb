"""When a run is looked at again although nobody changed anything, and how often at most."""

from collections.abc import AsyncIterator

import pytest

from tekton_integrations import PermanentError
from tekton_integrations.record import Condition, Target
from tekton_integrations.run import State
from tests.reconciling import Noting, World

DOUBTFUL = Condition(status="Unknown", reason="Retrying", last_transition=1.0)
CARD = Target(resource="C1", name="card")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.made(Noting()) as world:
        yield world


async def in_doubt(world: World) -> None:
    """A call was cut; half a minute later the remote is to be looked at."""
    await world.store(condition=DOUBTFUL, verify_after=world.now + 30, memory={"id": "1"}, target=CARD)


async def test_what_is_given_up_while_in_doubt_is_looked_at_a_few_times_and_no_more(world: World) -> None:
    await in_doubt(world)
    assert await world.looks(3600) <= 3
    assert (await world.record()).condition.reason == "NoProvider"
    assert world.writes <= 3


async def test_what_was_given_up_and_left_in_doubt_long_ago_is_looked_at_and_no_loop(world: World) -> None:
    await in_doubt(world)
    await world.reconciler.reconcile(world.request)
    assert (await world.record()).condition.reason == "NoProvider"
    world.clock[0] += 3600
    assert await world.looks(3600) <= 2


async def test_what_is_given_up_by_the_service_while_in_doubt_is_looked_at_once_more(world: World) -> None:
    world.provide()
    world.integration.error = PermanentError("Forbidden", "no")
    await in_doubt(world)
    await world.reconciler.reconcile(world.request)
    assert (await world.record()).given_up
    world.integration.error = None
    assert await world.looks(3600) <= 3
    assert world.integration.shown == [("C1", "Running")]
    assert (await world.record()).verify_after is None


async def test_what_was_given_up_while_in_doubt_is_shown_when_it_can_be(world: World) -> None:
    await in_doubt(world)
    await world.looks(3600)
    world.provide()
    await world.looks(60)
    assert world.integration.shown == [("C1", "Running")]
    record = await world.record()
    assert (record.condition.reason, record.verify_after) == ("InProgress", None)


async def test_a_doubt_that_cannot_be_looked_into_yet_makes_no_loop(world: World) -> None:
    await in_doubt(world)
    world.clock[0] += 60
    # Tekton may still copy the annotation that is missing from the Pipeline.
    world.change(unresolved=True, annotations={"slack.integrations.tekton.dev/plain": "x"})
    assert await world.looks(60) <= 60 / 5 + 1
    assert world.integration.shown == []


async def test_an_integration_that_wants_to_look_again_does_so_though_nothing_changed(world: World) -> None:
    world.provide()
    world.integration.again = 20.0
    assert await world.looks(59) == 3
    assert world.integration.shown == [("C1", "Running")] * 3
    world.integration.again = None
    await world.looks(3600)
    assert len(world.integration.shown) == 4
    assert await world.looks(3600) == 1
    assert len(world.integration.shown) == 4


async def test_another_look_before_that_time_neither_calls_the_service_nor_forgets_it(world: World) -> None:
    world.provide()
    world.integration.again = 20.0
    for waits in (20.0, 15.0, 10.0):
        wait = await world.reconciler.reconcile(world.request)
        assert wait is not None
        assert wait.seconds == waits
        world.clock[0] += 5
    assert len(world.integration.shown) == 1


async def test_a_run_that_ended_is_looked_at_again_too(world: World) -> None:
    world.provide()
    world.change(state=State.SUCCEEDED, finished=world.now)
    world.integration.again = 20.0
    assert await world.looks(39) == 2
    assert world.integration.shown == [("C1", "Succeeded")] * 2


async def test_a_credential_that_is_missing_is_written_once_and_not_at_each_try(world: World) -> None:
    world.provide(token={"secretRef": {"name": "token"}})
    assert await world.looks(300) >= 10
    assert (await world.record()).condition.reason == "CredentialUnavailable"
    assert world.writes == 1
    assert world.server.count("POST", part="/events") == 1


async def test_another_problem_of_the_credential_is_written(world: World) -> None:
    world.provide(token={"secretRef": {"name": "token"}})
    await world.looks(100)
    world.provide(version=2, token={"secretRef": {"name": "other"}})
    await world.looks(100)
    assert "other" in (await world.record()).condition.message
    assert world.writes == 2


async def test_what_was_given_up_is_tried_once_in_each_new_state_and_no_more(world: World) -> None:
    world.provide()
    world.integration.error = PermanentError("Forbidden", "no")
    for tries, state in enumerate((State.QUEUED, State.RUNNING, State.SUCCEEDED), start=1):
        for message in ("0 of 3", "1 of 3", "2 of 3"):
            world.change(state=state, message=message, finished=world.now if state.final else None)
            await world.looks(600)
        assert (await world.record()).attempts == world.writes == tries
    world.integration.error = None
    assert await world.looks(600) == 1
    assert world.integration.shown == []
