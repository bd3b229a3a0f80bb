"""Limits that the service does not tell: found by few refusals, obeyed, and forgotten in the end. Time is virtual."""

import logging
from itertools import pairwise

import pytest

from tekton_integrations import Cost, Limits, Quota
from tests.limited_service import Service, saturated, taken
from tests.test_quota import wait
from tests.virtual_time import Clock, run
from tests.virtual_time import clock as loop_time

log = logging.getLogger(__name__)

HOUR = 3600
WRITE = Cost(write=True)
PROGRESS = Cost(write=True, final=False)


@pytest.fixture
def quota(clock: Clock) -> Quota:
    return Quota(Limits(), clock, clock)


def pace(quota: Quota) -> float | None:
    state = quota.state("acme")
    return state.writes_per_second if state else None


def lesson(quota: Quota, clock: Clock, seconds: float | None = 60) -> float:
    """Another refusal, once the one before is over; the seconds to wait."""
    clock.now += max(quota.blocked_for, 10) + 1
    return quota.penalise(seconds)


def burst(quota: Quota, cost: Cost) -> list[float]:
    """What each of a thousand would have to wait."""
    waits = []
    for _ in range(1000):
        waits.append(quota.until(cost))
        quota.take(cost)
    return waits


def writes(quota: Quota, clock: Clock, seconds: float, cost: Cost = WRITE) -> list[float]:
    """When each went, of as many as may."""
    went, end = [], clock.now + seconds
    while clock.now < end:
        if delay := quota.until(cost):
            clock.now += delay + 1e-9
        else:
            quota.take(cost)
            went.append(clock.now)
    return went


def test_who_reads_before_a_write_keeps_its_turn(quota: Quota, clock: Clock) -> None:
    lesson(quota, clock)
    clock.now += quota.blocked_for + 2
    with quota.held(WRITE):
        assert quota.until(WRITE) > 0
        assert quota.until(Cost()) == 0
    assert quota.until(WRITE) == 0


def test_a_healthy_service_gets_bursts(quota: Quota) -> None:
    assert burst(quota, WRITE) == [0.0] * 1000


def test_after_the_first_refusal_writes_go_a_second_apart_and_reads_as_before(quota: Quota, clock: Clock) -> None:
    assert quota.penalise(30) == 30
    assert (quota.until(WRITE), quota.until(Cost())) == (30, 30)
    clock.now += 30
    went = writes(quota, clock, 20)
    apart = [after - before for before, after in pairwise(went)]
    assert apart[1:] == pytest.approx([1.0] * len(apart[1:]), abs=0.02)  # the first two are half as far apart
    assert burst(quota, Cost()) == [0.0] * 1000


def test_each_further_refusal_halves_the_pace_down_to_one_write_a_minute(quota: Quota, clock: Clock) -> None:
    paces = []
    for _ in range(9):
        lesson(quota, clock)
        paces.append(pace(quota))
    assert paces == [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 60, 1 / 60, 1 / 60]


def test_what_was_under_way_together_is_one_lesson(quota: Quota, clock: Clock) -> None:
    for _ in range(16):
        quota.penalise(1)
        clock.now += 0.5
    assert pace(quota) == 1


def test_a_refusal_soon_after_a_short_block_is_the_same_lesson(quota: Quota, clock: Clock) -> None:
    quota.penalise(1)
    clock.now += 9
    quota.penalise(1)
    assert pace(quota) == 1
    clock.now += 1
    quota.penalise(1)
    assert pace(quota) == 1 / 2


def test_a_clock_that_has_just_begun_is_as_good_as_any() -> None:
    clock = Clock(0.0)
    quota = Quota(Limits(), clock, clock)
    assert quota.blocked_for == 0
    quota.penalise(1)
    assert pace(quota) == 1


def test_at_a_learnt_pace_one_write_may_go(quota: Quota, clock: Clock) -> None:
    quota.penalise(1)
    clock.now += 10
    assert [quota.openings(cost) for cost in (WRITE, PROGRESS, Cost())] == [1, 1, 100]


def test_the_pace_grows_only_while_it_is_used_up(quota: Quota, clock: Clock) -> None:
    lesson(quota, clock)
    for _ in range(100):
        clock.now += 60
        assert wait(quota) == 0
        quota.take(WRITE)
    assert pace(quota) == 1
    writes(quota, clock, 600)
    assert 1.2 < (pace(quota) or 0) < 1.5


