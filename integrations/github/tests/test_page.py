"""Summary and text of a check run."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tekton_integrations_github.page import summary, text

from integrations.github.tests.helpers import child, run
from tekton_integrations import Excerpt, Skipped, State, Step
from tests.calm import calmly
from tests.fakes.github.markdown import markdown
from tests.hostile import hostile, outside
from tests.recorded import RECORDINGS, recorded

STEP = Step(name="unit", exit_code=2, reason="Error")
FAILED = child("test", State.FAILED, STEP, reason="StepFailed")
PULL = child("build", State.FAILED, reason="TaskRunImagePullFailed", message='image "ghcr.io/x:1"')


def paragraphs(*args: object) -> list[str]:
    return summary(*args).split("\n\n")  # type: ignore[arg-type]


def test_the_run_comes_first_and_then_the_root_cause() -> None:
    told = paragraphs(run(State.FAILED), [FAILED, PULL])
    assert told[0] == "PipelineRun `build-x7k2p` in namespace `team-a` failed after 1 min 3 s."
    assert told[1] == (
        "**Cause:** `build`: image can't be pulled: ghcr.io/x:1; check its name and tag, and the pull secret."
    )
    assert told[2:4] == ["Also failed:", "- `test` failed: step unit exited with code 2."]
    assert told[4].startswith("| Task | State |")
    assert told[5] == "Tekton says `Failed`: `It was Failed.`"


def test_what_succeeded_needs_few_words() -> None:
    assert paragraphs(run(State.SUCCEEDED), []) == [
        "PipelineRun `build-x7k2p` in namespace `team-a` succeeded in 1 min 3 s."
    ]


def test_an_invalid_run_is_told_by_itself() -> None:
    ended = run(State.COULD_NOT_START, message='pipelines.tekton.dev "x" not found', reason="CouldntGetPipeline")
    told = paragraphs(ended, [])
    assert told[0].endswith("could not start.")
    assert told[1] == '**Cause:** Pipeline "x" not found in namespace "team-a".'


@pytest.mark.parametrize(
    ("state", "head"), [(State.RUNNING, "Failed so far"), (State.CANCELLED, "Failed before"), (State.FAILED, "Cause")]
)
def test_a_failure_is_not_called_the_cause_of_what_it_did_not_cause(state: State, head: str) -> None:
    assert paragraphs(run(state), [FAILED])[1].startswith(f"**{head}:** `test` failed")


def test_ignored_failures_are_noted() -> None:
    told = paragraphs(run(State.SUCCEEDED), [child("lint", State.FAILURE_IGNORED), child("a", State.SUCCEEDED)])
    assert told[1] == "Failed, which the pipeline ignores: `lint`."


def test_of_very_many_failures_ten_are_named_above_the_table() -> None:
    told = paragraphs(run(State.FAILED), [child(f"t{number}", State.FAILED, STEP) for number in range(40)])
    assert told[3].count("\n") == 10
    assert told[3].endswith("- 29 more tasks")


def test_notes_stand_at_the_end() -> None:
    assert paragraphs(run(State.SUCCEEDED), [], ["12 more findings.", "See @acme."])[1:] == [
        "12 more findings.",
        "`See @acme.`",
    ]


def test_the_log_of_the_root_cause_is_first() -> None:
    late = child("late", State.FAILED, Step(name="unit", exit_code=1, reason="", finished=9.0))
    soon = child("soon", State.FAILED, Step(name="unit", exit_code=1, reason="", finished=8.0))
    excerpts = {late.name: Excerpt(lines=("b",)), soon.name: Excerpt(lines=("a",)), "gone": Excerpt(lines=("c",))}
    shown = text(run(State.FAILED), [late, soon], excerpts)
    assert re.findall(r"#### `(\w+)`", shown) == ["soon", "late"]
    assert text(run(State.FAILED), [late], {}) == ""


@pytest.mark.parametrize("letter", ["x", "é", "測", "🚀", "`", "@"])
def test_the_longest_page_is_within_the_limit_in_any_script(letter: str) -> None:
    long = letter * 3000
    children = [child(f"{long}{number}", State.FAILED, STEP, message=long, name=str(number)) for number in range(300)]
    children += [child(long, State.FAILURE_IGNORED, name=f"i{number}") for number in range(50)]
    ended = run(State.FAILED, message=long, reason=long, name=long, namespace=long)
    shown = summary(ended, children, [long] * 50)
    assert 40_000 < len(shown.encode()) <= 65_535
    assert "more tasks: " in shown
    excerpts = {one.name: Excerpt(step=long, lines=(letter * 400,) * 500) for one in children}
    told = text(ended, children, excerpts)
    assert 50_000 < len(told.encode()) <= 65_535
    assert "more logs had no room here." in told


@calmly
@given(hostile(), hostile(), st.lists(hostile(), max_size=4), st.sampled_from(State), st.sampled_from(State))
def test_text_of_others_is_text_or_code_only(
    word: str, message: str, lines: list[str], state: State, other: State
) -> None:
    step = Step(name=word, exit_code=1, reason=message)
    children = [child(word, other, step, message=message, reason=word, name="one"), child(word, other, message=message)]
    shown = run(state, message=message, reason=word, name=word, namespace=word, skipped=(Skipped(word, message),))
    excerpts = {"one": Excerpt(step=word, lines=tuple(lines)), children[1].name: Excerpt(withheld=message)}
    for source in (summary(shown, children, [message]), text(shown, children, excerpts)):
        html = outside(markdown(source))
        assert not re.search(r"<a |<img|<em|<del>|<details|@|://|#\d", html)


@pytest.mark.parametrize("recording", RECORDINGS)
def test_of_each_recording_there_is_a_page_at_any_time(recording: str) -> None:
    for until in range(1, 30):
        shown, children = recorded(recording, until)
        html = markdown(summary(shown, children))
        assert html.startswith("<p>")
        assert len(re.findall("<table>", html)) <= 1
        assert (children == []) or "<table>" in html or not children[0].steps
