"""A place that several runs share shows the newest of them, whichever is looked at first, also after a restart."""

from collections.abc import AsyncIterator

import pytest

from tekton_integrations import PermanentError, Target, TemporaryError
from tekton_integrations.provider import Grant
from tekton_integrations.record import Condition
from tekton_integrations.requests import asked, for_run
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


async def test_an_older_run_does_not_take_the_place_of_a_newer_one(world: World, posting: Posting) -> None:
    await world.show(world.run)
    await world.show(newer(world))
    world.change(state=State.FAILED, finished=world.now)
    await world.show(world.run)
    assert posting.place == ["build-1 Running", "build-2 Running"]
    assert (await world.record()).reported


async def test_an_older_run_s_end_is_shown_where_the_newer_one_shows_nothing_yet(
    world: World, posting: Posting
) -> None:
    await world.show(newer(world))
    world.change(state=State.FAILED, finished=world.now)
    await world.show(world.run)
    assert posting.ends == ["build-1 Failed"]
    await world.show(newer(world, state=State.SUCCEEDED, finished=world.now, resource_version="200"))
    assert posting.ends == ["build-1 Failed", "build-2 Succeeded"]


async def test_a_newer_run_that_is_not_granted_keeps_nobody_out(world: World, posting: Posting) -> None:
    world.provide(version=2, grant=Grant(namespaces=("team-a",), targets=("*",)))
    await world.show(newer(world, namespace="team-b"))
    await world.show(world.run)
    assert posting.place == ["build-1 Running"]


async def test_a_newer_run_that_was_given_up_before_it_was_shown_keeps_nobody_out(
    world: World, posting: Posting
) -> None:
    posting.fails["build-2"] = PermanentError("Refused", "no")
    await world.show(newer(world))
    await world.show(world.run)
    assert posting.place == ["build-1 Running"]


async def test_a_newer_run_that_is_tried_again_keeps_an_older_one_out(world: World, posting: Posting) -> None:
    posting.fails["build-2"] = TemporaryError("ServiceUnavailable", "it answered 503")
    await world.show(newer(world))
    await world.show(world.run)
    assert posting.place == []


async def test_one_that_was_deleted_before_it_was_shown_keeps_nobody_out_any_more(
    world: World, posting: Posting
) -> None:
    posting.fails["build-2"] = TemporaryError("ServiceUnavailable", "it answered 503")
    other = newer(world)
    await world.show(other)
    world.delete(other)
    await world.show(other)
    await world.show(world.run)
    assert posting.place == ["build-1 Running"]


async def test_one_whose_end_was_shown_still_counts_after_it_was_deleted(world: World, posting: Posting) -> None:
    other = newer(world, state=State.SUCCEEDED, finished=world.now)
    await world.show(other)
    world.delete(other)
    await world.show(other)
    await world.show(world.run)
    assert posting.place == ["build-2 Succeeded"]


async def test_a_settled_newer_run_counts_after_a_restart(world: World, posting: Posting) -> None:
    other = newer(world, state=State.SUCCEEDED, finished=world.now)
    await world.show(other)
    world.restart()
    [request], [wanted] = for_run(other), asked(other).values()
    await world.cluster.records.find(request, fence=1)
    assert world.reconciler.settled(other, request, wanted)
    world.change(state=State.FAILED, finished=world.now)
    await world.show(world.run)
    assert posting.place == posting.ends == ["build-2 Succeeded"]


@pytest.mark.parametrize("state", [State.RUNNING, State.SUCCEEDED])
async def test_a_newer_run_is_shown_again_where_an_older_one_was_looked_at_before_it_after_a_restart(
    world: World, posting: Posting, state: State
) -> None:
    ended = {"state": state, "finished": world.now if state.final else None}
    await world.show(newer(world, **ended))
    world.restart()
    other = newer(world, **ended)
    world.change(state=State.FAILED, finished=world.now)
    await world.show(world.run)
    assert posting.place == [f"build-2 {state}", "build-1 Failed"]
    for _ in range(3):
        await world.show(other)
    assert posting.place == [f"build-2 {state}", "build-1 Failed", f"build-2 {state}"]


async def test_a_newer_run_is_shown_again_once_though_it_does_not_ask_any_more(world: World, posting: Posting) -> None:
    await world.show(newer(world))
    world.restart()
    await world.show(world.run)
    posting.asks = False
    for _ in range(3):
        await world.show(newer(world))
    assert posting.calls == 3


async def test_a_newer_run_is_not_shown_again_because_of_a_place_where_it_is_not_shown_yet(
    world: World, posting: Posting
) -> None:
    other = newer(world)
    await world.show(other)
    world.change(state=State.FAILED, finished=world.now)
    await world.show(world.run)
    await world.show(other)
    assert posting.calls == 2


async def test_a_newer_run_is_not_shown_again_because_an_older_one_was_shown_before_it(
    world: World, posting: Posting
) -> None:
    await world.show(world.run)
    other = newer(world)
    await world.show(other)
    world.restart()
    await world.show(newer(world))
    assert posting.place == ["build-1 Running", "build-2 Running"]


@pytest.mark.parametrize("reverse", [False, True])
async def test_of_two_runs_of_one_second_it_is_always_the_same_that_counts(
    world: World, posting: Posting, reverse: bool
) -> None:
    runs = [world.run, newer(world, created=world.run.created)]
    for run in reversed(runs) if reverse else runs:
        await world.show(run)
    assert posting.place[-1] == "build-2 Running"


async def test_a_share_that_the_target_does_not_name_is_a_bug_that_is_told(world: World, posting: Posting) -> None:
    posting.share = "nowhere"
    world.change(state=State.FAILED, finished=world.now)
    await world.show(world.run)
    assert (await world.record()).condition.reason == "InternalError"


async def test_what_is_settled_may_ask_as_well_and_keeps_nobody_out(world: World, posting: Posting) -> None:
    await world.show(world.run)
    await world.show(newer(world))
    request = world.request
    world.change(annotations={})
    await world.reconciler.reconcile(request)
    assert posting.settled == [("build-1", False)]


async def test_nobody_is_known_to_be_newer_than_a_run_of_which_only_the_record_is_left(
    world: World, posting: Posting
) -> None:
    shown = Condition(status="Unknown", reason="InProgress", last_transition=1.0)
    target = Target(resource="C1", name="card")
    await world.store(condition=shown, memory={"id": "1"}, target=target, provider="controller/slack")
    await world.show(newer(world))
    world.delete(world.run)
    await world.show(world.run)
    assert posting.settled == [("build-1", True)]


async def test_where_an_integration_did_not_say_that_it_asks_it_may_not_and_nobody_is_remembered(
    world: World, posting: Posting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Posting, "newest_at", lambda _, target, provider_type: ())
    await world.show(world.run)
    assert (await world.record()).condition.reason == "InternalError"
    posting.asks = False
    world.change(state=State.FAILED, finished=world.now)
    await world.show(world.run)
    assert (await world.record()).reported
    assert len(world.reconciler.contexts.newest) == 0
