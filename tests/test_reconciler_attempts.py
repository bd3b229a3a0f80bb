"""Several things that must not be made twice, in one report: what was made is remembered, whatever comes next."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tekton_integrations import Context, PermanentError, Record, Result, Run, TemporaryError
from tekton_integrations.kube.client import ApiError
from tekton_integrations.kube.records_json import to_object
from tekton_integrations.run import State
from tests.making import AFTER, BEFORE, FAULTS, KILLED, KILLED_AFTER, REFUSED, THINGS, THROTTLED, Flaky, Killed, Making
from tests.reconciling import RECORDS, World

BOTH = dict.fromkeys(THINGS, "1")


@dataclass(kw_only=True)
class Workshop:
    """A run that has ended, and what stands at the service for it."""

    world: World
    making: Making

    async def look(self) -> float | None:
        """As the queue's worker would; seconds until the next look."""
        world = self.world
        try:
            wait = await world.reconciler.reconcile(world.request)
        except ApiError as error:
            if error.status == 409:
                await world.cluster.records.refresh(world.request)
                if known := world.cluster.records.get(world.request.namespace, world.request.record_name):
                    world.reconciler.edited(known)
            return 0.1
        except Killed:
            world.restart()
            return 0.1
        return None if wait is None else wait.seconds

    async def look_until_over(self) -> None:
        for _ in range(200):
            if (wait := await self.look()) is None:
                return
            await self.nothing_is_forgotten()
            self.world.clock[0] += wait
        raise AssertionError("it does not end")

    async def nothing_is_forgotten(self) -> None:
        stored = await self.stored()
        for name in THINGS:
            if self.making.service.doubtful(name) and name not in (stored.memory if stored else {}):
                assert stored is not None
                assert stored.intent or stored.verify_after

    async def stored(self) -> Record | None:
        return await self.world.cluster.records.find(self.world.request, fence=self.world.server.version + 1)

    async def is_shown(self) -> None:
        stored = await self.stored()
        assert stored is not None
        assert (stored.condition.reason, stored.memory, stored.owned) == ("Reported", BOTH, True)
        assert self.making.service.things == {"check": 1, "comment": 1}


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    making = Making()
    async with World.made(making, Flaky) as world:
        world.provide()
        world.change(state=State.SUCCEEDED, finished=world.now)
        yield Workshop(world=world, making=making)


async def test_two_things_are_made_one_after_the_other_and_each_is_announced(workshop: Workshop) -> None:
    assert await workshop.look() is None
    await workshop.is_shown()
    assert workshop.world.writes == 3


async def test_what_was_made_is_stored_with_the_announcement_of_the_next(workshop: Workshop) -> None:
    workshop.making.service.faults = ["", KILLED]
    await workshop.look()
    stored = await workshop.stored()
    assert stored is not None
    assert stored.memory == {"check": "1"}
    assert stored.intent is not None
    await workshop.look_until_over()
    await workshop.is_shown()


async def test_what_was_made_just_before_a_crash_is_found(workshop: Workshop) -> None:
    workshop.making.service.faults = [KILLED_AFTER]
    await workshop.look_until_over()
    await workshop.is_shown()
    assert workshop.making.service.made == 2


async def test_a_wait_that_is_told_nobody_stores_what_was_made_before_it(workshop: Workshop) -> None:
    workshop.making.throttled = [False, True]
    assert await workshop.look() == 1.0
    stored = await workshop.stored()
    assert stored is not None
    assert (stored.memory, stored.intent) == ({"check": "1"}, None)
    workshop.world.restart()
    await workshop.look_until_over()
    assert workshop.making.service.made == 2


async def test_a_wait_that_is_told_nobody_stores_what_was_found_before_it(workshop: Workshop) -> None:
    workshop.making.service.faults = [KILLED_AFTER]
    await workshop.look()
    workshop.making.throttled = [True]
    assert await workshop.look() == 1.0
    stored = await workshop.stored()
    assert stored is not None
    assert stored.memory == {"check": "1"}


