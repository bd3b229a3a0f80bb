"""Runs that a Notification asks about, in the reconciler: whose record, whose Provider, and what an edit changes."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tekton_integrations.kube.records_json import decode_record
from tekton_integrations.provider import Provider
from tekton_integrations.record import Record
from tekton_integrations.requests import Request, for_run, work
from tekton_integrations.run import Matched, State
from tests.reconciling import EVERYTHING, NAMESPACE, RECORDS, Noting, World

PATH = f"{NAMESPACE}/all"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.made(Noting()) as world:
        world.provide()
        world.change(annotations={}, matched=(match(),))
        yield world


def match(channel: str = "C1", **fields: Any) -> Matched:
    options = {"channel": channel, "provider": "slack"}
    return Matched(notification=PATH, integration="slack", record=PATH, options=options, within="controller", **fields)


def records(world: World) -> list[Record]:
    server = world.server
    return [
        decode_record(msgspec.json.encode(thing)) for path, thing in server.objects.items() if path.startswith(RECORDS)
    ]


def own_provider(name: str = "slack") -> Provider:
    return Provider(
        namespace=NAMESPACE,
        name=name,
        uid="own",
        resource_version="1",
        generation=1,
        type="Slack",
        endpoint="",
        grants=(EVERYTHING,),
        spec={"slack": {}},
    )


async def test_its_record_says_which_notification_asked(world: World) -> None:
    assert world.request == Request("slack", PATH, "PipelineRun", NAMESPACE, world.run.name, world.run.uid)
    await world.show(world.run)
    assert world.integration.shown == [("C1", "Running")]
    assert (await world.record()).notification == PATH


async def test_annotations_with_another_target_make_a_second_record(world: World) -> None:
    world.change(annotations={"slack.integrations.tekton.dev/channel": "C2"})
    for request in for_run(world.run):
        await world.reconciler.reconcile(request)
    assert sorted(world.integration.shown) == [("C1", "Running"), ("C2", "Running")]
    assert sorted(record.notification for record in records(world)) == ["", PATH]


async def test_a_provider_of_the_same_name_in_the_runs_namespace_does_not_take_its_place(world: World) -> None:
    world.cluster.providers.put(own_provider())
    await world.show(world.run)
    assert (await world.record()).provider == "controller/slack"


async def test_another_provider_in_the_notification_is_taken_at_once(world: World) -> None:
    await world.show(world.run)
    world.cluster.providers.put(own_provider("team"))
    options = {"channel": "C1", "provider": "team"}
    world.change(matched=(replace(match(), options=options, within=NAMESPACE),))
    await world.show(world.run)
    assert (await world.record()).provider == f"{NAMESPACE}/team"


async def test_an_edit_moves_what_is_open(world: World) -> None:
    await world.show(world.run)
    world.change(matched=(match("C2"),))
    await world.show(world.run)
    assert world.integration.shown == [("C1", "Running"), ("C2", "Running")]
    assert len(records(world)) == 1


async def test_an_edit_shows_nothing_again_that_had_ended(world: World) -> None:
    world.change(state=State.SUCCEEDED, finished=world.now)
    await world.show(world.run)
    request = world.request
    world.change(matched=(match("C2"),))
    assert world.reconciler.settled(world.run, request, work(world.run)[request])


async def test_a_notification_that_goes_takes_its_open_record_with_it_and_leaves_what_had_ended(world: World) -> None:
    await world.show(world.run)
    request = world.request
    world.change(matched=())
    await world.reconciler.reconcile(request)
    assert records(world) == []
    assert world.integration.shown == [("C1", "Running")]


async def test_whom_nobody_knows_by_its_request_is_found_by_its_notification(world: World) -> None:
    """Who had to keep quiet for a newer run is woken without the Notification's name."""
    again: list[Request] = []
    world.reconciler.again = again.append
    await world.reconciler.reconcile(world.request._replace(notification=""))
    assert again == [world.request]


async def test_who_was_reported_is_told_for_each_notification_that_asked(world: World) -> None:
    told: list[tuple[str, str]] = []
    world.reconciler.reported = lambda path, uid: told.append((path, uid))
    await world.show(world.run)
    assert told == []
    world.change(state=State.SUCCEEDED, finished=world.now)
    await world.show(world.run)
    assert told == [(PATH, world.run.uid)]
