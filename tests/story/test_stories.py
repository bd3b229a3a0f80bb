"""What is told of Facts that are hard to come by on a real API server."""

from typing import Any

import pytest
from msgspec.structs import replace

from tekton_integrations.allowance import Allowance
from tekton_integrations.provider import Provider
from tekton_integrations.record import Condition, Record, RunRef, record_name
from tekton_integrations.run import State
from tekton_integrations.standing import Standing
from tekton_integrations.standing import Verdict as Ready
from tekton_integrations.story import Facts, Installed, Match, Story, Unread, Verdict, settled, stories
from tekton_integrations.testing import make_run

NOW = 1_800_000_100.0
RUN = make_run(annotations={"github.integrations.tekton.dev/owner": "acme"})
PATH = "ci/red-runs"


def record(status: str = "Unknown", reason: str = "InProgress", message: str = "said", **changes: Any) -> Record:
    integration = changes.pop("integration", "github")
    notification = changes.get("notification", "")
    made = Record(
        namespace=RUN.namespace,
        name=record_name(RUN.name, RUN.uid, integration, notification),
        run=RunRef(api_version=RUN.api_version, kind=RUN.kind, name=RUN.name, uid=RUN.uid),
        integration=integration,
        condition=Condition(status=status, reason=reason, message=message, last_transition=NOW - 60),
        provider="ci/github",
    )
    return replace(made, **changes)


def provider(**changes: Any) -> Provider:
    made = Provider(
        namespace="ci",
        name="github",
        uid="p",
        resource_version="1",
        generation=1,
        type="GitHubApp",
        endpoint="",
        grants=(),
        spec={},
    )
    return replace(made, **changes)


def facts(**changes: Any) -> Facts:
    known: dict[str, Any] = {
        "namespace": RUN.namespace,
        "kind": RUN.kind,
        "name": RUN.name,
        "now": NOW,
        "shared": "ci",
        "run": RUN,
        "providers": [provider()],
        "installed": [Installed(name="github", since=0.0, working=True)],
    }
    return Facts(**{**known, **changes})


def only(**changes: Any) -> Story:
    [story] = stories(facts(**changes))
    return story


def texts(story: Story) -> list[str]:
    return [step.text for step in story.steps]


def test_a_record_s_words_are_told_as_they_stand() -> None:
    story = only(records=[record("False", "NotGranted", "no grant lets you; extend it")])
    assert (story.verdict, story.sentence) == (Verdict.FAILED, "no grant lets you; extend it")
    assert story.fix.startswith("Extend `spec.grants`")
    assert texts(story) == ["asked for by the run's annotations", "no Provider grants it"]


def test_a_report_that_is_behind_the_run_is_on_its_way() -> None:
    assert only(records=[record(observed_state="Queued")]).verdict is Verdict.WAITING
    assert only(records=[record(observed_state="Running")]).verdict is Verdict.GOING_ON


def test_what_somebody_has_to_mend_is_stuck_and_what_mends_itself_is_not() -> None:
    assert only(records=[record(reason="CredentialRefused")]).verdict is Verdict.STUCK
    assert only(records=[record(reason="ServiceDown")]).verdict is Verdict.WAITING


@pytest.mark.parametrize("working", [None, True])
def test_nobody_is_said_to_be_missing_who_may_be_there(working: bool | None) -> None:
    installed = [Installed(name="github", since=0.0, working=working)]
    assert only(records=[record(reason="Retrying")], installed=installed).verdict is Verdict.WAITING
    assert only(records=[record(reason="Retrying")], installed=None).verdict is Verdict.WAITING


def test_a_record_that_nobody_works_on_keeps_its_words_and_says_so() -> None:
    gone = [Installed(name="github", since=0.0, working=False, says="pod-1 has not renewed its Lease since noon")]
    story = only(records=[record(reason="Retrying")], installed=gone)
    assert (story.verdict, story.sentence, story.reason) == (Verdict.STUCK, "said", "Retrying")
    assert "pod-1 has not renewed its Lease since noon" in story.fix


