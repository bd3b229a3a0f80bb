"""The service's own count of calls: kept between answers, kept for final states, and believed. Time is the test's."""

import pytest

from tekton_integrations import Cost, Limits, Quota
from tekton_integrations.limits import Spare
from tekton_integrations.primary import Primary
from tests.test_quota import wait
from tests.virtual_time import Clock

HOUR = 3600.0


@pytest.fixture
def quota(clock: Clock) -> Quota:
    return Quota(Limits(window=HOUR), clock, clock)


def test_what_the_service_did_not_say_stays_unknown(quota: Quota) -> None:
    assert (quota.limit, quota.remaining, quota.reset) == (None, None, None)
    quota.learn(remaining=3)
    assert (quota.limit, quota.remaining, quota.reset) == (None, 3, None)
    quota.learn(limit=10)
    assert (quota.limit, quota.remaining, quota.blocked_for) == (10, 3, 0)


def test_when_nothing_remains_it_is_blocked_until_the_reset(quota: Quota) -> None:
    quota.learn(limit=5000, remaining=0, reset_in=600)
    assert quota.blocked_for == 600


def test_the_last_that_remains_may_go(quota: Quota) -> None:
    quota.learn(limit=5000, remaining=1, reset_in=600)
    assert (wait(quota), wait(quota)) == (0, 600)


def test_no_more_calls_go_than_remained_though_no_answer_has_come_yet(quota: Quota, clock: Clock) -> None:
    quota.learn(limit=5, remaining=5, reset_in=600)
    assert quota.at(Cost()).openings() == 4
    assert [wait(quota) for _ in range(5)] == [0] * 5
    assert [wait(quota) for _ in range(2)] == [600] * 2
    clock.now += 601
    assert wait(quota) == 0


def test_answers_in_any_order_do_not_raise_what_remains_before_the_reset(quota: Quota, clock: Clock) -> None:
    quota.learn(limit=5000, remaining=100, reset_in=600)
    quota.learn(limit=5000, remaining=103, reset_in=601)
    assert quota.remaining == 100
    quota.learn(limit=5000, remaining=4999, reset_in=3600)
    assert quota.remaining == 4999
    clock.now += 3601
    assert (quota.at(Cost()).wait(), quota.remaining) == (0, 5000)


def test_progress_leaves_a_third_for_ends_and_ends_use_it(quota: Quota, clock: Clock) -> None:
    quota.learn(limit=5000, remaining=1667, reset_in=HOUR)
    end = clock.now + HOUR
    assert wait(quota, final=False) > 0
    assert [wait(quota) for _ in range(834)] == [0] * 834
    for _ in range(1667 - 834):
        clock.now += quota.until(Cost())
        assert wait(quota) == 0
    assert clock.now < end
    assert wait(quota) == pytest.approx(end - clock.now)


def test_what_ends_leave_is_spread_so_that_whoever_comes_late_need_not_wait_for_the_reset(
    quota: Quota, clock: Clock
) -> None:
    quota.learn(limit=5000, remaining=833, reset_in=HOUR)
    waits = []
    for _ in range(400):
        waits.append(quota.until(Cost()))
        clock.now += waits[-1]
        quota.take(Cost())
    assert waits[0] == 0
    assert waits[1:] == pytest.approx([HOUR / 833] * 399, rel=0.01)
    assert quota.at(Cost()).openings() == 0


def test_little_that_others_left_is_spread_and_not_held_back(quota: Quota, clock: Clock) -> None:
    quota.learn(limit=5000, remaining=100, reset_in=HOUR)
    assert wait(quota) == 0
    assert wait(quota) == pytest.approx(HOUR / 100, rel=0.01)


def test_what_is_kept_shrinks_as_the_reset_comes_near(quota: Quota, clock: Clock) -> None:
    quota.learn(limit=3000, remaining=501, reset_in=HOUR)
    assert wait(quota, final=False) == HOUR / 2
    clock.now += HOUR / 2
    assert wait(quota, final=False) == 0
    assert wait(quota, final=False) == pytest.approx(HOUR / 1000)


def test_with_plenty_progress_is_not_held_up(quota: Quota) -> None:
    quota.learn(limit=5000, remaining=5000, reset_in=HOUR)
    assert sum(wait(quota, final=False) == 0 for _ in range(5000)) == 5000 - 1667


def test_progress_has_as_many_openings_as_leave_a_third(quota: Quota) -> None:
    quota.learn(limit=3000, remaining=1050, reset_in=HOUR)
    assert [quota.openings(Cost(final=final)) for final in (False, True)] == [50, 100]


