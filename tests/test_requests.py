"""From a run's annotations to the names of work."""

from msgspec.structs import replace

from tekton_integrations.record import record_name
from tekton_integrations.requests import Asked, Request, asked, for_record, for_run, new_record
from tekton_integrations.run import Run
from tests.runs import make_run

RUN = make_run(
    annotations={
        "slack.integrations.tekton.dev/channel": "C1",
        "github.integrations.tekton.dev/owner": "acme",
        "github.integrations.tekton.dev/repo": "api",
    }
)


def names(run: Run) -> list[str]:
    return [request.integration for request in for_run(run)]


def test_a_run_asks_each_integration_that_it_names() -> None:
    assert asked(RUN) == {
        "github": Asked({"owner": "acme", "repo": "api"}, ()),
        "slack": Asked({"channel": "C1"}, ()),
    }
    assert names(RUN) == ["github", "slack"]


def test_a_run_without_annotations_of_ours_asks_nobody() -> None:
    assert for_run(make_run()) == []


def test_a_run_that_another_run_controls_asks_nobody() -> None:
    assert for_run(replace(RUN, parent="uid-of-its-parent")) == []


def test_what_does_not_count_is_known_to_have_been_there() -> None:
    run = replace(RUN, ignored=("webhook.integrations.tekton.dev/url", "github.integrations.tekton.dev/sha"))
    assert asked(run)["webhook"] == Asked({}, ("url",))
    assert asked(run)["github"] == Asked({"owner": "acme", "repo": "api"}, ("sha",))
    assert names(run) == ["github", "slack", "webhook"]


def test_a_request_says_whose_run_and_nothing_of_its_state() -> None:
    assert for_run(RUN)[0] == Request("github", "", "PipelineRun", "team-a", "build-1", "uid-1")
    assert for_run(RUN) == for_run(replace(RUN, resource_version="200", reason="Failed", message="new"))


def test_a_run_made_anew_under_the_same_name_is_another_request() -> None:
    again = replace(RUN, uid="uid-2")
    assert set(for_run(RUN)).isdisjoint(for_run(again))
    assert for_run(RUN)[0].record_name != for_run(again)[0].record_name


def test_a_record_leads_back_to_its_request() -> None:
    for request in for_run(RUN):
        record = new_record(request, RUN)
        assert for_record(record) == request
        assert record.name == request.record_name == record_name("build-1", "uid-1", request.integration)
