"""What an integration may ask about besides its own run: other targets, runs that share something with it, a log."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from tekton_integrations import Child, Context, Record, Result, Run, State, Target
from tekton_integrations.kube.records_json import to_object
from tekton_integrations.provider import Grant
from tekton_integrations.record import FORMAT, Condition
from tekton_integrations.requests import for_run, new_record
from tests.reconciling import NAMESPACE, RECORDS, Noting, World

GROUP = Target(resource="C1", name="card", labels={"group": "7"})
SHOWN = Condition(status="Unknown", reason="InProgress", last_transition=1.0)


class Asking(Noting):
    """Keeps the Context of the last call; `pause` holds each call up until it is set, `came` counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.context: Context | None = None
        self.pause: asyncio.Event | None = None
        self.came = asyncio.Semaphore(0)
        self.within: list[str] = []

    def target(self, run: Run, options: Any) -> Target:
        return GROUP

    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        self.context = context
        if self.pause:
            self.came.release()
            async with context.exclusive("place"):
                self.within.append(run.name)
                await self.pause.wait()
        return await super().reconcile(run, options, record, context)

    async def settle(self, record: Record, context: Context) -> None:
        self.context = context


@pytest.fixture
def asking() -> Asking:
    return Asking()


@pytest.fixture
async def world(asking: Asking) -> AsyncIterator[World]:
    async with World.made(asking) as world:
        yield world


async def context(world: World) -> Context:
    """Of the run's report, or of what settles it."""
    await world.reconciler.reconcile(world.request)
    assert isinstance(world.integration, Asking)
    assert world.integration.context is not None
    return world.integration.context


@pytest.mark.parametrize("gone", [False, True])
async def test_a_grant_may_be_asked_for_another_target(world: World, gone: bool) -> None:
    world.provide(grant=Grant(namespaces=(NAMESPACE,), targets=("*1",), names=("card",)))
    if gone:
        await world.store(condition=SHOWN, memory={"id": "1"}, target=GROUP, provider="controller/slack")
        world.delete(world.run)
    granted = (await context(world)).granted
    assert await granted(Target(resource="D1", name="card"))
    assert not await granted(Target(resource="D1", name="other"))
    assert not await granted(Target(resource="D2", name="card"))


async def test_a_grant_by_the_namespace_s_labels_holds_for_other_targets_too(world: World) -> None:
    world.provide(grant=Grant(namespace_selector={"team": "a"}, targets=("*1",)))
    world.server.put(f"/api/v1/namespaces/{NAMESPACE}", {"metadata": {"labels": {"team": "a"}}})
    granted = (await context(world)).granted
    assert await granted(Target(resource="D1", name="card"))
    assert not await granted(Target(resource="D2", name="card"))


async def test_what_is_exclusive_is_so_for_all_runs_that_use_one_provider(world: World, asking: Asking) -> None:
    world.provide()
    runs = [world.run, *(world.add(name=f"build-{number}", uid=f"uid-{number}") for number in range(2, 41))]
    asking.pause = asyncio.Event()
    first = asyncio.create_task(world.show(runs[0]))
    await asking.came.acquire()
    writes = world.writes
    waits = [await world.show(run) for run in runs[1:]]  # more than may be on their way to one host at once
    assert asking.within == ["build-1"]
    assert world.writes == writes
    at = {wait.at for wait in waits if wait}
    assert len(at) == 1
    asking.pause.set()
    await first
    for run in runs[1:]:
        assert await world.show(run) is None
    assert asking.within == [run.name for run in runs]


async def test_siblings_are_the_other_records_that_say_the_same(world: World) -> None:
    world.provide()
    slack = for_run(world.run)[0]

    def put(run_name: str, integration: str = "slack", target: Target = GROUP, **changes: Any) -> None:
        request = slack._replace(name=run_name, uid=f"uid of {run_name}", integration=integration)
        run = replace(world.run, name=run_name, uid=request.uid)
        record = replace(new_record(request, run), target=target, condition=SHOWN, memory={"id": run_name}, **changes)
        world.server.put(f"{RECORDS}/{record.name}", to_object(record))

    put("sibling")
    put("another")
    put("elsewhere", target=replace(GROUP, labels={"group": "8"}))
    put("nowhere", target=replace(GROUP, labels={}))
    put("stranger", integration="github")
    put("forged", name="any-name")
    put("tomorrow", format=FORMAT + 1)
    siblings = (await context(world)).siblings
    assert sorted(each.memory["id"] for each in await siblings("group", "7")) == ["another", "sibling"]


@pytest.mark.parametrize("value", ["", "7,integrations.tekton.dev/integration!=x", "a b", "7\n", "x" * 64])
async def test_what_can_be_no_label_has_no_siblings(world: World, value: str) -> None:
    world.provide()
    siblings = (await context(world)).siblings
    requests = len(world.server.requests)
    assert await siblings("group", value) == []
    assert len(world.server.requests) == requests


async def test_a_log_that_cannot_be_had_says_why(world: World) -> None:
    world.provide()
    child = Child(
        name="build-1-test",
        task="test",
        state=State.FAILED,
        reason="Failed",
        message="",
        started=None,
        finished=None,
        steps=(),
        pod="",
    )
    excerpt = await (await context(world)).excerpt(child)
    assert "pod" in excerpt.withheld


async def test_the_link_is_that_of_the_provider_and_none_where_the_run_is_gone(world: World) -> None:
    world.provide(details_url="https://tekton.example.com/$(namespace)/$(name)")
    assert (await context(world)).details_url == "https://tekton.example.com/team-a/build-1"
    world.delete(world.run)
    assert (await context(world)).details_url == ""