def test_waiting_progress_is_called_when_a_new_window_is_seen(quota: Quota) -> None:
    called: list[None] = []
    quota.learn(limit=5000, remaining=10, reset_in=HOUR)
    door = quota.at(Cost(final=False))
    door.on_open(lambda: called.append(None))
    for _ in range(2):
        quota.learn(limit=5000, remaining=9, reset_in=HOUR)
    assert called == []
    quota.learn(limit=5000, remaining=4999, reset_in=HOUR + 60)
    assert called == [None]


def test_a_service_that_counts_and_tells_no_reset_is_left_alone_for_a_minute(quota: Quota, clock: Clock) -> None:
    quota.learn(limit=60, remaining=0)
    assert wait(quota) == 60
    clock.now += 60
    assert wait(quota) == 0


def counted(limit: int | None = 300, remaining: int | None = 300, reset_in: float | None = HOUR) -> Primary:
    """Learnt at the second 0."""
    primary = Primary(HOUR)
    primary.learn(0.0, limit, remaining, reset_in)
    return primary


@pytest.mark.parametrize(("moved", "remaining"), [(5.0, 200), (-5.0, 200), (5.5, 250), (-5.5, 250)])
def test_a_reset_that_moves_by_seconds_is_the_same_one(moved: float, remaining: int) -> None:
    primary = counted(remaining=200)
    primary.learn(0.0, 300, 250, HOUR + moved)
    assert (primary.remaining, primary.reset_at) == (remaining, HOUR + moved)


def test_what_another_process_told_was_rounded_so_the_first_answer_counts_and_then_the_least() -> None:
    primary = Primary(HOUR)
    primary.resume(300, 100, HOUR)
    assert (primary.limit, primary.remaining, primary.reset_at) == (300, 100, HOUR)
    primary.learn(0.0, 300, 104, HOUR)
    assert primary.remaining == 104
    primary.learn(0.0, 300, 105, HOUR)
    assert primary.remaining == 104


def test_a_count_is_never_below_nothing_and_without_a_reset_a_minute_passes() -> None:
    primary = counted(remaining=-3, reset_in=None)
    assert (primary.remaining, primary.reset_at, primary.reset_in(10.0)) == (0, 60.0, 50.0)
    primary.take(0.0)
    assert primary.remaining == 0
    assert counted(remaining=1, reset_in=None).reset_at is None


@pytest.mark.parametrize(
    ("now", "spare", "fits"),
    [
        (0.0, Spare.THIRD, 200),
        (0.0, Spare.NOTHING, 250),
        (0.0, Spare.CALL, 250),
        (HOUR / 2, Spare.THIRD, 250),
        (HOUR / 2, Spare.NOTHING, 275),
    ],
)
def test_what_fits_leaves_what_is_kept(now: float, spare: Spare, fits: int) -> None:
    assert counted().fitting(now, spare) == fits


def test_one_fits_where_little_is_left_none_where_nothing_is_and_any_number_where_nothing_is_known() -> None:
    assert counted(remaining=20).fitting(0.0, Spare.THIRD) == 1
    assert counted(remaining=0).fitting(0.0, Spare.THIRD) == 0
    assert counted(limit=None, remaining=20).fitting(0.0, Spare.THIRD) == 20
    assert counted(remaining=None).fitting(0.0, Spare.THIRD) is None
    assert counted(reset_in=None).fitting(0.0, Spare.THIRD) is None


def test_a_longer_window_than_it_is_meant_for_keeps_no_more() -> None:
    assert counted(reset_in=2 * HOUR).fitting(0.0, Spare.THIRD) == 200


def test_progress_waits_until_what_is_kept_is_less_than_what_is_left_beside_it() -> None:
    assert counted(remaining=51).wait(0.0, Spare.THIRD) == HOUR / 2
    assert counted(remaining=101).wait(0.0, Spare.THIRD) == 0
    assert counted(limit=None, remaining=1).wait(0.0, Spare.THIRD) == 0
    assert counted(remaining=0, reset_in=90.0).wait(30.0, Spare.NOTHING) == 60


def test_ends_are_spread_over_the_time_that_is_left() -> None:
    primary = counted(remaining=9)
    assert primary.wait(0.0, Spare.NOTHING) == 0
    primary.take(0.0)
    assert primary.remaining == 8
    assert primary.wait(0.0, Spare.NOTHING) == HOUR / 9
    assert primary.wait(100.0, Spare.NOTHING) == HOUR / 9 - 100
    assert primary.wait(HOUR / 9 + 1, Spare.NOTHING) == 0


def test_at_the_reset_all_are_there_again_and_the_next_answer_counts() -> None:
    primary = counted(remaining=9)
    assert primary.reset_in(HOUR - 1) == 1
    assert primary.wait(HOUR, Spare.NOTHING) == 0
    assert (primary.remaining, primary.reset_at, primary.reset_in(HOUR)) == (300, None, None)
    primary.learn(HOUR, None, 299, HOUR)
    assert (primary.limit, primary.remaining, primary.reset_at) == (300, 299, 2 * HOUR)
