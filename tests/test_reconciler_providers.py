"""A run that is shown by another Provider than before: nothing stays open by the old one."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from tekton_integrations import Context, Record, State, TemporaryError
from tekton_integrations.provider import Grant, Provider
from tests.reconciling import CHANNEL, EVERYTHING, Noting, World

CHOICE = CHANNEL.replace("channel", "provider")
OLD, NEW = "http://127.0.0.1", "http://127.0.0.2"


class Moving(Noting):
    """`settled` has the endpoints at which something was settled."""

    def __init__(self) -> None:
        super().__init__()
        self.settled: list[str] = []
        self.fails: TemporaryError | None = None

    async def settle(self, record: Record, context: Context) -> None:
        if self.fails:
            raise self.fails
        self.settled.append(context.credential.endpoint)


@pytest.fixture
def moving() -> Moving:
    return Moving()


@pytest.fixture
async def world(moving: Moving) -> AsyncIterator[World]:
    """The run is shown by the Provider `slack`, and then asks for `other`."""
    async with World.made(moving) as world:
        world.provide()
        put(world, "other", NEW)
        world.change(annotations={CHANNEL: "C1", CHOICE: "slack"})
        await world.show(world.run)
        world.change(annotations={CHANNEL: "C1", CHOICE: "other"}, state=State.SUCCEEDED, finished=world.now)
        yield world


def put(world: World, name: str, endpoint: str, grant: Grant = EVERYTHING) -> None:
    world.cluster.providers.put(
        Provider(
            namespace=world.cluster.shared_namespace,
            name=name,
            uid=f"{name} at {endpoint}",
            resource_version="9",
            generation=1,
            type="Slack",
            endpoint=endpoint,
            grants=(grant,),
            spec={"slack": {}},
        )
    )


async def shown_by(world: World) -> str:
    record = await world.record()
    assert record.reported
    return record.provider


async def test_what_the_old_one_shows_is_concluded_by_it(world: World, moving: Moving) -> None:
    await world.show(world.run)
    assert moving.settled == [OLD]
    assert await shown_by(world) == "controller/other"
    await world.show(world.run)
    assert len(moving.shown) == 2


async def test_what_ended_there_stays(world: World, moving: Moving) -> None:
    world.change(annotations={CHANNEL: "C1", CHOICE: "slack"})
    await world.show(world.run)
    world.change(annotations={CHANNEL: "C1", CHOICE: "other"}, message="edited")
    await world.show(world.run)
    assert moving.settled == []
    assert await shown_by(world) == "controller/other"


async def test_one_that_has_a_new_name_goes_on_with_what_the_old_one_showed(world: World, moving: Moving) -> None:
    world.cluster.providers.remove(world.cluster.shared_namespace, "slack")
    await world.show(world.run)
    assert moving.settled == []
    assert await shown_by(world) == "controller/other"


async def test_one_that_was_made_anew_under_its_name_does_so_too(world: World, moving: Moving) -> None:
    put(world, "slack", NEW)
    world.change(annotations={CHANNEL: "C1", CHOICE: "slack"})
    await world.show(world.run)
    assert moving.settled == []
    assert await shown_by(world) == "controller/slack"


async def test_one_that_does_not_grant_any_more_keeps_nothing_up(world: World, moving: Moving) -> None:
    put(world, "slack", OLD, replace(EVERYTHING, namespaces=("elsewhere",)))
    await world.show(world.run)
    assert moving.settled == []
    assert await shown_by(world) == "controller/other"


async def test_one_whose_credential_is_not_accepted_keeps_nothing_up(world: World, moving: Moving) -> None:
    moving.fails = TemporaryError("CredentialRefused", "it is not accepted", 30.0, needs_help=True)
    await world.show(world.run)
    assert await shown_by(world) == "controller/other"


async def test_one_that_is_down_is_waited_for(world: World, moving: Moving) -> None:
    moving.fails = TemporaryError("Unreachable", "no connection", down=True)
    wait = await world.show(world.run)
    assert wait is not None
    assert len(moving.shown) == 1
    moving.fails = None
    world.clock[0] += wait.seconds
    await world.show(world.run)
    assert moving.settled == [OLD]
    assert await shown_by(world) == "controller/other"
