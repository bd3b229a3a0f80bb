"""What a service lets one credential do. Time is the test's."""

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
