"""Endpoints that runs name: whose secrets go there, and that nothing else leads a call anywhere."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from tekton_integrations import Context, Record, Result, Run, Target
from tekton_integrations.addresses import place
from tekton_integrations.contexts import GATES
from tekton_integrations.gate import Gate
from tekton_integrations.ledger import Ledger
from tekton_integrations.provider import Grant
from tekton_integrations.record import Condition, format_of
from tekton_integrations.requests import new_record
from tests.loopback import serving
from tests.reconciling import CHANNEL, Noting, World

SHOWN = Condition(status="Unknown", reason="InProgress", last_transition=1.0)
URL = "slack.integrations.tekton.dev/plain"
SECRET = {
    "metadata": {},
    "type": "integrations.tekton.dev/Slack",
    "data": {"token": "bWluZQ=="},
}


class Calling(Noting):
    """Calls the URL that the run names, with all the secrets that it is lent."""

    def target(self, run: Run, options: Any) -> Target:
        return Target(resource=place(options.plain), name="card", endpoint=options.plain)

    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        await self._call(context)
        return Result(memory={"id": "1"})

    async def settle(self, record: Record, context: Context) -> None:
        await self._call(context)

    async def _call(self, context: Context) -> None:
        lent = ",".join(value.decode() for value in context.credential.secrets.values())
        await context.http.request("POST", context.credential.endpoint, {"x-lent": lent})


class Place:
    """A server that notes path and secrets of each call."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, str]] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.calls.append((request.path, request.headers["x-lent"]))
        return web.Response()


@pytest.fixture
async def places() -> AsyncIterator[tuple[Place, Place]]:
    made = Place(), Place()
    async with AsyncExitStack() as stack:
        for each in made:
            each.url = await stack.enter_async_context(serving(each.answer))
        yield made


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World.made(Calling()) as world:
        world.server.put("/api/v1/namespaces/controller/secrets/token", SECRET)
        yield world


def provide(world: World, endpoint: str = "", *targets: str) -> None:
    world.provide(token={"secretRef": {"name": "token"}}, grant=Grant(namespaces=("*",), targets=targets or ("*",)))
    [made] = world.cluster.providers
    world.cluster.providers.put(replace(made, resource_version="2", endpoint=endpoint))


async def show(world: World, url: str) -> str:
    world.change(annotations={CHANNEL: "C1", URL: url})
    await world.reconciler.reconcile(world.request)
    return (await world.record()).condition.reason


async def test_a_url_that_the_run_names_gets_no_secrets(world: World, places: tuple[Place, Place]) -> None:
    provide(world, "", place(places[0].url))
    assert await show(world, f"{places[0].url}/hook") == "InProgress"
    assert places[0].calls == [("/hook", "")]


async def test_one_that_leads_inside_is_not_called_where_the_provider_does_not_name_it(
    world: World, places: tuple[Place, Place]
) -> None:
    mine, _ = places
    provide(world, "", "http://127.*")  # the test before this one names it
    assert await show(world, f"{mine.url}/hook") == "EgressRefused"
    assert "name it in full in the Provider's spec.grants" in (await world.record()).condition.message
    assert mine.calls == []


async def test_one_at_or_below_the_provider_s_own_endpoint_gets_them(world: World, places: tuple[Place, Place]) -> None:
    mine, other = places
    provide(world, f"{mine.url}/team-a", place(mine.url), place(other.url))
    for url in (f"{mine.url}/team-a", f"{mine.url}/team-a/x", f"{mine.url}/team-b", f"{other.url}/team-a"):
        await show(world, url)
    settled = [("/team-a", "mine"), ("/team-a/x", "mine"), ("/team-b", "")]
    assert mine.calls == [settled[0], settled[0], settled[1], settled[1], settled[2], settled[2]]
    assert other.calls == [("/team-a", "")]


async def test_one_that_no_grant_names_is_never_called(world: World, places: tuple[Place, Place]) -> None:
    mine, other = places
    provide(world, "", place(mine.url))
    assert await show(world, f"{other.url}/hook") == "NotGranted"
    assert other.calls == []


@pytest.mark.parametrize("known", [True, False], ids=["granted place", "no grant"])
async def test_a_record_that_was_edited_to_lead_elsewhere_leads_to_no_call(
    world: World, places: tuple[Place, Place], known: bool
) -> None:
    mine, other = places
    provide(world, mine.url, place(mine.url))
    [made] = world.cluster.providers
    another = Grant(namespaces=("team-b",), targets=(place(other.url),))  # so it would be let out
    world.cluster.providers.put(replace(made, resource_version="3", grants=(*made.grants, another)))
    resource = place(mine.url if known else other.url)
    forged = Target(resource=resource, name="card", endpoint=f"{other.url}/hook")
    await world.store(condition=SHOWN, memory={"id": "1"}, target=forged, provider="controller/slack")
    world.delete(world.run)
    await world.reconciler.reconcile(world.request)
    assert (mine.calls, other.calls) == ([], [])


async def test_a_record_that_was_not_edited_leads_where_it_did(world: World, places: tuple[Place, Place]) -> None:
    mine, _ = places
    provide(world, mine.url, place(mine.url))
    target = Target(resource=place(mine.url), name="card", endpoint=f"{mine.url}/hook")
    await world.store(condition=SHOWN, memory={"id": "1"}, target=target, provider="controller/slack")
    world.delete(world.run)
    await world.reconciler.reconcile(world.request)
    assert mine.calls == [("/hook", "mine")]


async def test_a_record_that_leads_to_an_endpoint_is_not_for_controllers_that_know_of_none(
    world: World, places: tuple[Place, Place]
) -> None:
    provide(world, "", place(places[0].url))
    await show(world, f"{places[0].url}/hook")
    assert (await world.record()).format == 2
    assert format_of(replace(await world.record(), target=Target(resource="acme/api", name="build"))) == 1


async def test_hosts_that_runs_name_do_not_fill_the_memory(world: World) -> None:
    provide(world, "", "http://127.0.0.1")
    [provider] = world.cluster.providers
    contexts = world.reconciler.contexts

    async def gate(port: int) -> Gate:
        url = f"http://127.0.0.1:{port}/hook"
        target = Target(resource=place(url), name="card", endpoint=url)
        granting = replace(provider, grants=(Grant(namespaces=("*",), targets=(target.resource,)),))
        ledger = Ledger(replace(new_record(world.request, world.run), target=target), world.cluster, world.mandate)
        return contexts.gate(provider, await contexts.make(ledger, granting, world.run, search=False))

    busy = await gate(1)
    with busy.admitted():
        for port in range(2, GATES + 3):
            await gate(port)
        assert await gate(1) is busy
        assert len(contexts.gates) <= GATES
