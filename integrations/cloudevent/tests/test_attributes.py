"""Types and sources are those that Tekton documents, and a milestone has the same attributes whenever it is sent."""

import re
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from tekton_integrations_cloudevent.attributes import About, attributes, type_of
from tekton_integrations_cloudevent.integration import CloudEvent
from tekton_integrations_cloudevent.options import CloudEventOptions

from integrations.cloudevent.tests.runs import milestone
from tekton_integrations import State
from tekton_integrations.testing import RUN, make_record

ABOUT = About.run(RUN)
ENDS = [state for state in State if state.final]


@pytest.mark.parametrize("kind", ["PipelineRun", "TaskRun"])
def test_each_milestone_has_the_type_that_tekton_gives_it(kind: str) -> None:
    words = [type_of(kind, name, State.RUNNING).split(".")[4] for name in ("created", "started", "retried")]
    assert words == ["queued", "started", "running"]


def test_a_custom_run_is_never_queued_but_started_and_then_running() -> None:
    words = [type_of("CustomRun", name, State.RUNNING).split(".")[4] for name in ("created", "started", "retried")]
    assert words == ["started", "running", "running"]


@pytest.mark.parametrize("state", ENDS)
def test_only_what_tekton_calls_true_is_successful(state: State) -> None:
    word = "successful" if state in (State.SUCCEEDED, State.SKIPPED) else "failed"
    assert type_of("TaskRun", "finished", state) == f"dev.tekton.event.taskrun.{word}.v1"
    assert attributes(ABOUT, milestone("finished"), state)["runstate"] == state


def test_what_came_before_the_end_says_no_end_though_it_is_sent_after_it() -> None:
    sent = attributes(ABOUT, milestone("started"), State.SUCCEEDED)
    assert sent["type"] == "dev.tekton.event.pipelinerun.started.v1"
    assert "runstate" not in sent


@pytest.mark.parametrize(
    ("kind", "version", "source"),
    [
        ("PipelineRun", "tekton.dev/v1", "/apis/tekton.dev/v1/namespaces/team-a/pipelineruns/build-x7k2p"),
        ("TaskRun", "tekton.dev/v1", "/apis/tekton.dev/v1/namespaces/team-a/taskruns/build-x7k2p"),
        ("CustomRun", "tekton.dev/v1beta1", "/apis/tekton.dev/v1beta1/namespaces/team-a/customruns/build-x7k2p"),
    ],
)
def test_the_source_is_the_path_of_the_run_at_the_api_server(kind: str, version: str, source: str) -> None:
    about = About.run(replace(RUN, kind=kind, api_version=version))
    assert attributes(about, milestone(), State.FAILED)["source"] == source


def test_a_name_cannot_leave_its_place_in_the_source() -> None:
    about = replace(ABOUT, name="a/b?c#d e\r\nx")
    source = attributes(about, milestone(), State.FAILED)["source"]
    assert source.endswith("/pipelineruns/a%2Fb%3Fc%23d%20e%0D%0Ax")


def test_id_and_time_are_the_milestones_own() -> None:
    sent = attributes(ABOUT, milestone("started", 2), State.RUNNING)
    assert (sent["id"], sent["subject"], sent["partitionkey"]) == ("id-started-2", RUN.name, RUN.uid)
    assert sent["time"] == datetime(2027, 1, 15, 8, 1, 4, 250_000, UTC)
    assert attributes(ABOUT, milestone("started", 2), State.SUCCEEDED) == sent


def test_sequences_have_the_order_of_letters() -> None:
    numbers = (1, 2, 9, 10, 11, 2**31 - 1)
    sent = [attributes(ABOUT, milestone("retried", n), State.RUNNING)["sequence"] for n in numbers]
    assert sent == sorted(sent)
    assert [int(each) for each in sent] == list(numbers)


def test_names_of_attributes_are_what_the_specification_allows() -> None:
    for name in attributes(ABOUT, milestone(), State.FAILED):
        assert re.fullmatch("[a-z0-9]{1,20}", name)


def test_a_record_tells_of_the_same_run() -> None:
    record = make_record(CloudEvent(), CloudEventOptions(target="https://example.com/"))
    assert About.record(record) == ABOUT
    assert ABOUT.key == "pipelineRun"
