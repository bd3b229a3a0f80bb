"""Tekton's messages, as its code writes them, cut to what a person needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.outcome import Tally, before, essence, exited, skipped, tally
from tests.calm import calmly

NOT_FOUND = (
    "Error retrieving pipeline for pipelinerun team-a/run-1: error when getting Pipeline for PipelineRun run-1: tekton "
    'client cannot get pipeline build from local cluster: pipelines.tekton.dev "build" not found'
)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (NOT_FOUND, 'Pipeline "build" not found in namespace "team-a"'),
        (
            "Pipeline team-a/build can't be Run; it contains Tasks that don't exist: Couldn't retrieve Task \"lint\": "
            'tasks.tekton.dev "lint" not found',
            'Task "lint" not found in namespace "team-a"',
        ),
        (
            "Error retrieving pipeline for pipelinerun team-a/run-1: resolver failed to get Pipeline build: error "
            'requesting remote resource: pipelines.tekton.dev "build" not found',
            'Pipeline "build" not found',
        ),
        (
            "[User error] PipelineRun team-a/run-1 is missing some parameters required by Pipeline team-a/build: "
            "pipelineRun missing parameters: [revision url]",
            "no value for the parameters revision, url",
        ),
        (
            "[User error] invalid input params for task lint: missing values for these params which have no default "
            "values: [revision]",
            "no value for the parameter revision",
        ),
        (
            "[User error] PipelineRun team-a/run-1 doesn't bind Pipeline team-a/build's Workspaces correctly: pipeline "
            'requires workspace with name "source" be provided by pipelinerun',
            'no workspace for "source"',
        ),
        (
            "[User error] Pipeline team-a/build can't be Run; it has an invalid spec: invalid value: couldn't add link "
            'between a and b: task "b" depends on "a"',
            'invalid value: couldn\'t add link between a and b: task "b" depends on "a"',
        ),
        ("something else: happened", "something else: happened"),
        ("team-a/run-1: ", "team-a/run-1:"),
        ("", ""),
    ],
)
def test_a_message_is_cut_to_its_essence(message: str, text: str) -> None:
    assert essence(message, "team-a", "run-1") == text


def test_what_came_before_a_time_out_is_told_apart() -> None:
    message = (
        'TaskRun "x" failed to finish within "1h0m0s"\nPrevious status: [Pending] pod status "PodScheduled":"False"'
    )
    assert before(message) == (
        'TaskRun "x" failed to finish within "1h0m0s"',
        "Pending",
        'pod status "PodScheduled":"False"',
    )
    assert before("plain") == ("plain", "", "")


@pytest.mark.parametrize(
    ("message", "who", "code", "reason"),
    [
        ('"step-integration" exited with code 2: Error', "step integration", 2, "Error"),
        ('"step-run" exited with code 1 (image: "alpine"); for logs run: kubectl …', "step run", 1, ""),
        ('"sidecar-db" exited with code 137: OOMKilled', "sidecar db", 137, "OOMKilled"),
        ('init container failed, "prepare" exited with code 1: Error', "init container prepare", 1, "Error"),
    ],
)
def test_the_container_that_tekton_blames_is_known(message: str, who: str, code: int, reason: str) -> None:
    found = exited(message)
    assert found is not None
    assert (found.who, found.code, found.reason) == (who, code, reason)


def test_counts_of_tasks_are_read_in_both_forms() -> None:
    running = "Tasks Completed: 1 (Failed: 0, Cancelled 0), Incomplete: 2, Skipped: 1"
    assert tally(running) == Tally(completed=1, failed=0, incomplete=2, skipped=1)
    ended = "Tasks Completed: 3 (Failed: 1 (Ignored: 1), Cancelled 0), Skipped: 1"
    assert tally(ended) == Tally(completed=3, failed=1, incomplete=0, skipped=1)
    assert tally("Not all Steps in the Task have finished executing") is None


def test_why_a_task_was_skipped_is_told_in_plain_words() -> None:
    assert skipped("When Expressions evaluated to false") == "its when condition is not met"
    assert skipped("A reason of tomorrow") == "A reason of tomorrow"


@calmly
@given(st.text(max_size=300), st.text(max_size=20), st.text(max_size=20))
def test_any_message_is_taken(message: str, namespace: str, name: str) -> None:
    assert len(essence(message, namespace, name)) <= len(message) + 60
    exited(message)
    tally(message)
