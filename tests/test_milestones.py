import pytest

from tekton_integrations.milestones import Milestone, due, ending
from tekton_integrations.run import Run, State
from tests.runs import make_run

ID = "0123456789abcdef"


def keys(milestones: list[Milestone]) -> list[str]:
    return [milestone.key for milestone in milestones]


def run(state: State, **fields: object) -> Run:
    return make_run(state=state, created=10.0, **fields)


RUNNING = run(State.RUNNING, started=11.0, finished=None)
RETRIED = run(State.RUNNING, started=11.0, finished=None, retries=(12.0, 13.0))
ENDED = run(State.FAILED, started=11.0, finished=14.0, retries=(12.0, 13.0))


def test_each_state_adds_what_it_has_reached() -> None:
    queued = run(State.QUEUED, started=None, finished=None)
    assert keys(due(queued, "", 0, ID)) == ["created"]
    assert keys(due(RUNNING, "created", 1, ID)) == ["started"]
    assert keys(due(RETRIED, "started", 2, ID)) == ["retried/1", "retried/2"]
    assert keys(due(ENDED, "retried/2", 4, ID)) == ["finished"]
    assert due(ENDED, "finished", 5, ID) == []


def test_whoever_comes_late_gets_all_in_order_and_numbered_without_gaps() -> None:
    found = due(ENDED, "", 0, ID)
    assert keys(found) == ["created", "started", "retried/1", "retried/2", "finished"]
    assert [milestone.sequence for milestone in found] == [1, 2, 3, 4, 5]
    assert [milestone.time for milestone in found] == [10.0, 11.0, 12.0, 13.0, 14.0]
    assert [milestone.name for milestone in found] == ["created", "started", "retried", "retried", "finished"]


@pytest.mark.parametrize("told", range(6))
def test_an_interruption_anywhere_changes_neither_ids_nor_numbers(told: int) -> None:
    whole = due(ENDED, "", 0, ID)
    last = whole[told - 1].key if told else ""
    assert due(ENDED, last, told, ID) == whole[told:]


@pytest.mark.parametrize("last", ["nonsense", "nonsense/2", "retried²", "/", "/7"])
def test_after_what_is_no_milestone_all_are_due(last: str) -> None:
    assert keys(due(ENDED, last, 7, ID)) == keys(due(ENDED, "", 0, ID))


def test_a_number_that_is_none_repeats_what_it_may_stand_for() -> None:
    assert keys(due(ENDED, "retried/x", 2, ID)) == ["retried/1", "retried/2", "finished"]


def test_a_run_that_could_not_start_has_no_start() -> None:
    failed = run(State.COULD_NOT_START, started=None, finished=14.0)
    assert keys(due(failed, "", 0, ID)) == ["created", "finished"]


def test_more_than_nine_retries_stay_in_order() -> None:
    often = run(State.RUNNING, started=11.0, finished=None, retries=tuple(float(n) for n in range(12)))
    assert keys(due(often, "retried/9", 11, ID)) == ["retried/10", "retried/11", "retried/12"]


def test_ids_differ_between_milestones_and_between_runs() -> None:
    ids = [milestone.id for unique in (ID, ID[::-1]) for milestone in due(ENDED, "", 0, unique)]
    assert len(set(ids)) == len(ids)


def test_an_end_of_which_nothing_is_known_comes_last_and_now() -> None:
    last = ending("retried/1", 3, ID, 99.0)
    assert last is not None
    assert (last.key, last.name, last.sequence, last.time) == ("finished", "finished", 4, 99.0)


def test_it_has_the_id_that_the_end_itself_has() -> None:
    """The end may have been delivered, and its answer lost: then the receiver drops this one."""
    last = ending("started", 2, ID, 99.0)
    assert last is not None
    assert last.id == due(ENDED, "", 0, ID)[-1].id


@pytest.mark.parametrize(("last", "delivered"), [("", 0), ("created", 1)])
def test_it_comes_after_what_may_have_been_told(last: str, delivered: int) -> None:
    end = ending(last, delivered, ID, 99.0, in_doubt=True)
    assert end is not None
    assert (end.key, end.sequence) == ("finished", delivered + 2)


@pytest.mark.parametrize(("last", "delivered"), [("", 0), ("nonsense", 0), ("finished", 3)])
def test_who_has_heard_of_no_begin_or_of_the_end_needs_none(last: str, delivered: int) -> None:
    assert ending(last, delivered, ID, 99.0) is None