async def test_what_was_made_outlives_the_refusal_of_what_comes_next(workshop: Workshop) -> None:
    workshop.making.refusal = PermanentError("Forbidden", "check shown; comment refused")
    await workshop.look()
    stored = await workshop.stored()
    assert stored is not None
    assert (stored.condition.reason, stored.memory, stored.intent) == ("Forbidden", {"check": "1"}, None)


@pytest.mark.parametrize("fault", [REFUSED, THROTTLED])
async def test_one_that_was_refused_does_not_hold_up_the_next_attempt(workshop: Workshop, fault: str) -> None:
    workshop.making.service.faults = [fault]
    assert await workshop.look() == 1.0
    workshop.world.clock[0] += 1.0
    assert await workshop.look() is None
    await workshop.is_shown()


async def test_an_attempt_before_the_last_one_is_remembered_is_a_bug_that_is_told(workshop: Workshop) -> None:
    workshop.making.remembers = False
    await workshop.look()
    stored = await workshop.stored()
    assert stored is not None
    assert stored.condition.message == "a bug; the controller's log has the traceback"
    assert workshop.making.service.things == {"check": 1}


async def test_what_is_found_again_does_not_end_the_doubt_about_what_is_not(workshop: Workshop) -> None:
    workshop.making.service.faults = ["", KILLED]
    await workshop.look()
    workshop.making.service.under_way.append((workshop.world.now + 20.0, "comment"))
    await workshop.look_until_over()
    await workshop.is_shown()
    assert workshop.making.service.made == 1


async def test_a_doubt_that_the_integration_passes_over_is_looked_into(workshop: Workshop) -> None:
    class Careless(Making):
        async def reconcile(self, run: Run, options: object, record: Record, context: Context) -> Result:
            with suppress(TemporaryError):
                return await super().reconcile(run, options, record, context)
            return Result()

    async with World.made(careless := Careless(), Flaky) as world:
        world.provide()
        world.change(state=State.SUCCEEDED, finished=world.now)
        careless.service.faults = ["", "late"]
        shop = Workshop(world=world, making=careless)
        await shop.look_until_over()
        await shop.is_shown()


@pytest.mark.parametrize("stops_at", THINGS)
async def test_ids_that_somebody_touched_are_still_there_if_a_crash_comes_before_they_are_looked_into(
    workshop: Workshop, stops_at: str
) -> None:
    world = workshop.world
    world.change(state=State.RUNNING, finished=None)
    await workshop.look()
    touched = await world.record()
    world.server.put(f"{RECORDS}/{touched.name}", to_object(touched))
    await world.cluster.records.refresh(world.request)
    world.reconciler.edited(touched)
    world.change(state=State.SUCCEEDED, finished=world.now)
    workshop.making.stops_at = stops_at
    await workshop.look()
    workshop.making.stops_at = ""
    world.restart()
    await workshop.look_until_over()
    await workshop.is_shown()


@settings(max_examples=40, deadline=None)
@given(
    faults=st.lists(st.sampled_from(FAULTS), max_size=6),
    trouble=st.lists(st.sampled_from(("", "", BEFORE, AFTER)), max_size=6),
    throttled=st.lists(st.booleans(), max_size=4),
)
def test_whatever_fails_nothing_is_forgotten_and_all_is_made_once(
    faults: Sequence[str], trouble: Sequence[str], throttled: Sequence[bool]
) -> None:
    async def history() -> None:
        making = Making()
        making.service.faults, making.throttled = list(faults), list(throttled)
        async with World.made(making, Flaky) as world:
            assert isinstance(world.server, Flaky)
            world.server.trouble = list(trouble)
            world.provide()
            world.change(state=State.SUCCEEDED, finished=world.now)
            workshop = Workshop(world=world, making=making)
            await workshop.look_until_over()
            await workshop.is_shown()

    asyncio.run(history())
