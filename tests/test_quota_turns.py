"""Ends go first, and progress has its turn beside them. Time is the test's."""

import pytest

from tekton_integrations import Cost, Quota
from tests.test_quota import SURE, wait
from tests.virtual_time import Clock


@pytest.fixture
def quota(clock: Clock) -> Quota:
    """Ten points a second, ninety at once, of which thirty are for final states."""
    return Quota(SURE, clock, clock)


def test_progress_moves_on_in_a_flood_of_ends_and_takes_one_call_in_eleven(quota: Quota, clock: Clock) -> None:
    ends = progress = 0
    for _ in range(11_000):
        ends += wait(quota, 1, final=True) == 0
        progress += wait(quota, 1, final=False) == 0
        clock.now += 0.05  # half of what is asked for
    assert progress == pytest.approx(ends / 10, rel=0.1)
    assert ends + progress == pytest.approx(5500 + 90, rel=0.02)


def test_progress_has_its_turn_after_each_ten_ends(quota: Quota) -> None:
    quota.take(Cost(points=60, final=False))
    for _ in range(2):
        for _ in range(10):
            assert wait(quota, 1, final=False) > 0
            assert wait(quota, 1) == 0
        assert wait(quota, 1, final=False) == 0


def test_progress_that_needs_nothing_of_what_is_kept_leaves_its_turn_to_the_next(quota: Quota) -> None:
    assert [wait(quota, 1) for _ in range(10)] == [0] * 10
    assert wait(quota, 1, final=False) == 0
    assert wait(quota, 60) == 0
    assert wait(quota, 1, final=False) == 0


def test_when_it_is_the_turn_of_progress_that_waits_ends_leave_it_a_call(quota: Quota) -> None:
    quota.take(Cost(points=60, final=False))
    assert wait(quota, 1, final=False) > 0
    assert [wait(quota, 1) for _ in range(10)] == [0] * 10
    assert wait(quota, 11) > 0
    assert wait(quota, 1, final=False) == 0
    assert wait(quota, 11) == 0


def test_ends_leave_nothing_for_progress_where_none_waits(quota: Quota) -> None:
    assert wait(quota, 1, final=False) == 0
    assert [wait(quota, 1) for _ in range(10)] == [0] * 10
    assert quota.until(Cost(final=False)) == 0
    assert wait(quota, 80) > 0
    assert wait(quota, 79) == 0


def test_progress_that_waits_is_called_when_it_may_go_sooner(quota: Quota, clock: Clock) -> None:
    called: list[float] = []
    quota.take(Cost(points=60, final=False))
    door = quota.at(Cost(points=5, final=False))
    door.on_open(lambda: called.append(door.wait()))
    for _ in range(10):
        assert door.wait() > 0
        quota.take(Cost(points=1))
    assert called == [0]
