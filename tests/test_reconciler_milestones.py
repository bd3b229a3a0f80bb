"""Milestones go to the target that the run names now, whatever the record says was delivered."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tekton_integrations import Context, Milestone, PermanentError, Record, Result, Run, TemporaryError
from tekton_integrations.opening import MAX_DELAY
from tekton_integrations.posting import IN_DOUBT
from tekton_integrations.provider import Grant
from tekton_integrations.record import Condition, Target
from tekton_integrations.run import State
from tekton_integrations.settling import PATIENCE
from tests.reconciling import CHANNEL, RECORDS, NotingMilestones, World
from tests.toy import SlackOptions

DOUBTFUL = Condition(status="Unknown", reason="Retrying", last_transition=1.0)
CARD = Target(resource="C1", name="card")


@pytest.fixture
async def told() -> AsyncIterator[World]:
    """Of milestones."""
    async with World.made(NotingMilestones()) as world:
        world.provide()
        world.change(state=State.SUCCEEDED, finished=world.now)
        yield world


async def test_all_milestones_are_delivered_at_a_new_target(told: World) -> None:
    await told.reconciler.reconcile(told.request)
    told.change(annotations={CHANNEL: "C2"})
    await told.reconciler.reconcile(told.request)
    keys = ("created", "started", "finished")
    assert told.integration.shown == [(channel, key) for channel in ("C1", "C2") for key in keys]
    assert told.integration.sequence == [1, 2, 3, 1, 2, 3]
    record = await told.record()
    assert (record.target, record.delivered, record.milestone) == (Target(resource="C2", name="card"), 3, "finished")


@pytest.mark.parametrize("nonsense", ["nonsense", "retried/x", "/", "retried/²"])
async def test_a_record_that_names_no_milestone_does_not_stop_their_delivery(told: World, nonsense: str) -> None:
    await told.store(milestone=nonsense, delivered=2, target=CARD, condition=DOUBTFUL)
    await told.reconciler.reconcile(told.request)
    record = await told.record()
    assert (record.condition.reason, record.milestone) == ("Reported", "finished")


class Ending(NotingMilestones):
    """`ends` is what was told in the end, and where; `fails` is what comes of that instead."""

    endpoint = "http://127.0.0.1/{}"

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[tuple[str, Milestone | None]] = []
        self.fails: PermanentError | TemporaryError | None = None

    def target(self, run: Run, options: Any) -> Target:
        return Target(resource="http://127.0.0.1", name=options.channel, endpoint=self.endpoint.format(options.channel))

    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        if context.credential.endpoint.endswith("C9"):
            raise TemporaryError("Unreachable", "nobody is there", 300.0)
        return await super().reconcile(run, options, record, context)

    async def settle(self, record: Record, context: Context) -> None:
        if self.fails:
            raise self.fails
        assert record.target
        self.ends.append((record.target.name, context.milestone))


@pytest.fixture
async def ending() -> AsyncIterator[World]:
    """Of a run that goes on."""
    async with World.made(Ending()) as world:
        world.provide(grant=Grant(namespaces=("*",), targets=("http://127.0.0.1",)))
        yield world


def ends(world: World) -> list[tuple[str, Milestone | None]]:
    assert isinstance(world.integration, Ending)
    return world.integration.ends


def fail(world: World, error: TemporaryError | None) -> None:
    assert isinstance(world.integration, Ending)
    world.integration.fails = error


async def test_who_heard_of_a_run_that_is_deleted_hears_once_that_it_ended(ending: World) -> None:
    await ending.reconciler.reconcile(ending.request)
    ending.clock[0] += 60
    ending.delete(ending.run)
    assert await ending.reconciler.reconcile(ending.request) is None
    [(where, last)] = ends(ending)
    assert last is not None
    assert (where, last.key, last.sequence, last.time) == ("C1", "finished", 3, ending.now)
    assert RECORDS not in "".join(ending.server.objects), "nothing is left to do about it"


async def test_who_was_told_of_nothing_hears_of_no_end(ending: World) -> None:
    ending.change(annotations={CHANNEL: "C9"})
    await ending.reconciler.reconcile(ending.request)
    ending.delete(ending.run)
    await ending.reconciler.reconcile(ending.request)
    assert [last for _, last in ends(ending)] in ([], [None])


async def test_an_end_that_could_not_be_told_is_tried_again_with_the_same_id(ending: World) -> None:
    await ending.reconciler.reconcile(ending.request)
    ending.delete(ending.run)
    fail(ending, TemporaryError("ServiceUnavailable", "503", 5.0))
    wait = await ending.reconciler.reconcile(ending.request)
    assert wait is not None
    ending.clock[0] += wait.seconds
    fail(ending, None)
    assert await ending.reconciler.reconcile(ending.request) is None
    assert len(ends(ending)) == 1


async def test_an_end_whose_next_try_is_a_day_away_is_given_up(ending: World) -> None:
    await ending.reconciler.reconcile(ending.request)
    ending.delete(ending.run)
    fail(ending, TemporaryError("ServiceUnavailable", "503", MAX_DELAY))
    assert await ending.reconciler.reconcile(ending.request) is None
    assert RECORDS not in "".join(ending.server.objects)


async def test_an_endpoint_that_the_run_no_longer_names_is_told_the_end_and_the_new_one_all(ending: World) -> None:
    await ending.reconciler.reconcile(ending.request)
    ending.change(annotations={CHANNEL: "C2"}, state=State.SUCCEEDED, finished=ending.now)
    await ending.reconciler.reconcile(ending.request)
    assert [(where, last.key) for where, last in ends(ending) if last] == [("C1", "finished")]
    assert ending.integration.shown[-3:] == [("C2", "created"), ("C2", "started"), ("C2", "finished")]


async def test_a_dead_endpoint_holds_up_the_one_that_took_its_place_for_a_moment_only(ending: World) -> None:
    await ending.reconciler.reconcile(ending.request)
    ending.change(annotations={CHANNEL: "C2"})
    fail(ending, TemporaryError("Unreachable", "nobody is there", 5.0))
    wait = await ending.reconciler.reconcile(ending.request)
    assert wait is not None
    assert wait.seconds == 5.0
    ending.clock[0] += wait.seconds
    fail(ending, TemporaryError("Unreachable", "nobody is there", PATIENCE + 1))
    await ending.reconciler.reconcile(ending.request)
    assert ending.integration.shown[-2:] == [("C2", "created"), ("C2", "started")]


async def test_a_milestone_of_which_nobody_is_told_does_not_let_calls_to_a_dead_host(ending: World) -> None:
    """`on` may leave it out: that nothing failed says nothing about the host."""
    assert await ending.reconciler.reconcile(ending.request) is None
    [gate] = ending.reconciler.contexts.gates.values()
    with pytest.raises(TemporaryError), gate.admitted():
        raise TemporaryError("Unreachable", "nobody is there", down=True)
    ending.change(state=State.SUCCEEDED, finished=ending.now)
    await ending.reconciler.reconcile(ending.request)
    assert not gate.idle, "the failure is not forgotten"


@pytest.mark.parametrize(("delivered", "last"), [(0, ""), (1, "created")])
async def test_who_may_have_heard_of_it_by_a_call_that_was_cut_hears_of_the_end(
    ending: World, delivered: int, last: str
) -> None:
    target = ending.integration.target(ending.run, SlackOptions(channel="C1"))
    await ending.store(
        condition=DOUBTFUL,
        target=target,
        provider="controller/slack",
        memory={IN_DOUBT: "started"},
        delivered=delivered,
        milestone=last,
    )
    ending.delete(ending.run)
    await ending.reconciler.reconcile(ending.request)
    [(_, end)] = ends(ending)
    assert end is not None
    assert end.sequence == delivered + 2
