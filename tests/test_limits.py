"""Token buckets, number by number: what waits, what fits, what is kept. Time is the test's."""

import pytest

from tekton_integrations.limits import Bucket, Cost, Level, Levels, Limits, Spare


@pytest.fixture
def level() -> Level:
    """Half full at the second 0: 6 of 12 points, of which 4 are kept."""
    made = Level(2.0, 12.0, 0.0)
    made.points = 6.0
    return made


@pytest.mark.parametrize(
    ("points", "spare", "wait"),
    [
        (6.0, Spare.NOTHING, 0.0),
        (7.0, Spare.NOTHING, 0.5),
        (3.0, Spare.CALL, 0.0),
        (4.0, Spare.CALL, 1.0),
        (2.0, Spare.THIRD, 0.0),
        (3.0, Spare.THIRD, 0.5),
        (50.0, Spare.THIRD, 3.0),
    ],
)
def test_a_call_waits_until_its_points_are_there_besides_what_it_leaves(
    level: Level, points: float, spare: Spare, wait: float
) -> None:
    assert level.wait(0.0, points, spare) == wait
    assert level.wait(wait, points, spare) == 0


@pytest.mark.parametrize(
    ("points", "spare", "fits"),
    [
        (3.0, Spare.NOTHING, 2),
        (4.0, Spare.NOTHING, 1),
        (2.0, Spare.CALL, 2),
        (1.0, Spare.THIRD, 2),
        (3.0, Spare.THIRD, 0),
    ],
)
def test_so_many_fit(level: Level, points: float, spare: Spare, fits: int) -> None:
    assert level.fitting(points, spare) == fits


def test_what_costs_nothing_fits_as_often_as_anybody_likes(level: Level) -> None:
    assert level.fitting(0.0, Spare.NOTHING) > 1_000_000


def test_rounding_keeps_nobody_back(level: Level) -> None:
    level.points = 3.0 - 1e-7
    assert level.wait(0.0, 3.0, Spare.NOTHING) == 0
    assert level.fitting(3.0, Spare.NOTHING) == 1


def test_it_fills_at_its_rate_and_no_clock_that_goes_back_empties_it(level: Level) -> None:
    assert level.full_in(0.0) == 3.0
    assert level.full_in(1.0) == 2.0
    assert level.full_in(0.5) == 2.0
    assert level.full_in(1.5) == 1.5
    assert level.full_in(100.0) == 0


@pytest.mark.parametrize(("largest", "points"), [(1.0, 7.0), (2.0, 10.0), (5.0, 12.0)])
def test_after_a_block_three_calls_go_besides_what_is_kept(level: Level, largest: float, points: float) -> None:
    level.wait(0.0, largest, Spare.NOTHING)
    level.wait(0.0, 0.5, Spare.NOTHING)
    level.reopen(3600.0)
    assert level.points == points


def test_a_call_that_is_dearer_than_all_counts_as_all(level: Level) -> None:
    level.wait(0.0, 50.0, Spare.NOTHING)
    level.reopen(0.0)
    assert level.points == 6.0


EACH = Bucket(rate=1.0, burst=10.0, each=True)


def test_a_bucket_is_of_all_or_of_each_endpoint() -> None:
    levels = Levels(Limits(buckets=(Bucket(rate=2.0, burst=12.0), EACH)), 0.0)
    one, other = (list(levels.of(Cost(endpoint=name), 0.0)) for name in ("one", "other"))
    assert one[0] is other[0]
    assert one[1] is not other[1]
    assert one == list(levels.of(Cost(endpoint="one"), 5.0))
    assert [(level.rate, level.burst, level.points) for level in one] == [(2.0, 12.0, 12.0), (1.0, 10.0, 10.0)]


def test_what_others_took_is_lacking_until_all_is_full() -> None:
    levels = Levels(Limits(buckets=(EACH,)), 0.0)
    [full] = levels.of(Cost(), 0.0)
    levels.lack(107.0)
    assert levels.full_in(100.0) == 7.0
    [level] = levels.of(Cost(), 100.0)
    assert level is not full
    assert level.points == 3.0
    [empty] = levels.of(Cost(endpoint="other"), 0.0)
    assert empty.points == 0.0
    [later] = levels.of(Cost(endpoint="later"), 200.0)
    assert later.points == 10.0
    later.points = 1.0
    assert levels.full_in(200.0) == 9.0
    assert levels.full_in(300.0) == 0


def test_all_reopen_together() -> None:
    levels = Levels(Limits(buckets=(EACH,)), 0.0)
    both = [next(levels.of(Cost(endpoint=name), 0.0)) for name in ("one", "other")]
    levels.reopen(0.0)
    assert [level.points for level in both] == [pytest.approx(10 / 3)] * 2


def test_only_those_endpoints_are_remembered_whose_buckets_lack_something() -> None:
    levels = Levels(Limits(buckets=(EACH,)), 0.0)
    first = next(levels.of(Cost(endpoint="first"), 0.0))
    first.points = 0.0
    for number in range(63):
        next(levels.of(Cost(endpoint=str(number)), 0.0))
    second = next(levels.of(Cost(endpoint="62"), 0.0))
    next(levels.of(Cost(endpoint="one more"), 0.0))
    assert next(levels.of(Cost(endpoint="first"), 0.0)) is first
    assert next(levels.of(Cost(endpoint="62"), 0.0)) is not second
