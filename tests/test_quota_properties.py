"""Whatever is called in whatever order: no window gets too much, a wait is a promise, and who takes over knows as much.
Time is the test's."""

from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations import Bucket, Cost, Limits, Quota, Throttled
from tekton_integrations.allowance import Allowance, decode_allowances, encode_allowances
from tests.calm import calmly
from tests.virtual_time import Clock

# As at GitHub: 900 points a minute and endpoint; 80 comments a minute and 500 an hour.
CORE = Limits(buckets=(Bucket(rate=10, burst=300, each=True),), certain=True)
COMMENTS = Limits(buckets=(Bucket(rate=1, burst=20), Bucket(rate=0.1, burst=140)), certain=True)
IDLE = Limits(buckets=CORE.buckets)
WINDOWS = [(CORE, 60.0, 900.0), (COMMENTS, 60.0, 80.0), (COMMENTS, 3600.0, 500.0)]
EPSILON = 1e-6

Step = Cost | tuple[str, dict[str, Any]]
History = list[tuple[float, Step]]

costs = st.builds(
    Cost,
    points=st.sampled_from([1.0, 5.0]),
    write=st.booleans(),
    final=st.booleans(),
    endpoint=st.sampled_from(["", "POST check-runs"]),
)
# What a service says, as a call of the Quota.
answers = st.one_of(
    st.tuples(st.just("block"), st.fixed_dictionaries({"seconds": st.floats(0, 300)})),
    st.tuples(st.just("penalise"), st.fixed_dictionaries({"seconds": st.none() | st.floats(0, 300)})),
    st.tuples(
        st.just("learn"),
        st.fixed_dictionaries(
            {"limit": st.just(5000), "remaining": st.integers(0, 5000), "reset_in": st.floats(0, 3600)}
        ),
    ),
)
steps = st.lists(st.tuples(st.floats(0, 400), costs | answers), max_size=40)


def play(quota: Quota, clock: Clock, history: History) -> Iterator[Cost]:
    """What was let go, with the clock at its time."""
    for pause, step in history:
        clock.now += pause
        if isinstance(step, tuple):
            getattr(quota, step[0])(**step[1])
        elif taken(quota, step):
            yield step


def taken(quota: Quota, cost: Cost) -> bool:
    try:
        quota.take(cost)
    except Throttled:
        return False
    return True


@calmly
@given(
    st.sampled_from(WINDOWS),
    st.lists(st.tuples(st.sampled_from([0.0, 0.01, 0.5, 20.0, 300.0]), st.integers(1, 200), costs | answers)),
)
def test_no_window_of_the_documented_length_is_ever_exceeded(
    window: tuple[Limits, float, float], history: list[tuple[float, int, Step]]
) -> None:
    limits, length, most = window
    clock = Clock()
    quota = Quota(limits, clock, clock)
    went: list[tuple[float, float]] = []
    for pause, times, step in history:
        for cost in play(quota, clock, [(pause, step)] * times):
            if cost.endpoint == "" or limits is COMMENTS:
                went.append((clock.now, cost.points))
    first = spent = 0
    for at, points in went:
        spent += int(points)
        while went[first][0] < at - length:
            spent -= int(went[first][1])
            first += 1
        assert spent <= most


@calmly
@given(steps, costs)
def test_a_wait_is_a_promise_that_only_gets_shorter(history: History, cost: Cost) -> None:
    clock = Clock()
    quota = Quota(IDLE, clock, clock)
    list(play(quota, clock, history))
    door = quota.at(cost)
    begin, wait = clock.now, door.wait()
    for part in (0.25, 0.5, 0.75, 1.0):
        clock.now = begin + wait * part + EPSILON
        assert door.wait() <= wait * (1 - part) + 2 * EPSILON
    assert taken(quota, cost)


@calmly
@given(steps, costs)
def test_there_are_openings_exactly_when_the_wait_is_over(history: History, cost: Cost) -> None:
    clock = Clock()
    quota = Quota(IDLE, clock, clock)
    for pause, step in history:
        list(play(quota, clock, [(pause, step)]))
        assert (quota.until(cost) == 0) == (quota.openings(cost) >= 1)


@calmly
@given(steps, costs)
def test_ends_never_wait_longer_than_progress(history: History, cost: Cost) -> None:
    clock = Clock()
    quota = Quota(IDLE, clock, clock)
    list(play(quota, clock, [each for each in history if not isinstance(each[1], Cost)]))
    ends, progress = (msgspec.structs.replace(cost, final=final) for final in (True, False))
    assert quota.until(ends) <= quota.until(progress)


@calmly
@given(steps, st.lists(st.tuples(st.floats(0, 60), costs), max_size=30))
def test_who_takes_over_makes_no_call_that_the_former_would_not_have_made(
    history: History, later: list[tuple[float, Cost]]
) -> None:
    clock = Clock()
    former = Quota(IDLE, clock, clock)
    # Whose turn it is, of ends and progress, is not handed on.
    ends = [
        (pause, msgspec.structs.replace(each, final=True) if isinstance(each, Cost) else each)
        for pause, each in history
    ]
    list(play(former, clock, ends))
    state = former.state("acme")
    next_one = Quota(IDLE, clock, clock)
    if state is not None:
        next_one.restore(stored(state))
    for pause, drawn in later:
        clock.now += pause
        cost = msgspec.structs.replace(drawn, endpoint="", final=True)
        if next_one.until(cost) == 0:
            assert former.until(cost) <= 5.0  # what is over so soon is not kept for others
            next_one.take(cost)
            if former.until(cost) == 0:
                former.take(cost)


@calmly
@given(steps)
def test_who_takes_over_waits_as_long_as_the_former_would_have(history: History) -> None:
    clock = Clock(1_800_000_000.0)
    former, next_one = Quota(IDLE, clock, clock), Quota(IDLE, clock, clock)
    list(play(former, clock, [each for each in history if not isinstance(each[1], Cost)]))
    state = former.state("acme")
    if state is None:
        assert (former.blocked_for, former.until(Cost(write=True))) == (0, 0)
        return
    next_one.restore(stored(state))
    assert abs(next_one.blocked_for - former.blocked_for) <= 1
    assert abs(next_one.until(Cost(final=True)) - former.until(Cost(final=True))) <= 1
    told, kept = former.state("acme"), next_one.state("acme")
    assert told is not None
    assert kept is not None
    assert (kept.limit, kept.remaining, kept.writes_per_second) == (told.limit, told.remaining, told.writes_per_second)


def stored(state: Allowance) -> Allowance:
    """As it comes back from a Provider's status."""
    raw = msgspec.json.encode({"allowances": encode_allowances([state])})
    [read] = decode_allowances(msgspec.Raw(raw))
    return read
