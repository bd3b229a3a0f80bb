"""What decides whether a report is due: nothing but what the remote shows."""

from typing import Any

import pytest
from msgspec.structs import replace

from tekton_integrations import PermanentError
from tekton_integrations.plan import Plan, digest, failure_digest, plan
from tekton_integrations.requests import Asked
from tekton_integrations.run import Run, State
from tests.runs import make_run
from tests.toy import Slack

WANTED = Asked({"channel": "C1"}, ())
RUN = make_run()
RESTING = Slack()


def of(run: Run = RUN, wanted: Asked = WANTED) -> str:
    return plan(Slack(), run, wanted).digest


def test_a_plan_says_what_to_show_where_and_by_whom() -> None:
    made = plan(Slack(), RUN, Asked({"channel": "C1", "provider": "mine"}, ()))
    assert (made.target.resource, made.options.channel, made.provider) == ("C1", "C1", "mine")
    assert plan(Slack(), RUN, WANTED).provider == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"resource_version": "200"},
        {"message": "Tasks Completed: 1"},
        {"reason": "Started"},
        {"generation": 2},
        {"annotations": {"other/note": "x"}},
    ],
)
def test_progress_that_the_remote_does_not_show_is_no_news(changes: dict[str, Any]) -> None:
    assert of(make_run(**changes)) == of()


@pytest.mark.parametrize("changes", [{"state": State.QUEUED}, {"state": State.FAILED}, {"uid": "another"}])
def test_another_state_or_run_is_news(changes: dict[str, Any]) -> None:
    assert of(make_run(**changes)) != of()


@pytest.mark.parametrize("changes", [{"message": "new"}, {"reason": "new"}])
def test_how_it_ended_is_news(changes: dict[str, Any]) -> None:
    ended = make_run(state=State.FAILED, reason="Failed", message="old")
    assert of(replace(ended, **changes)) != of(ended)


def test_an_edited_option_is_news_and_one_that_says_the_default_is_not() -> None:
    assert of(wanted=Asked({"channel": "C2"}, ())) != of()
    assert of(wanted=Asked({"channel": "C1", "max-lines": "10"}, ())) == of()


def test_an_upgrade_is_no_news_but_another_version_that_is_asked_for_is() -> None:
    class Upgraded(Slack):
        versions = ("v1", "v2", "v3")

    assert plan(Upgraded(), RUN, WANTED).digest == of()
    assert plan(Upgraded(), RUN, Asked(WANTED.options | {"version": "v3"}, ())).digest != of()


def test_what_came_with_a_remote_pipeline_only_is_refused_with_the_cure() -> None:
    with pytest.raises(PermanentError) as caught:
        plan(Slack(), RUN, Asked({}, ("channel",)))
    assert caught.value.reason == "InheritedAnnotationIgnored"
    assert caught.value.message == (
        "slack.integrations.tekton.dev/channel came with a remotely resolved Pipeline and does not count; "
        "set it on the run itself"
    )


def test_what_came_with_a_remote_pipeline_besides_does_not_matter() -> None:
    assert of(wanted=Asked({"channel": "C1"}, ("mention",))) == of()


def failed(run: Run = RUN, wanted: Asked = WANTED, providers: str = "p:1") -> str:
    return failure_digest(run, wanted, providers)


def test_progress_does_not_make_a_failure_worth_another_try() -> None:
    assert failed() == failed(make_run(message="new", reason="Started", resource_version="9"))


def test_a_new_state_of_the_run_or_any_correction_does() -> None:
    tries = [
        failed(),
        failed(make_run(state=State.QUEUED)),
        failed(make_run(state=State.SUCCEEDED)),
        failed(make_run(uid="another")),
        failed(wanted=Asked({"channel": "C2"}, ())),
        failed(wanted=Asked({"channel": "C1"}, ("x",))),
        failed(providers="p:2"),
    ]
    assert len(set(tries)) == len(tries)
    assert of() not in tries


def test_the_parts_of_a_digest_do_not_run_together() -> None:
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert len(digest([])) == 32


class Progressing(Slack):
    """Shows how far a run is."""

    def progress(self, run: Run, options: Any) -> tuple[str, ...]:
        return (run.message,)


def planned(integration: Slack = RESTING, **changes: Any) -> Plan:
    return plan(integration, make_run(**changes), WANTED)


def test_progress_is_news_of_its_own_kind() -> None:
    before = planned(Progressing(), message="1 of 3").digest
    after = planned(Progressing(), message="2 of 3")
    assert after.digest != before
    assert after.only_progressed(before)
    assert not planned(Progressing(), message="2 of 3", state=State.QUEUED).only_progressed(before)
    assert not planned(Progressing(), message="2 of 3", state=State.FAILED).only_progressed(before)


def test_the_end_of_a_run_and_what_shows_no_progress_have_the_digest_that_they_always_had() -> None:
    assert planned(Progressing(), state=State.SUCCEEDED).digest == planned(state=State.SUCCEEDED).digest
    assert not planned().progresses
    assert planned(Progressing()).progresses
    assert planned(Progressing()).only_progressed(planned().digest)


def test_another_failure_is_no_progress() -> None:
    assert not planned(Progressing()).only_progressed(failed())
