"""Who keeps an older run from a place that both share, and who does not: one that goes unfinished, one elsewhere."""

from collections.abc import AsyncIterator

import pytest

from tekton_integrations import PermanentError, TemporaryError
from tekton_integrations.provider import Grant, Provider
from tekton_integrations.requests import Request, asked, for_run
from tekton_integrations.run import State
from tests.posting import Posting, newer
from tests.reconciling import World


@pytest.fixture
def posting() -> Posting:
    return Posting()


@pytest.fixture
async def world(posting: Posting) -> AsyncIterator[World]:
    async with World.made(posting) as world:
        world.provide()
        yield world


def revived(world: World) -> list[Request]:
    """Fills with the names that are to be looked at again."""
    names: list[Request] = []
    world.reconciler.again = names.append
    return names


def own_provider(namespace: str) -> Provider:
    return Provider(
        namespace=namespace,
        name="own",
        uid="own",
        resource_version="1",
        generation=1,
        type="Slack",
        endpoint="http://127.0.0.2",
        grants=(Grant(namespaces=(namespace,), targets=("*",)),),
        spec={"slack": {}},
    )


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("withdrawn", [False, True])
async def test_one_that_went_before_its_end_was_shown_gives_its_place_back(
    world: World, posting: Posting, restarted: bool, withdrawn: bool
) -> None:
    await world.show(world.run)
    other = newer(world)
    await world.show(other)
    if restarted:
        world.restart()
        other = newer(world)
        await world.show(other)
    again = revived(world)
    world.change(state=State.SUCCEEDED, finished=world.now)
    await world.show(world.run)
    assert posting.place == ["build-1 Running", "build-2 Running"]
    await world.show(world.run)
    if withdrawn:
        newer(world, annotations={}, resource_version="200")
    else:
        world.delete(other)
    await world.show(other)
    assert posting.settled == [("build-2", True)]
    assert again == [world.request]
    for _ in range(3):
        await world.show(world.run)
    assert posting.place == ["build-1 Running", "build-2 Running", "build-1 Succeeded"]


async def test_one_that_kept_quiet_for_a_newer_one_is_shown_when_that_is_given_up(
    world: World, posting: Posting
) -> None:
    posting.fails["build-2"] = TemporaryError("ServiceUnavailable", "it answered 503")
    other = newer(world)
    await world.show(other)
    again = revived(world)
    await world.show(world.run)
    assert posting.place == []
    posting.fails["build-2"] = PermanentError("Refused", "no")
    world.clock[0] += 3600
    await world.show(other)
    assert again == [world.request]
    await world.show(world.run)
    assert posting.place == ["build-1 Running"]


async def test_a_run_of_another_tenant_s_own_provider_keeps_nobody_out(world: World, posting: Posting) -> None:
    world.provide(grant=Grant(namespaces=("team-a",), targets=("*",)))
    world.cluster.providers.put(own_provider("team-b"))
    await world.show(world.run)
    other = newer(world, namespace="team-b", state=State.SUCCEEDED, finished=world.now)
    await world.show(other)
    world.change(state=State.FAILED, finished=world.now)
    await world.show(world.run)
    assert posting.place == ["build-1 Running", "build-2 Succeeded", "build-1 Failed"]
    assert posting.ends == ["build-2 Succeeded", "build-1 Failed"]


async def test_nor_does_it_after_a_restart(world: World, posting: Posting) -> None:
    world.provide(grant=Grant(namespaces=("team-a",), targets=("*",)))
    world.cluster.providers.put(own_provider("team-b"))
    other = newer(world, namespace="team-b", state=State.SUCCEEDED, finished=world.now)
    await world.show(other)
    world.restart()
    [request], [wanted] = for_run(other), asked(other).values()
    await world.cluster.records.find(request, fence=1)
    assert world.reconciler.settled(other, request, wanted)
    world.change(state=State.FAILED, finished=world.now)
    await world.show(world.run)
    assert posting.place == posting.ends == ["build-2 Succeeded", "build-1 Failed"]
