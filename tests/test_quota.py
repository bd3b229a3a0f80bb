"""What a service lets one credential do: buckets, its own count, blocks, and what is kept for final states. Time is the
test's."""

import math
from collections.abc import Callable

import pytest

from tekton_integrations import Bucket, Cost, Limits, Quota, Throttled
from tests.spending import spend
from tests.virtual_time import Clock

TEN = Bucket(rate=10, burst=90)
SURE = Limits(buckets=(TEN,), certain=True)
# Of comments at GitHub: 80 a minute, 500 an hour.
COMMENTS = Limits(buckets=(Bucket(rate=1, burst=20), Bucket(rate=0.1, burst=140)), certain=True)


@pytest.fixture
def quota(clock: Clock) -> Quota:
    """Ten points a second, ninety at once, of which thirty are for final states."""
    return Quota(SURE, clock, clock)


@pytest.fixture
def idle(clock: Clock) -> Quota:
    """The same, once the service has shown that it limits."""
    return Quota(Limits(buckets=(TEN,)), clock, clock)


def wait(quota: Quota, points: float = 1.0, *, final: bool = True, endpoint: str = "") -> float:
    """Seconds to wait; 0 when the points were taken."""
    try:
        quota.take(Cost(points=points, final=final, endpoint=endpoint))
    except Throttled as error:
        return -1.0 if error.delay is None else error.delay
    return 0.0


def test_until_the_service_limits_nothing_is_limited(idle: Quota) -> None:
    assert [wait(idle, 1000, final=False) for _ in range(100)] == [0.0] * 100


@pytest.mark.parametrize("shown", [lambda quota: quota.learn(limit=5000), lambda quota: quota.block(0.0)])
def test_a_service_that_shows_a_limit_gets_its_burst_and_then_its_rate(
    idle: Quota, clock: Clock, shown: Callable[[Quota], None]
) -> None:
    shown(idle)
    assert wait(idle, 90) == 0
    assert wait(idle, 5) == 0.5
    clock.now += 0.5
    assert wait(idle, 5) == 0
    assert wait(idle, 5) == 0.5


def test_a_third_is_kept_for_final_states(quota: Quota) -> None:
    assert wait(quota, 60, final=False) == 0
    assert wait(quota, 1, final=False) == pytest.approx(0.1)
    assert wait(quota, 30, final=True) == 0
    assert wait(quota, 1, final=True) > 0


def test_what_was_refused_costs_nothing(quota: Quota) -> None:
    assert wait(quota, 80) == 0
    assert [wait(quota, 20) for _ in range(5)] == [1.0] * 5
    assert wait(quota, 10) == 0


def test_what_is_held_is_kept_from_others_while_the_block_lasts(quota: Quota) -> None:
    with quota.held(Cost(points=80)):
        assert wait(quota, 20) == 1.0
        with pytest.raises(Throttled), quota.held(Cost(points=20)):
            raise AssertionError("there is no room for it")
        assert wait(quota, 10) == 0
    assert wait(quota, 80) == 0
    assert wait(quota, 1) > 0


def test_what_was_held_is_free_again_whatever_goes_wrong(quota: Quota) -> None:
    with pytest.raises(ValueError, match="wrong"), quota.held(Cost(points=80)):
        raise ValueError("wrong")
    assert wait(quota, 90) == 0


def test_only_the_bucket_of_its_endpoint_is_held(clock: Clock) -> None:
    quota = Quota(Limits(buckets=(Bucket(rate=10, burst=90, each=True),), certain=True), clock, clock)
    with quota.held(Cost(points=80, endpoint="POST it")):
        assert wait(quota, 90, endpoint="GET it") == 0
        assert wait(quota, 20, endpoint="POST it") > 0


def test_what_was_held_does_not_come_back_twice(quota: Quota, clock: Clock) -> None:
    with quota.held(Cost(points=80)):
        clock.now += 10_000
    assert wait(quota, 90) == 0
    assert wait(quota, 1) > 0


