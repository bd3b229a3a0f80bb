"""An integration that has reported and whose object is gone gets a moment to say that it is there after all."""

from collections.abc import AsyncIterator

import pytest

from tekton_integrations.record import Condition, Target
from tekton_integrations.unserved import GRACE, Unserved
from tests.reconciling import Noting, World

SHOWN = Condition(status="Unknown", reason="InProgress", last_transition=1.0)


class Claimed(set[str]):
    """What some Deployment brings."""

    def __call__(self) -> frozenset[str]:
        return frozenset(self)


@pytest.fixture
def claimed() -> Claimed:
    return Claimed({"slack"})


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.made(Noting()) as world:
        yield world


@pytest.fixture
async def unserved(world: World, claimed: Claimed) -> Unserved:
    await world.store(condition=SHOWN, target=Target(resource="C1", name="card"))
    return Unserved(world.cluster, claimed, 0.0, world.mandate)


async def test_whoever_comes_back_in_time_leaves_no_word_of_it(
    world: World, claimed: Claimed, unserved: Unserved
) -> None:
    for _ in range(3):  # each time anew
        claimed.clear()
        wait = await unserved.reconcile(world.request)
        assert wait is not None
        assert wait.seconds == pytest.approx(GRACE)
        world.clock[0] += GRACE - 0.1
        claimed.add("slack")
        assert await unserved.reconcile(world.request) is None
    assert (await world.record()).condition == SHOWN
    assert world.writes == 1


async def test_one_that_stays_away_is_told_after_a_moment(world: World, claimed: Claimed, unserved: Unserved) -> None:
    claimed.clear()
    assert await unserved.reconcile(world.request) is not None
    world.clock[0] += GRACE
    assert await unserved.reconcile(world.request) is None
    assert (await world.record()).condition.reason == "NotInstalled"


async def test_one_that_never_reported_is_told_at_once(world: World, claimed: Claimed) -> None:
    claimed.clear()
    assert await Unserved(world.cluster, claimed, 0.0, world.mandate).reconcile(world.request) is None
    assert (await world.record()).condition.reason == "NotInstalled"
