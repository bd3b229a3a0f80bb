"""What a quota tells others of itself, and what a new one goes on from. Time is the test's."""

from collections.abc import Callable

import pytest

from tekton_integrations import Cost, Limits, Quota
from tekton_integrations.allowance import Allowance
from tests.test_quota import TEN, wait
from tests.virtual_time import Clock

WALL = 1_800_000_000.0
PROGRESS = Cost(points=5, final=False)
BLOCKED = Allowance(scope="acme", blocked_until=WALL + 60)
COUNTED = Allowance(scope="acme", limit=5000, remaining=4000, reset_time=WALL + 1800)
SLOW = Allowance(scope="acme", writes_per_second=0.5, refused_time=WALL - 600)
USED_UP = Allowance(scope="acme", full_time=WALL + 9)


def made(clock: Clock) -> Quota:
    """Ten points a second, ninety at once; the wall's clock is ahead of the other, and both go as fast."""
    began = clock.now
    return Quota(Limits(buckets=(TEN,)), clock, lambda: WALL + clock.now - began)


@pytest.fixture
def quota(clock: Clock) -> Quota:
    return made(clock)


def restored(known: Allowance, clock: Clock) -> Quota:
    quota = made(clock)
    quota.restore(known)
    return quota


@pytest.mark.parametrize(
    "said",
    [
        lambda quota: None,
        lambda quota: quota.take(Cost(points=90)),
        lambda quota: quota.block(0),
        lambda quota: quota.learn(limit=5000, remaining=4000),
        lambda quota: quota.learn(limit=5000, remaining=4000, reset_in=0),
    ],
    ids=["nothing", "calls before it limits", "a block that is over", "a count without end", "a count that is over"],
)
def test_of_what_limits_nobody_nothing_is_told(quota: Quota, said: Callable[[Quota], None]) -> None:
    said(quota)
    assert quota.state("acme") is None


def test_a_block_is_told_until_it_ends(quota: Quota, clock: Clock) -> None:
    quota.block(60)
    clock.now += 59
    assert quota.state("acme") == BLOCKED
    clock.now += 1
    assert quota.state("acme") is None


def test_the_service_s_count_is_told_until_it_begins_anew(quota: Quota, clock: Clock) -> None:
    quota.learn(limit=5000, remaining=4000, reset_in=1800)
    clock.now += 1799
    assert quota.state("acme") == COUNTED
    clock.now += 1
    assert quota.state("acme") is None


def test_a_count_of_which_no_end_is_known_is_not_told_beside_a_block(quota: Quota) -> None:
    quota.learn(limit=5000, remaining=4000)
    quota.block(60)
    assert quota.state("acme") == BLOCKED


def test_the_pace_is_told_and_when_it_was_learnt(quota: Quota, clock: Clock) -> None:
    quota.penalise(60)
    clock.now += 600
    assert quota.state("acme") == Allowance(scope="acme", writes_per_second=1.0, refused_time=WALL)


def test_when_all_is_saved_again_is_told_unless_it_is_soon(quota: Quota, clock: Clock) -> None:
    quota.block(0)
    quota.take(Cost(points=60))
    assert quota.state("acme") == Allowance(scope="acme", full_time=WALL + 6)
    clock.now += 1
    assert quota.state("acme") is None
    quota.block(59)
    assert quota.state("acme") == BLOCKED


@pytest.mark.parametrize("known", [BLOCKED, COUNTED, SLOW, USED_UP])
def test_a_new_one_knows_what_the_former_told(clock: Clock, known: Allowance) -> None:
    assert restored(known, clock).state("acme") == known


def test_what_was_known_of_buckets_holds_from_the_first_call(clock: Clock) -> None:
    assert restored(Allowance(scope="acme"), clock).openings(PROGRESS) == 12
    assert wait(restored(USED_UP, clock), 5) == 0.5


def test_after_a_block_that_was_handed_on_a_few_may_go(clock: Clock) -> None:
    door = restored(BLOCKED, clock).at(PROGRESS)
    assert door.wait() == 60
    clock.now += 60
    assert (door.wait(), door.openings()) == (0, 3)


@pytest.mark.parametrize("ago", [0, 1])
def test_what_is_over_when_it_is_handed_on_holds_no_more(clock: Clock, ago: float) -> None:
    over = Allowance(scope="acme", blocked_until=WALL - ago, limit=9, remaining=0, reset_time=WALL - ago)
    quota = restored(over, clock)
    assert (quota.until(PROGRESS), quota.openings(PROGRESS), quota.limit) == (0, 12, None)


@pytest.mark.parametrize("refused", [None, WALL + 100])
def test_a_pace_that_was_learnt_nobody_knows_when_was_learnt_now(clock: Clock, refused: float | None) -> None:
    state = restored(Allowance(scope="acme", writes_per_second=0.5, refused_time=refused), clock).state("acme")
    assert state == Allowance(scope="acme", writes_per_second=0.5, refused_time=WALL)


def test_nothing_that_is_handed_on_is_longer_than_a_day(clock: Clock) -> None:
    far = WALL + 1e9
    quota = restored(
        Allowance(scope="acme", blocked_until=far, limit=9, remaining=1, reset_time=far, full_time=far), clock
    )
    assert (quota.blocked_for, quota.reset) == (86400, 86400)
    state = quota.state("acme")
    assert state is not None
    assert state.full_time == WALL + 86400
