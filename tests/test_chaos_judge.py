"""What the judge of `make chaos` counts as lost, doubled, stale, or perhaps sent."""

from collections.abc import Sequence

import pytest

from hack.chaos.driver import Life
from hack.chaos.judge import Verdict, judge
from hack.chaos.shown import Thing, closed, wanted
from hack.chaos.world import SERVICES


def life(*, exists: bool = True, ended: bool = True) -> Life:
    return Life(number="1", name="run-1", recording="success", annotations={}, exists=exists, ended=ended)


def counts(service: str, of: Life, things: Sequence[Thing], *, said: bool = False) -> tuple[int, int, int, int]:
    """Lost, duplicated, stale, perhaps sent."""
    verdict = Verdict()
    wrong = list(judge(verdict, service, of, things, said=said))
    assert bool(wrong) is not verdict.clean
    return verdict.lost, verdict.duplicated, verdict.stale, verdict.maybe_sent


def thing(*states: str, missing: int = 0, twice: int = 0, mixed: bool = False) -> Thing:
    return Thing(states=states, missing=missing, twice=twice, mixed=mixed)


@pytest.mark.parametrize("service", SERVICES)
def test_of_a_run_that_is_there_the_end_counts(service: str) -> None:
    end = wanted(service, life())
    assert counts(service, life(), [thing("begun", end)]) == (0, 0, 0, 0)
    assert counts(service, life(), []) == (1, 0, 0, 0)
    assert counts(service, life(), [thing("begun")]) == (1, 0, 0, 0)
    assert counts(service, life(), [thing("begun", end, "begun")]) == (0, 0, 1, 0)
    assert counts(service, life(), [thing(end), thing("begun", end)]) == (0, 1, 0, 0)


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_run_leaves_behind_must_not_be_open(service: str) -> None:
    gone, end = life(exists=False, ended=False), wanted(service, life())
    assert counts(service, gone, []) == (0, 0, 0, 0)
    assert counts(service, gone, [thing("begun", closed(service))]) == (0, 0, 0, 0)
    assert counts(service, gone, [thing("begun")]) == (0, 0, 1, 0)
    # It had not ended, so nobody may say that it went well.
    assert counts(service, gone, [thing("begun", end)]) == (0, 0, 1, 0)
    assert counts(service, life(exists=False), [thing("begun", end)]) == (0, 0, 0, 0)


def test_a_second_card_is_excused_only_where_the_record_said_that_it_may_come() -> None:
    end = wanted("slack", life())
    both = [thing("begun"), thing("begun", end)]
    assert counts("slack", life(), both, said=True) == (0, 0, 0, 1)
    assert counts("slack", life(), both)[1] == 1
    assert counts("slack", life(), [thing("begun"), thing("begun")], said=True) == (1, 0, 0, 1)
    # GitHub can be asked: there is no excuse.
    assert counts("github", life(), [thing("success"), thing("success")], said=True) == (0, 1, 0, 0)


def test_a_card_of_which_nobody_heard_is_excused_where_its_run_went_and_the_record_said_so() -> None:
    gone = life(exists=False)
    assert counts("slack", gone, [thing("begun")], said=True) == (0, 0, 0, 1)
    assert counts("slack", gone, [thing("begun"), thing("begun", closed("slack"))], said=True) == (0, 0, 0, 1)
    # It was changed once, so it was known.
    assert counts("slack", gone, [thing("begun", "going on")], said=True) == (0, 0, 1, 0)
    for service in ("github", "webhook"):
        assert counts(service, gone, [thing("begun")], said=True) == (0, 0, 1, 0)


def test_milestones_are_told_once_all_and_in_order() -> None:
    end = wanted("webhook", life())
    assert counts("webhook", life(), [thing("created", end, missing=1)]) == (1, 0, 0, 0)
    assert counts("webhook", life(), [thing("created", "created", end, twice=1)]) == (0, 1, 0, 0)
    assert counts("webhook", life(), [thing("started", "created", end, mixed=True)]) == (0, 0, 1, 0)
