"""What is known about a record besides what stands in it takes memory only as long as it says something."""

from msgspec.structs import replace

from tekton_integrations.diary import LOOK_AGAIN, PACE, SLACK, Diary
from tekton_integrations.requests import Request, new_record
from tests.runs import make_run

RECORD = new_record(Request("slack", "", "PipelineRun", "team-a", "build-1", "uid-1"), make_run())
NAME = RECORD.name
NOW = 1_800_000_000.0


def test_a_page_on_which_nothing_is_left_is_torn_out() -> None:
    diary = Diary(lambda: NOW)
    diary.note(NAME, edited=True)
    diary.note(NAME, woken=True)
    diary.note(NAME, edited=False)
    assert len(diary) == 1
    assert diary[NAME].woken
    diary.note(NAME, woken=False)
    assert len(diary) == 0


def test_nothing_is_waited_for_where_nothing_is_to_come() -> None:
    assert Diary(lambda: NOW).wait(RECORD) is None


def test_what_comes_first_is_waited_for() -> None:
    diary = Diary(lambda: NOW)
    diary.note(NAME, again=NOW + 20)
    for progress, verify, expected in ((30.0, 40.0, (20.0, 0.0)), (10.0, 40.0, (10.0, SLACK)), (30.0, 5.0, (5.0, 0.0))):
        wait = diary.wait(replace(RECORD, verify_after=NOW + verify), progress)
        assert wait is not None
        assert (wait.seconds, wait.slack) == expected


def test_what_is_overdue_and_could_not_be_looked_into_makes_no_loop() -> None:
    wait = Diary(lambda: NOW).wait(replace(RECORD, verify_after=NOW - 3600))
    assert wait is not None
    assert wait.seconds == LOOK_AGAIN


def test_a_clock_that_was_set_back_holds_up_progress_no_longer_than_the_pace() -> None:
    diary = Diary(lambda: NOW)
    assert diary.until_progress(NAME) == 0
    diary.note(NAME, told=NOW + 3600)
    assert diary.until_progress(NAME) == PACE