def test_after_three_hours_without_refusal_nothing_is_limited(quota: Quota, clock: Clock) -> None:
    lesson(quota, clock)
    clock.now += 3 * HOUR
    assert pace(quota) == 1
    clock.now += 1
    assert (pace(quota), quota.state("acme")) == (None, None)
    lesson(quota, clock)
    assert pace(quota) == 1


def test_a_service_that_does_not_say_how_long_is_left_alone_longer_each_time(quota: Quota, clock: Clock) -> None:
    assert [lesson(quota, clock, None) for _ in range(8)] == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    clock.now += 2 * HOUR + 1
    assert lesson(quota, clock, None) == 60


@pytest.mark.parametrize(("quiet", "again"), [(60, 120), (61, 60)])
def test_a_service_that_was_left_alone_for_longer_than_the_last_time_is_taken_to_be_well(
    quota: Quota, clock: Clock, quiet: float, again: float
) -> None:
    clock.now += quota.penalise() + quiet
    assert quota.penalise() == again


def test_the_first_refusal_without_a_hint_is_the_first_whatever_was_told_before(quota: Quota, clock: Clock) -> None:
    clock.now += quota.penalise(30) + 0.5
    waits = []
    for _ in range(3):
        waits.append(quota.penalise())
        clock.now += waits[-1]
    assert waits == [60, 120, 240]


def test_a_refusal_after_calls_went_well_begins_at_a_minute_again(quota: Quota, clock: Clock) -> None:
    waits = []
    for _ in range(3):
        waits.append(quota.penalise(None))
        clock.now += waits[-1] + 1
        quota.take(Cost())
        clock.now += 11
    assert waits == [60, 60, 60]


@pytest.mark.parametrize(("later", "again"), [(9, 120), (11, 60)])
def test_a_call_that_may_be_the_refused_one_does_not_show_that_calls_go_well(
    quota: Quota, clock: Clock, later: float, again: float
) -> None:
    clock.now += quota.penalise() + 1
    quota.take(Cost())
    clock.now += later
    assert quota.penalise() == again


def test_a_longer_block_than_the_refusal_s_is_kept(quota: Quota) -> None:
    quota.block(600)
    assert quota.penalise(5) == 600


def test_ends_go_before_progress_at_a_learnt_pace_and_progress_alone_gets_all_of_it(quota: Quota, clock: Clock) -> None:
    lesson(quota, clock)
    clock.now += 60
    assert len(writes(quota, clock, 100, PROGRESS)) == pytest.approx(100, abs=4)
    kinds = {True: 0, False: 0}
    for _ in range(10_000):
        for cost in (PROGRESS, WRITE):
            if not quota.until(cost):
                quota.take(cost)
                kinds[cost.final] += 1
        clock.now += 0.01
    assert kinds[True] > 8 * kinds[False] > 0


@pytest.mark.parametrize("says", [True, False], ids=["retry-after", "no-hint"])
@pytest.mark.parametrize(
    ("limit", "blocks", "use"), [(20, 7, 0.6), (80, 3, 0.65), pytest.param(300, 1, 0.6, marks=pytest.mark.long)]
)
def test_a_hidden_limit_is_found_by_few_refusals(limit: int, blocks: int, use: float, says: bool) -> None:
    """`blocks`: refusals in an hour at most, after the first; `use`: of what the service would take."""
    service = Service(limit, says)
    hours = 4

    async def scene() -> None:
        await saturated(service, Quota(Limits(), loop_time, loop_time), hours * HOUR)

    run(scene())
    found = [service.blocks(hour * HOUR, (hour + 1) * HOUR) for hour in range(hours)]
    used = len([at for at in service.accepted if at > HOUR]) / (limit * 60 * (hours - 1))
    log.info("%d writes a minute: %s refusals an hour, %.0f %% used", limit, found, 100 * used)
    assert service.early == 0
    assert found[0] <= 9
    assert max(found[1:]) <= blocks
    assert used > use


def test_a_limit_that_is_lifted_is_noticed() -> None:
    service = Service(20)

    async def scene() -> float:
        quota = Quota(Limits(), loop_time, loop_time)
        await saturated(service, quota, HOUR)
        service.limit = 10_000
        begin = loop_time()
        while pace(quota) is not None:
            await taken(quota, WRITE)
        return loop_time() - begin

    assert run(scene()) < 2.5 * HOUR