def test_until_the_service_limits_nothing_is_held(idle: Quota) -> None:
    with idle.held(Cost(points=1000)):
        assert wait(idle, 1000) == 0


def test_it_never_saves_more_than_its_burst(quota: Quota, clock: Clock) -> None:
    clock.now += 10_000
    assert wait(quota, 90) == 0
    assert wait(quota, 1) > 0


def test_several_buckets_hold_together_and_the_longest_wait_counts(clock: Clock) -> None:
    quota = Quota(COMMENTS, clock, clock)
    assert [wait(quota) for _ in range(21)] == [0.0] * 20 + [1.0]
    for _ in range(4000):
        clock.now += wait(quota)
    assert wait(quota) == pytest.approx(10.0, abs=0.01)


def test_what_one_bucket_lacks_is_not_taken_from_another(clock: Clock) -> None:
    quota = Quota(Limits(buckets=(TEN, Bucket(rate=1, burst=5)), certain=True), clock, clock)
    assert wait(quota, 5) == 0
    assert [wait(quota, 5) for _ in range(20)] == [5.0] * 20
    clock.now += 5
    assert wait(quota, 5) == 0


def test_each_endpoint_may_have_a_bucket_of_its_own(clock: Clock) -> None:
    quota = Quota(Limits(buckets=(Bucket(rate=10, burst=90, each=True),), certain=True), clock, clock)
    assert [wait(quota, 90, endpoint=name) for name in ("POST a", "PATCH a", "POST a")] == [0, 0, 9]
    assert [quota.openings(Cost(endpoint=name)) for name in ("POST a", "GET a")] == [0, 90]


def test_endpoints_without_number_take_no_memory(clock: Clock) -> None:
    each = Bucket(rate=10, burst=90, each=True)
    quota = Quota(Limits(buckets=(each, each, TEN), certain=True), clock, clock)
    for number in range(10_000):
        assert quota.openings(Cost(endpoint=f"GET {number}")) == 90
        assert wait(quota, 1, endpoint=f"GET {number}") == 0
        quota.at(Cost(endpoint=f"GET {number}")).on_open(lambda: None)
        clock.now += 1
    assert max(len(held) for held in vars(quota).values() if isinstance(held, dict | list)) <= 256
    assert len(quota._doors) <= 256
    assert len(quota._levels._levels) <= 64


def test_a_block_holds_for_final_states_too_and_ends(quota: Quota, clock: Clock) -> None:
    quota.block(30)
    assert quota.blocked_for == 30
    assert wait(quota, 1, final=True) == 30
    clock.now += 29.5
    assert wait(quota, 1) == 0.5
    clock.now += 0.5
    assert (quota.blocked_for, wait(quota, 1)) == (0, 0)


def test_a_shorter_block_does_not_end_a_longer_one_and_is_no_news(quota: Quota) -> None:
    told: list[float] = []
    quota.news = lambda: told.append(quota.blocked_for)
    for seconds in (30, 30, 5):
        quota.block(seconds)
    assert quota.blocked_for == 30
    assert told == [30]


def test_whoever_must_wait_is_told_why_and_where(quota: Quota) -> None:
    cost = Cost(final=False)
    quota.take(Cost(points=60))
    with pytest.raises(Throttled, match=r"^Throttled: kept below the service's limit$") as missing:
        quota.take(cost)
    assert missing.value.at is quota.at(cost)
    quota.block(30)
    with pytest.raises(Throttled, match=r"^Throttled: the service asked to wait; 30 s are left$") as blocked:
        quota.check(cost)
    assert (blocked.value.reason, blocked.value.maybe_sent) == ("Throttled", False)
    assert blocked.value.at is quota.at(cost)
    assert quota.at(cost) is not quota.at(Cost(final=True))


@pytest.mark.parametrize("shut", [lambda quota: quota.block(30), lambda quota: quota.learn(limit=9, remaining=0)])
def test_what_waits_for_the_same_waits_together_whatever_it_calls(quota: Quota, shut: Callable[[Quota], None]) -> None:
    quota.take(Cost(points=5))
    shut(quota)
    read, write = Cost(endpoint="GET a"), Cost(points=5, write=True, endpoint="POST b")
    assert quota.at(read) is quota.at(write)


