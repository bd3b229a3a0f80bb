"""The table of tasks, as the look-alike of GitHub shows it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tekton_integrations_github.table import MOST_ROWS, table

from integrations.github.tests.helpers import child, run
from tekton_integrations import Child, Run, Skipped, State, Step
from tests.calm import calmly
from tests.fakes.github.markdown import markdown
from tests.hostile import hostile, outside
from tests.recorded import recorded

ROOM = 60_000
ENDED = run(State.FAILED)
STEPS = (
    Step(name="unit", exit_code=0, reason="Completed", started=1.0, finished=3.0),
    Step(name="lint", exit_code=None, reason="Completed", started=3.0, finished=4.0),
    Step(name="integration", exit_code=2, reason="Error", started=4.0, finished=64.0),
    Step(name="publish", exit_code=1, reason="Error", started=64.0, finished=64.0),
)


def rows(shown: Run, children: list[Child], room: int = ROOM) -> list[list[str]]:
    """The cells' texts."""
    html = markdown(table(shown, children, room))
    return [
        [re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", line)]
        for line in re.findall(r"<tr>(.*?)</tr>", html)
    ]


def test_tasks_stand_in_the_order_of_their_start() -> None:
    children = [child("c", State.QUEUED, started=None), child("b", State.RUNNING, started=5.0, finished=None)]
    children.append(child("a", State.SUCCEEDED, started=1.0, finished=63.0))
    assert rows(run(), children) == [
        ["Task", "State", "Duration", "Reason"],
        ["a", "✅ Succeeded", "1 min 2 s", ""],
        ["b", "⏳ Running", "", ""],
        ["c", "⏳ Waiting", "", ""],
    ]


def test_of_a_failed_task_the_steps_are_shown() -> None:
    assert rows(ENDED, [child("test", State.FAILED, *STEPS)])[1:] == [
        ["test", "❌ Failed", "1 s", "step integration exited with code 2"],
        ["└ unit", "✅ Succeeded", "2 s", ""],
        ["└ lint", "⚠️ Failed, ignored", "1 s", ""],
        ["└ integration", "❌ Failed", "1 min", "exit code 2"],
        ["└ publish", "⏭ Did not run", "", ""],
    ]


def test_a_task_run_by_itself_is_its_steps() -> None:
    alone = run(State.FAILED, kind="TaskRun", name="build-x7k2p-test")
    assert [line[0] for line in rows(alone, [child("test", State.FAILED, *STEPS)])] == [
        "Step",
        "unit",
        "lint",
        "integration",
        "publish",
    ]


def test_a_task_run_that_runs_shows_where_it_is() -> None:
    alone = run(State.RUNNING, kind="TaskRun", name="build-x7k2p-test")
    steps = (
        STEPS[0],
        Step(name="now", exit_code=None, reason="", started=3.0),
        Step(name="then", exit_code=None, reason=""),
    )
    states = [line[1] for line in rows(alone, [child("test", State.RUNNING, *steps)])[1:]]
    assert states == ["✅ Succeeded", "⏳ Running", "⏳ Waiting"]


def test_skipped_tasks_are_listed_with_the_reason() -> None:
    skipped = (Skipped("deploy", "When Expressions evaluated to false"), Skipped("tell", "Parent Tasks were skipped"))
    assert rows(run(State.SUCCEEDED, skipped=skipped), [child("a", State.SUCCEEDED)])[2:] == [
        ["deploy", "⏭ Skipped", "", "its when condition is not met"],
        ["tell", "⏭ Skipped", "", "a task before it was skipped"],
    ]


@pytest.mark.parametrize(
    ("one", "cells"),
    [
        (child("t", State.TIMED_OUT, reason="TaskRunTimeout"), ["⌛ Timed out", "1 s", "timed out after 1 s"]),
        (child("t", State.CANCELLED), ["🚫 Cancelled", "1 s", ""]),
        (child("t", State.FAILURE_IGNORED), ["⚠️ Failed, ignored", "1 s", ""]),
        (child("t", State.COULD_NOT_START, message="bad"), ["❌ Could not start", "1 s", "bad"]),
        (child("t", State.SUCCEEDED, retries=1), ["✅ Succeeded", "1 s", "needed 2 tries"]),
        (child("t", State.FAILED, reason="X", retries=2), ["❌ Failed", "1 s", "x, in all 3 tries"]),
        (child("t", State.SUCCEEDED, finished=2.0, started=2.0), ["✅ Succeeded", "under 1 s", ""]),
        (
            child("t", State.RUNNING, reason="ExceededNodeResources", finished=None),
            ["⏳ Running", "", "no node takes its pod"],
        ),
    ],
)
def test_state_duration_and_reason_are_words(one: Child, cells: list[str]) -> None:
    assert rows(ENDED, [one])[1][1:] == cells


def test_of_very_many_the_failed_are_shown_and_the_rest_is_counted() -> None:
    children = [child(f"t{number:03}", State.SUCCEEDED, started=float(number)) for number in range(300)]
    for number in (7, 250, 299):
        children[number] = child(f"t{number:03}", State.FAILED, STEPS[2], started=float(number))
    text = table(ENDED, children, ROOM)
    names = re.findall(r"`(t\d+)`", text)
    assert names == sorted(names)
    assert {"t007", "t250", "t299"} < set(names)
    assert len(names) == MOST_ROWS
    assert text.endswith("\n240 more tasks: 240 succeeded.\n")


def test_all_that_failed_are_shown_as_long_as_there_is_room() -> None:
    children = [
        child(f"t{number:03}", State.FAILED, STEPS[2], started=float(number), finished=None) for number in range(150)
    ]
    assert table(ENDED, children, ROOM).count("❌ Failed |  | step") == 150


@pytest.mark.parametrize("letter", ["x", "é", "測", "🚀", "`", "|"])
def test_what_does_not_fit_is_counted_and_no_row_is_cut(letter: str) -> None:
    children = [child(f"t{number:03}", State.FAILED, message=letter * 2000) for number in range(500)]
    text = table(ENDED, children, 20_000)
    assert 15_000 < len(text.encode()) <= 20_000
    assert (found := re.search(r"\n(\d+) more tasks: \d+ failed\.\n$", text))
    assert text.count("| ❌ Failed |") + int(found[1]) == 500
    assert all(len(line) == 4 for line in rows(ENDED, children, 20_000))


def test_without_tasks_or_room_there_is_no_table() -> None:
    assert table(ENDED, [], ROOM) == ""
    assert table(ENDED, [child()], 300) == ""


@calmly
@given(hostile(), hostile(), hostile(), st.sampled_from(State))
def test_nothing_breaks_out_of_its_cell(task: str, message: str, step: str, state: State) -> None:
    one = child(task, state, Step(name=step, exit_code=1, reason=""), message=message, name=task, reason=message)
    shown = run(State.FAILED, skipped=(Skipped(task, message),))
    text = table(shown, [one], ROOM)
    assert all(len(line) == 4 for line in rows(shown, [one]))
    assert not re.search(r"<a |<img|@|://|#\d", outside(markdown(text)))


def test_the_recorded_failure_is_told_step_by_step() -> None:
    cells = [line[:2] for line in rows(*recorded("failure"))]
    assert cells[1:6] == [
        ["clone", "✅ Succeeded"],
        ["test", "❌ Failed"],
        ["└ unit", "✅ Succeeded"],
        ["└ integration", "❌ Failed"],
        ["cleanup", "✅ Succeeded"],
    ]
