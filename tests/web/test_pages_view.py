"""The page about a run: what it says of tasks and steps, and that no text of a run gets out of its place."""

import re
from typing import Any

import pytest
from msgspec.structs import replace

from tekton_integrations.run import Child, Run, Skipped, State, Step
from tekton_integrations.story import Stage, Story, Verdict
from tekton_integrations.story import Step as StoryStep
from tekton_integrations.testing import corpus
from tekton_integrations.web.markup import rendered
from tekton_integrations.web.run_page import Page, message
from tekton_integrations.web.view import LOOKS, MOST_ROWS, view
from tests.fakes.html import assert_safe
from tests.runs import make_run


def make_child(task: str, state: State = State.SUCCEEDED, **more: Any) -> Child:
    known: dict[str, Any] = {"reason": "", "message": "", "started": 10.0, "finished": 20.0, "steps": ()}
    return Child(name=f"build-1-{task}", task=task, state=state, **(known | more))


def step(name: str, code: int | None, **more: Any) -> Step:
    return Step(name=name, exit_code=code, reason="Error" if code else "", **more)


FAILED = make_child(
    "test",
    State.FAILED,
    started=12.0,
    finished=None,
    retries=1,
    reason="Failed",
    message='"step-b" exited with code 2',
    steps=(step("a", 0, started=12.0, finished=13.0), step("b", 2, started=13.0, finished=15.0), step("c", 2)),
)
RUN = make_run(
    created=0.0, started=5.0, skipped=(Skipped(task="deploy", reason="When Expressions evaluated to false"),)
)
STORY = Story(
    namespace="team-a",
    kind="PipelineRun",
    run="build-1",
    verdict=Verdict.FAILED,
    reason="NotGranted",
    sentence="no Provider grants acme/api",
    integration="github",
    fix="Add it.",
    steps=(StoryStep(stage=Stage.GRANTED, done=False, text="not granted"),),
)


def page(run: Run = RUN, children: tuple[Child, ...] = (), **story: Any) -> Page:
    return Page(view=view(run, children), stories=[replace(STORY, **story)])


def html(shown: Page, **more: Any) -> str:
    values = {"now": 0.0, "favicon": shown.icon, "logs": True, "no_logs": ""} | more
    return rendered("run.html", page=shown, run=shown.run, **values)


def test_tasks_stand_in_the_order_in_which_they_began_and_what_was_skipped_last() -> None:
    rows = view(RUN, (FAILED, make_child("lint"), make_child("late", State.QUEUED, started=None))).rows
    assert [(row.name, row.look.word) for row in rows] == [
        ("lint", "Succeeded"),
        ("test", "Failed"),
        ("late", "Queued"),
        ("deploy", "Skipped"),
    ]
    assert rows[3].note == "its when condition is not met"


def test_a_failed_task_says_why_and_which_step_it_was() -> None:
    [row] = view(RUN, (FAILED,)).rows[:1]
    assert row.note == "step b exited with code 2, in all 2 tries"
    assert [(step.name, step.look.word, step.span.took, step.note) for step in row.steps] == [
        ("a", "Succeeded", "1 s", ""),
        ("b", "Failed", "2 s", "exit code 2"),
        ("c", "Did not run", "", ""),
    ]


def test_a_run_that_is_its_own_task_is_shown_by_its_steps() -> None:
    run = make_run(kind="TaskRun", name="build-1-test", state=State.FAILED, finished=20.0)
    [row] = view(run, (FAILED,)).rows
    assert (row.name, row.run) == ("build-1-test", "")


def test_of_very_many_tasks_those_that_failed_are_shown_and_the_rest_is_counted() -> None:
    many = [make_child(f"t{number:03}", started=float(number)) for number in range(500)]
    shown = view(make_run(), [*many, replace(FAILED, started=1000.0)])
    assert len(shown.rows) == MOST_ROWS
    assert shown.rows[-1].name == "test"
    assert shown.rest == "And 251 more tasks: 251 succeeded."


def test_each_state_has_a_word_and_a_shape_of_its_own_for_those_who_see_no_colours() -> None:
    assert set(LOOKS) == set(State)
    assert len({(look.word) for look in LOOKS.values()}) == len(State)


@pytest.mark.parametrize("name", sorted(corpus.CORPUS))
def test_whatever_a_run_says_stays_text(name: str) -> None:
    evil = corpus.CORPUS[name]
    child = make_child(evil, State.FAILED, message=evil, reason=evil, steps=(step(evil, 1, started=1.0),))
    run = replace(RUN, state=State.FAILED, message=evil, pipeline=evil, skipped=(Skipped(task=evil, reason=evil),))
    shown = page(run, (child,), sentence=evil, fix=evil, url=evil, notification=evil)
    whole = html(shown)
    assert_safe(re.sub(r"<script type=\"module\" src=\"/static/[0-9a-f]+/page\.js\"></script>", "", whole))
    assert corpus.unfit(whole) == []
    assert all("<script" not in part for part in shown.parts.values())


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a b", ""])
def test_a_story_links_to_web_addresses_only(url: str) -> None:
    assert "Open</a>" not in page(url=url).parts["stories"]
    assert 'href="https://github.com/x"' in page(url="https://github.com/x").parts["stories"]


def test_a_story_is_told_word_for_word() -> None:
    told = page().parts["stories"]
    for words in (STORY.sentence, STORY.fix, "github", "given up", "not granted"):
        assert words in told


def test_only_what_changed_is_sent_again() -> None:
    before = page(children=(make_child("lint"), FAILED))
    assert message(page(children=(make_child("lint"), FAILED)), before)["parts"] == {}
    after = page(children=(make_child("lint"), replace(FAILED, state=State.RUNNING)), sentence="other words")
    assert set(message(after, before)["parts"]) == {"head", "stories", "row-TaskRun-build-1-test"}
    assert after.version != before.version


def test_all_rows_are_drawn_anew_when_the_run_has_ended_and_the_timeline_stands_still() -> None:
    before, after = page(children=(make_child("lint"),)), page(replace(RUN, state=State.SUCCEEDED, finished=30.0))
    assert set(message(after, before)["parts"]) >= {"head", "row-skipped-deploy"}
    assert "data-grows" in before.parts["row-TaskRun-build-1-lint"]


def test_a_run_without_tasks_says_so() -> None:
    assert "No task has begun." in page(make_run()).parts["rest"]
    assert "No task ran." in page(make_run(state=State.FAILED)).parts["rest"]
    assert page().parts["rest"] == ""


def test_what_is_tried_again_says_when() -> None:
    assert "Next try: <time" in page(until=1000.0).parts["stories"]


def test_what_many_readers_get_is_made_once() -> None:
    ended = page(replace(RUN, state=State.SUCCEEDED, finished=30.0), (make_child("lint"),))
    first, second = (message(ended, None)["parts"] for _ in range(2))
    assert all(ended.part(id) is ended.part(id) for id in first)
    assert first == second


def test_the_page_of_a_deleted_run_is_not_loaded_again() -> None:
    shown = Page(view=view(RUN, ()), stories=(), gone=True)
    assert 'http-equiv="refresh"' not in html(shown)


def test_without_a_script_a_page_that_may_change_is_loaded_again() -> None:
    assert '<noscript><meta http-equiv="refresh"' in html(page())
    assert "http-equiv" not in html(page(replace(RUN, state=State.SUCCEEDED, finished=30.0)))


def test_who_may_not_read_logs_is_told_so() -> None:
    shown = html(page(), logs=False, no_logs="ci may not read logs in namespace team-a.")
    assert "ci may not read logs" in shown
    assert "data-log" not in shown
