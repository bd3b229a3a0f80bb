"""Never two holders, whatever happens; and soon one again, once nothing happens any more."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tekton_integrations.kube.lease_json import LeaseObject
from tekton_integrations.kube.tenure import Clock, LeaseTiming, Tenure
from tests.calm import calmly
from tests.kube.lease_world import NEW, Weather, World
from tests.sizes import sized

CALM = Weather()
SEEDS = st.integers(0, 2**32)
TIMING = LeaseTiming()


def world(seed: int, weather: Weather = CALM, candidates: int = 3) -> World:
    return World(seed, candidates, weather, TIMING)


@calmly
@given(seed=SEEDS, candidates=st.integers(1, 5))
def test_in_any_weather_two_never_hold_it_and_afterwards_one_does(seed: int, candidates: int) -> None:
    stormy = Weather(delay=0.5, late=0.05, lost=0.1, pause=0.004, drift=0.005)
    scene = world(seed, stormy, candidates)
    scene.run(120)
    scene.weather = CALM
    scene.run(70)  # the last pause, and one term
    assert len(scene.holding()) == 1


@calmly
@given(seed=SEEDS, times=st.lists(st.floats(0.1, 5.0), max_size=10))
def test_deletions_make_no_second_holder_and_the_holder_keeps_it(seed: int, times: list[float]) -> None:
    scene = world(seed)
    scene.run(10)
    holder = scene.holding()
    for pause in times:
        scene.delete()
        scene.run(pause)
        assert scene.holding() == holder
    scene.run(2 * TIMING.retry)  # the word of the deletion may meet a renewal that has just failed for it
    assert scene.lease is not None
    assert [scene.lease.holder] == holder == scene.holders


@calmly
@given(seed=SEEDS, delete=st.booleans())
def test_a_dead_holder_is_followed_within_a_second_of_its_term(seed: int, delete: bool) -> None:
    scene = world(seed)
    scene.run(10)
    for candidate in scene.candidates:
        candidate.alive = scene.holding() != [candidate.tenure.holder]
    if delete:
        scene.delete()
    scene.run(TIMING.duration + 1)
    assert len(scene.holders) == 2
    assert scene.holding() == scene.holders[1:]


@pytest.mark.sized
@settings(calmly, max_examples=sized(25, 100))
@given(seed=SEEDS)
def test_in_good_weather_the_first_keeps_it(seed: int) -> None:
    scene = world(seed, candidates=5)
    scene.run(120)
    assert len(scene.holders) == 1
    assert scene.lease is not None
    assert scene.lease.spec["leaseTransitions"] == 0


def test_versions_that_went_back_keep_nobody_from_it() -> None:
    scene = world(1)
    scene.run(10)
    scene._version = 1  # as after a restore of etcd
    scene.delete()
    scene.run(40)
    assert len(scene.holding()) == 1


@dataclass
class Time:
    now: float = 0.0


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def mine(time: Time) -> Tenure:
    clock = Clock(steady=lambda: time.now, wall=lambda: 1e9 + time.now)
    return Tenure("me", TIMING, clock, lambda: 1.0)


def lease(holder: str, version: int) -> LeaseObject:
    written = LeaseObject(metadata={**NEW.metadata, "uid": "1", "resourceVersion": str(version)})
    return written.claimed(holder, 15.0, 0.0) if holder else written.released(0.0)


def test_it_is_held_from_before_the_write_was_sent(mine: Tenure, time: Time) -> None:
    mine.gone()
    time.now = 3.0
    mine.wrote(lease("me", 1), sent=1.0)
    assert mine.remaining() == 13.0
    assert mine.since == 1e9 + 3
    assert mine.holder_seen == "me"
    time.now = 16.0
    assert mine.remaining() == 0.0
    assert mine.holder_seen == ""


def test_an_answer_that_comes_after_the_term_gives_nothing(mine: Tenure, time: Time) -> None:
    mine.gone()
    time.now = 20.0
    mine.wrote(lease("me", 1), sent=1.0)
    assert (mine.remaining(), mine.number, mine.since) == (0.0, 0, 0.0)
    assert mine.due <= time.now


def test_others_wait_a_little_longer_than_the_term_as_their_clocks_may_be_faster(mine: Tenure, time: Time) -> None:
    mine.saw(lease("other", 1))
    assert mine.due == TIMING.duration + TIMING.grace + TIMING.spread
    time.now = 2.0
    mine.saw(lease("other", 1))
    assert mine.due == TIMING.duration + TIMING.grace + TIMING.spread
    assert mine.holder_seen == "other"
    mine.saw(lease("other", 2))
    assert mine.due == 2.0 + TIMING.duration + TIMING.grace + TIMING.spread
    time.now = mine.due
    assert mine.holder_seen == ""


def test_the_term_is_the_one_that_the_holder_claimed(mine: Tenure) -> None:
    mine.saw(lease("", 1).claimed("other", 40.0, 0.0))
    assert mine.due == 40.0 + TIMING.grace + TIMING.spread


def test_what_was_released_is_free_at_once(mine: Tenure) -> None:
    mine.saw(lease("other", 1))
    mine.saw(lease("", 2))
    assert mine.due == TIMING.spread


@pytest.mark.parametrize("taker", ["other", ""])
def test_a_lease_that_somebody_takes_from_us_is_lost_at_once(mine: Tenure, taker: str) -> None:
    mine.wrote(lease("me", 1), sent=0.0)
    mine.saw(lease(taker, 2))
    assert mine.remaining() == 0.0
    assert mine.holder_seen == taker


def test_an_answer_that_comes_after_the_word_of_a_taker_gives_nothing(mine: Tenure) -> None:
    mine.saw(lease("other", 2))
    mine.wrote(lease("me", 1), sent=0.0)
    assert mine.remaining() == 0.0
    assert mine.due > TIMING.duration


def test_late_words_of_the_past_take_nothing_away(mine: Tenure) -> None:
    mine.wrote(lease("me", 3), sent=0.0)
    mine.saw(lease("other", 2))
    mine.gone("1")
    mine.saw(lease("me", 3))
    assert mine.remaining() == TIMING.duration
    assert mine.due == TIMING.renew


def test_a_gap_in_holding_makes_a_new_tenure_and_a_renewal_does_not(mine: Tenure, time: Time) -> None:
    mine.wrote(lease("me", 1), sent=0.0)
    time.now = 2.0
    mine.wrote(lease("me", 2), sent=2.0)
    assert (mine.number, mine.since) == (1, 1e9)
    time.now = 18.0
    mine.wrote(lease("me", 3), sent=18.0)
    assert (mine.number, mine.since) == (2, 1e9 + 18)


def test_a_failed_look_brings_no_write_forward(mine: Tenure) -> None:
    mine.saw(lease("other", 1))
    mine.failed()
    assert mine.due > TIMING.duration


def test_who_gave_up_takes_nothing_any_more(mine: Tenure) -> None:
    mine.wrote(lease("me", 1), sent=0.0)
    mine.close()
    assert mine.remaining() == 0.0
    mine.wrote(lease("me", 2), sent=0.0)
    mine.saw(lease("", 3))
    assert mine.remaining() == 0.0
    assert mine.due == float("inf")


def test_a_term_too_short_for_one_renewal_that_fails_is_refused() -> None:
    with pytest.raises(ValueError, match="outlast"):
        LeaseTiming(duration=5.0, renew=2.0, timeout=3.0)
