"""The option `on`: which occasions its words stand for."""

import re

import pytest

from tekton_integrations import State
from tekton_integrations.milestones import CREATED, FINISHED, RETRIED, STARTED
from tekton_integrations.occasions import ENDS, PATTERN, WORDS, includes

FINAL = [state for state in State if state.final]


@pytest.mark.parametrize("on", ["failed", "created, finished", " problems,succeeded ", ",".join(WORDS)])
def test_words_with_commas_between_are_taken(on: str) -> None:
    assert re.search(PATTERN, on)


@pytest.mark.parametrize("on", ["", ",", "failed,", "Failed", "failed succeeded", "failed\n", "running"])
def test_anything_else_is_refused(on: str) -> None:
    assert not re.search(PATTERN, on)


def test_without_words_every_occasion_counts() -> None:
    assert all(includes("", State.RUNNING, milestone) for milestone in (CREATED, STARTED, RETRIED))
    assert all(includes("", state) for state in FINAL)


def test_finished_is_any_end_and_no_begin() -> None:
    assert all(includes("finished", state) for state in FINAL)
    assert not any(includes("finished", State.RUNNING, milestone) for milestone in (CREATED, STARTED, RETRIED))


def test_problems_are_the_ends_that_somebody_has_to_look_at() -> None:
    assert [state for state in FINAL if includes("problems", state)] == [state for state in FINAL if state.red]


def test_every_end_has_a_word_of_its_own() -> None:
    assert set(ENDS.values()) == set(FINAL)
    for word, state in ENDS.items():
        assert [each for each in FINAL if includes(word, each)] == [state]


def test_an_end_says_nothing_of_milestones_before_it_even_when_they_are_told_late() -> None:
    """A run may have failed by the time its start is told."""
    assert not includes("failed", State.FAILED, STARTED)
    assert includes("started", State.FAILED, STARTED)


def test_words_add_up() -> None:
    assert [includes("retried, failed", State.FAILED, each) for each in (CREATED, RETRIED, FINISHED)] == [
        False,
        True,
        True,
    ]
    assert not includes("retried, failed", State.SUCCEEDED)