def test_progress_waits_together_for_what_the_service_counts(quota: Quota) -> None:
    quota.learn(limit=9, remaining=1, reset_in=3600)
    costs = [Cost(final=False), Cost(write=True, final=False, endpoint="POST b")]
    assert quota.until(costs[0]) > 0
    assert quota.at(costs[0]) is quota.at(costs[1])


def test_writes_wait_for_their_pace_together_and_reads_do_not(quota: Quota, clock: Clock) -> None:
    quota.penalise(1)
    clock.now += 1
    quota.take(Cost(points=5, write=True))
    doors = {quota.at(Cost(points=5, write=True, endpoint=name)) for name in ("POST a", "PATCH b")}
    assert len(doors) == 1
    assert quota.at(Cost(endpoint="GET c")) not in doors
    assert [door.wait() for door in doors] == pytest.approx([1], rel=0.01)
    read = Cost(points=5)
    spend(quota, read)
    assert quota.at(read).wait() == 0.5


@pytest.mark.parametrize(
    ("said", "meant"), [(1e12, 86400), (math.inf, 86400), (-5, 0), (-math.inf, 0), (math.nan, 60), (7, 7)]
)
def test_whatever_the_service_says_no_block_is_longer_than_a_day(quota: Quota, said: float, meant: float) -> None:
    quota.block(said)
    assert (quota.blocked_for, wait(quota, 1)) == (meant, meant)
    quota.learn(remaining=0, reset_in=said)
    assert quota.blocked_for == meant


def test_no_wait_for_points_is_longer_than_a_day(clock: Clock) -> None:
    quota = Quota(Limits(buckets=(Bucket(rate=1e-6, burst=90),), certain=True), clock, clock)
    assert wait(quota, 90) == 0
    assert wait(quota, 90) == 86400


def test_after_a_block_a_few_may_go_and_more_at_the_rate(quota: Quota, clock: Clock) -> None:
    door = quota.at(Cost(points=5, final=False))
    assert door.wait() == 0
    quota.block(60)
    assert (door.wait(), door.openings()) == (60, 0)
    clock.now += 60
    assert (door.wait(), door.openings()) == (0, 3)
    assert [wait(quota, 5, final=False) for _ in range(4)] == [0, 0, 0, pytest.approx(0.5)]
    assert [door.wait(), door.openings()] == pytest.approx([0.5, 0])
    clock.now += 3
    assert door.openings() == 6


def test_a_block_gives_no_points(quota: Quota, clock: Clock) -> None:
    quota.take(Cost(points=90))
    quota.block(1)
    clock.now += 1
    assert wait(quota, 11) > 0
    assert wait(quota, 10) == 0


def test_each_cost_has_openings_of_its_own(quota: Quota) -> None:
    progress, end = quota.at(Cost(points=5, final=False)), quota.at(Cost(points=5))
    assert (progress.openings(), end.openings()) == (12, 18)
    quota.take(Cost(points=58))
    assert [progress.wait(), progress.openings()] == pytest.approx([0.3, 0])
    assert [end.wait(), end.openings()] == [0, 6]
    assert quota.at(Cost(points=5)).openings() == 6


@pytest.mark.parametrize("final", [True, False])
def test_a_call_that_costs_more_than_can_be_saved_goes_when_all_is_saved(
    quota: Quota, clock: Clock, final: bool
) -> None:
    quota.take(Cost(points=10))
    assert wait(quota, 200, final=final) == 1
    clock.now += 1
    assert wait(quota, 200, final=final) == 0
    assert wait(quota, 1) == pytest.approx(11.1)


def test_calls_before_the_service_limits_leave_no_debt_and_nothing_saved(idle: Quota, clock: Clock) -> None:
    assert wait(idle, 1000) == 0
    idle.learn(limit=5000)
    assert wait(idle, 10) == 1
    clock.now += 1
    assert wait(idle, 10) == 0