def test_a_provider_that_is_gone_or_does_not_work_is_said() -> None:
    assert "granted by Provider ci/github, which is gone" in texts(only(records=[record()], providers=[]))
    bad = Ready(status="False", reason="CredentialRefused", message="it is revoked", since=NOW, generation=1)
    story = only(records=[record()], providers=[provider(standing=Standing(verdict=bad))])
    assert "granted by Provider ci/github, which is not ready: it is revoked" in texts(story)
    assert "granted by Provider ci/github" in texts(only(records=[record()], providers=None))


def test_a_wait_that_no_record_tells_is_told() -> None:
    blocked = provider(allowances=(Allowance(scope="acme", blocked_until=NOW + 90),))
    story = only(providers=[blocked])
    assert (story.reason, story.until) == ("Throttled", NOW + 90)
    assert "calls of Provider ci/github for acme wait until" in story.sentence
    assert texts(story)[-1] == "waits until 2027-01-15 08:03:10 UTC"


def test_who_asked_for_what_was_inferred_is_known_by_the_record() -> None:
    inferred = record(sources={"sha": "label commit"})
    assert texts(only(records=[inferred], run=replace(RUN, annotations={})))[0] == "asked for by its label commit"
    assert texts(only(records=[inferred]))[0] == "asked for by the run's annotations and its label commit"


def test_that_nobody_asks_any_more_is_said_only_where_it_is_sure() -> None:
    silent = replace(RUN, annotations={})
    assert texts(only(records=[record()], run=silent))[0] == "no more; it was asked for by the run's annotations"
    by_another = record(notification=PATH)
    assert texts(only(records=[by_another], run=silent))[0] == f"asked for by Notification {PATH}"
    gone = only(records=[by_another], run=silent, matches=[Match(notification=PATH, outcome="OptedOut")])
    assert texts(gone)[0] == f"no more; it was asked for by Notification {PATH}"
    assert texts(only(records=[by_another], run=None))[0] == f"asked for by Notification {PATH}"


def test_somebody_else_s_record_is_told_as_theirs() -> None:
    scan = record("False", "PolicyViolated", "2 findings", integration="scan.example.com", provider="")
    [own, theirs] = stories(facts(records=[record("True", "Reported"), scan]))
    assert (own.verdict, theirs.verdict, theirs.sentence) == (Verdict.SHOWN, Verdict.SAID, "2 findings")


def test_a_cluster_without_our_definitions_is_told_from_one_that_refuses() -> None:
    missing = Unread("IntegrationStatuses of namespace team-a", 404, "the server could not find it")
    assert only(records=None, unread=[missing]).fix.startswith("Install tekton-integrations")
    refused = Unread("IntegrationStatuses of namespace team-a", 403, "forbidden")
    assert "tekton-integrations-view" in only(records=None, unread=[refused]).fix


def test_a_run_that_may_not_be_read_is_not_said_to_be_missing() -> None:
    story = only(run=None, records=None, unread=[Unread("PipelineRun build-x7k2p", 403, "forbidden")])
    assert (story.verdict, "403: forbidden" in story.sentence) == (Verdict.UNKNOWN, True)


def test_of_many_notifications_some_are_told_and_the_others_counted() -> None:
    paused = [Match(notification=f"ci/{number}", outcome="Suspended") for number in range(200)]
    found = stories(facts(run=replace(RUN, annotations={}), matches=paused))
    assert [story.reason for story in found] == ["Suspended"] * 8 + ["More"]
    assert found[-1].sentence.startswith("192 more Notifications")


def test_what_may_still_come_to_ask_is_not_settled() -> None:
    silent = replace(RUN, annotations={})
    later = [Match(notification=PATH, outcome="NotNow", message="state Failed")]
    for run, matches, done in (
        (silent, [], True),
        (silent, later, False),
        (replace(silent, unresolved=True), [], False),
        (replace(silent, state=State.SUCCEEDED, finished=NOW), later, True),
    ):
        found = facts(run=run, matches=matches)
        assert settled(found, stories(found)) is done


def test_texts_of_others_are_clean_in_every_story() -> None:
    unread = Unread("Notifications of namespace team-a", 403, "no\x1b[31m way\nout")
    story = only(run=replace(RUN, annotations={}), unread=[unread])
    assert "no [31m way out" in story.sentence
