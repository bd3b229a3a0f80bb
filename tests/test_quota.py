"""What a service lets one credential do. Time is the test's."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations import Throttled
from tekton_integrations.quota import Quota
from tests.calm import calmly


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quota(clock: Clock) -> Quota:
    """Ten points a second, ninety at once, of which thirty are for final states."""
    return Quota(10, 90, clock)


def wait(quota: Quota, points: float, *, final: bool = True) -> float:
    """Seconds to wait; 0 when the points were taken."""
    try:
        quota.take(points, final=final)
    except Throttled as error:
        return -1.0 if error.delay is None else error.delay
    return 0.0


def test_until_the_service_limits_nothing_is_limited(quota: Quota) -> None:
    assert [wait(quota, 1000, final=False) for _ in range(100)] == [0.0] * 100


def test_a_paced_service_gets_its_burst_and_then_its_rate(quota: Quota, clock: Clock) -> None:
    quota.pace()
    assert wait(quota, 90) == 0
    assert wait(quota, 5) == 0.5
    clock.now += 0.5
    assert wait(quota, 5) == 0
    assert wait(quota, 5) == 0.5


def test_a_third_is_kept_for_final_states(quota: Quota) -> None:
    quota.pace()
    assert wait(quota, 60, final=False) == 0
    assert wait(quota, 1, final=False) == pytest.approx(0.1)
    assert wait(quota, 30, final=True) == 0
    assert wait(quota, 1, final=True) > 0


def test_what_was_refused_costs_nothing(quota: Quota) -> None:
    quota.pace()
    assert wait(quota, 80) == 0
    assert [wait(quota, 20) for _ in range(5)] == [1.0] * 5
    assert wait(quota, 10) == 0


def test_it_never_saves_more_than_its_burst(quota: Quota, clock: Clock) -> None:
    quota.pace()
    clock.now += 10_000
    assert wait(quota, 90) == 0
    assert wait(quota, 1) > 0


def test_a_block_holds_for_final_states_too_and_ends(quota: Quota, clock: Clock) -> None:
    quota.block(30)
    assert quota.blocked_for == 30
    assert wait(quota, 1, final=True) == 30
    clock.now += 29.5
    assert wait(quota, 1) == 0.5
    clock.now += 0.5
    assert (quota.blocked_for, wait(quota, 1)) == (0, 0)


def test_a_shorter_block_does_not_end_a_longer_one(quota: Quota) -> None:
    quota.block(30)
    quota.block(5)
    assert quota.blocked_for == 30


def test_whoever_must_wait_is_told_why(quota: Quota) -> None:
    quota.block(30)
    with pytest.raises(Throttled, match="the service asked to wait; 30 s are left") as caught:
        quota.take(1, final=True)
    assert (caught.value.reason, caught.value.maybe_sent) == ("Throttled", False)


def test_whoever_must_wait_is_told_where(quota: Quota) -> None:
    quota.pace()
    quota.take(60, final=False)
    with pytest.raises(Throttled) as missing:
        quota.take(1, final=False)
    quota.block(5)
    with pytest.raises(Throttled) as blocked:
        quota.check(1, final=True)
    assert (missing.value.at, blocked.value.at) == (quota, quota)


@pytest.mark.parametrize(
    ("said", "meant"), [(1e12, 86400), (math.inf, 86400), (-5, 0), (-math.inf, 0), (math.nan, 60), (7, 7)]
)
def test_whatever_the_service_says_no_block_is_longer_than_a_day(quota: Quota, said: float, meant: float) -> None:
    quota.block(said)
    assert (quota.blocked_for, wait(quota, 1)) == (meant, meant)
    quota.learn(remaining=0, reset_in=said)
    assert quota.blocked_for == meant


def test_no_wait_for_points_is_longer_than_a_day(clock: Clock) -> None:
    quota = Quota(1e-6, 90, clock)
    quota.pace()
    quota.take(90, final=True)
    assert wait(quota, 90) == 86400


def test_after_a_block_a_few_may_go_and_more_at_the_rate(quota: Quota, clock: Clock) -> None:
    quota.check(5, final=False)
    quota.block(60)
    assert (quota.wait(), quota.openings()) == (60, 0)
    clock.now += 60
    assert (quota.wait(), quota.openings()) == (0, 3)
    assert [wait(quota, 5, final=False) for _ in range(4)] == [0, 0, 0, pytest.approx(0.5)]
    assert [quota.wait(), quota.openings()] == pytest.approx([0.5, 0])
    clock.now += 3
    assert quota.openings() == 6


def test_a_block_gives_no_points(quota: Quota, clock: Clock) -> None:
    quota.pace()
    quota.take(90, final=True)
    quota.block(1)
    clock.now += 1
    assert wait(quota, 11) > 0
    assert wait(quota, 10) == 0


def test_openings_are_calls_of_the_largest_cost_of_late_that_leave_the_reserve(quota: Quota, clock: Clock) -> None:
    quota.pace()
    quota.check(5, final=True)
    quota.check(1, final=True)
    assert quota.openings() == 12
    quota.take(58, final=True)
    assert [quota.wait(), quota.openings()] == pytest.approx([5.6, 0])
    clock.now += 61
    quota.check(1, final=True)
    assert quota.openings() == 60


def test_there_are_no_more_openings_than_calls_that_remain_until_the_reset(quota: Quota, clock: Clock) -> None:
    quota.learn(limit=5000, remaining=7, reset_in=600)
    assert (quota.limit, quota.remaining, quota.reset, quota.openings()) == (5000, 7, 600, 7)
    clock.now += 100
    assert quota.reset == 500
    clock.now += 501
    assert (quota.reset, quota.openings()) == (0, 60)


def test_what_the_service_did_not_say_stays_unknown(quota: Quota) -> None:
    assert (quota.limit, quota.remaining, quota.reset) == (None, None, None)
    quota.learn(remaining=3)
    assert (quota.limit, quota.remaining, quota.reset) == (None, 3, None)
    quota.learn(limit=10)
    assert (quota.limit, quota.remaining, quota.blocked_for) == (10, 3, 0)


def test_when_nothing_remains_it_is_blocked_until_the_reset(quota: Quota) -> None:
    quota.learn(limit=5000, remaining=0, reset_in=600)
    assert quota.blocked_for == 600


@pytest.mark.parametrize("final", [True, False])
def test_a_call_that_costs_more_than_can_be_saved_goes_when_all_is_saved(
    quota: Quota, clock: Clock, final: bool
) -> None:
    quota.pace()
    quota.take(10, final=True)
    assert wait(quota, 200, final=final) == 1
    clock.now += 1
    assert wait(quota, 200, final=final) == 0
    assert wait(quota, 1) == pytest.approx(11.1)


def test_calls_before_the_service_limits_leave_no_debt(quota: Quota, clock: Clock) -> None:
    quota.take(1000, final=False)
    quota.pace()
    clock.now += 1
    assert wait(quota, 10) == 0


@calmly
@given(st.floats(0, 90), st.floats(0.1, 90), st.floats(0, 100), st.booleans())
def test_there_are_openings_exactly_when_the_wait_is_over(
    spent: float, cost: float, block: float, blocked: bool
) -> None:
    clock = Clock()
    quota = Quota(10, 90, clock)
    quota.pace()
    quota.take(spent, final=True)
    quota.check(0, final=True)
    if wait(quota, cost, final=False) == 0 and blocked:
        quota.block(block)
    for _ in range(3):
        assert (quota.wait() == 0) == (quota.openings() >= 1)
        clock.now += quota.wait() + 1e-6
    assert quota.openings() >= 1
    assert wait(quota, cost, final=False) == 0


@calmly
@given(st.lists(st.tuples(st.floats(0, 20), st.integers(1, 5), st.booleans()), max_size=60))
def test_no_window_ever_gets_more_than_burst_and_rate_allow(calls: list[tuple[float, int, bool]]) -> None:
    clock = Clock()
    quota = Quota(10, 90, clock)
    quota.pace()
    taken: list[tuple[float, int]] = []
    for pause, points, final in calls * 3:
        clock.now += pause / 10
        if wait(quota, points, final=final) == 0:
            taken.append((clock.now, points))
    for number, (begin, _) in enumerate(taken):
        spent = 0
        for at, points in taken[number:]:
            spent += points
            assert spent <= 90 + 10 * (at - begin) + 1e-6


@calmly
@given(st.integers(1, 60), st.booleans())
def test_after_the_wait_it_was_told_a_call_goes_through(points: int, final: bool) -> None:
    clock = Clock()
    quota = Quota(10, 90, clock)
    quota.pace()
    assert wait(quota, 90) == 0
    clock.now += wait(quota, points, final=final) + 1e-6
    assert wait(quota, points, final=final) == 0
