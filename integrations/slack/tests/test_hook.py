"""What an incoming webhook says: once, at the end, or on the occasions that are named; and whom it is told."""

import pytest
from tekton_integrations_slack.hook import SCOPE, due, occasion

from integrations.slack.tests.helpers import LOG, Stage
from tekton_integrations import Child, Cost, PermanentError, State, TemporaryError, Throttled
from tekton_integrations.testing import make_run
from tests.fakes.slack import Cut, Refusal
from tests.spending import spend


async def test_there_is_one_message_at_the_end(scene: Stage) -> None:
    scene.use_webhook()
    for state in (State.QUEUED, State.RUNNING, State.SUCCEEDED, State.SUCCEEDED):
        await scene.show(state)
    assert "Succeeded in" in scene.card.shown
    assert {each.method for each in scene.slack.calls} == {"/services/T1/B1/x"}


async def test_it_says_more_often_what_it_is_asked_to(scene: Stage) -> None:
    scene.use_webhook()
    scene.ask(on="started, problems")
    scene.fails()
    for state in (State.QUEUED, State.RUNNING, State.RUNNING, State.FAILED):
        await scene.show(state)
    assert [each.color for each in scene.channel.cards] == ["#1d9bd1", "#e01e5a"]


@pytest.mark.parametrize(
    ("on", "state", "is_due"),
    [
        ("", State.RUNNING, False),
        ("", State.CANCELLED, True),
        ("problems", State.SUCCEEDED, False),
        ("problems", State.TIMED_OUT, True),
        ("created", State.QUEUED, True),
        ("created", State.RUNNING, False),
        ("started", State.RUNNING, True),
    ],
)
def test_when_a_message_is_due(on: str, state: State, is_due: bool) -> None:
    assert due(make_run(state), on, "") is is_due
    assert not due(make_run(state), on, occasion(make_run(state)))


def test_each_retry_is_an_occasion_of_its_own() -> None:
    run = make_run(State.RUNNING, retries=(1.0, 2.0))
    assert due(run, "retried", "retried/1")
    assert not due(run, "retried", "retried/2")


async def test_the_record_says_of_a_message_only_where_there_is_one(scene: Stage) -> None:
    scene.use_webhook()
    scene.ask(on="started, problems")
    told = [(await scene.show(state)).summary.partition(" ")[0] for state in (State.RUNNING, State.SUCCEEDED)]
    assert told == ["message", "nothing"]


async def test_a_message_that_may_have_been_sent_is_not_sent_again_at_once(scene: Stage) -> None:
    scene.use_webhook()
    scene.slack.faults.add(Cut(when="after"), times=1)
    with pytest.raises(TemporaryError) as caught:
        await scene.show(State.SUCCEEDED)
    assert caught.value.maybe_sent
    scene.in_doubt = True
    with pytest.raises(TemporaryError, match="MaybeSent"):
        await scene.show(State.SUCCEEDED)
    assert scene.card.shown


async def test_a_log_is_shown_only_where_the_run_says_so(scene: Stage) -> None:
    scene.use_webhook()
    scene.fails()
    await scene.show(State.FAILED)
    assert "set slack.integrations.tekton.dev/logs: always" in scene.card.shown
    scene.memory, scene.remembered = {}, {}
    scene.ask(logs="always")
    await scene.show(State.FAILED)
    assert LOG.lines[-1] in scene.channel.cards[-1].shown


async def test_it_needs_a_grant_for_the_channel_that_the_run_names(scene: Stage) -> None:
    scene.use_webhook()
    scene.grant("other")
    with pytest.raises(PermanentError, match="NotGranted"):
        await scene.show(State.SUCCEEDED)
    scene.grant("#build-cop")
    await scene.show(State.SUCCEEDED)
    assert scene.card.shown


@pytest.mark.parametrize("url", ["https://evil.example/services/T1/B1/x", "not a url", ""])
async def test_a_secret_that_leads_elsewhere_is_not_called_and_not_told(scene: Stage, url: str) -> None:
    scene.use_webhook()
    scene.use(secrets={"url": url.encode()})
    with pytest.raises(TemporaryError) as caught:
        await scene.show(State.SUCCEEDED)
    assert (caught.value.reason, caught.value.needs_help) == ("CredentialUnavailable", True)
    assert "T1/B1" not in caught.value.message


async def test_a_webhook_that_was_revoked_is_told_without_its_address(scene: Stage) -> None:
    scene.use_webhook()
    scene.slack.world.hooks.clear()
    with pytest.raises(TemporaryError) as caught:
        await scene.show(State.SUCCEEDED)
    assert (caught.value.reason, scene.renewed) == ("CredentialRefused", 1)
    assert "T1/B1" not in caught.value.message


async def test_an_archived_channel_is_said(scene: Stage) -> None:
    scene.use_webhook()
    scene.channel.archived = True
    with pytest.raises(PermanentError, match="ChannelArchived"):
        await scene.show(State.SUCCEEDED)


@pytest.mark.parametrize(("status", "reason"), [(429, "Throttled"), (503, "ServiceUnavailable"), (302, "Redirected")])
async def test_what_passes_is_tried_again(scene: Stage, status: int, reason: str) -> None:
    scene.use_webhook()
    scene.slack.faults.add(Refusal(status=status), times=1)
    with pytest.raises(TemporaryError) as caught:
        await scene.show(State.SUCCEEDED)
    assert caught.value.reason == reason
    scene.time.time += 120
    await scene.show(State.SUCCEEDED)
    assert scene.card.shown


async def test_it_says_one_thing_a_second(scene: Stage) -> None:
    scene.use_webhook()
    for _ in range(2):
        scene.memory, scene.remembered = {}, {}
        scene.time.time -= 5.0
        await scene.show(State.SUCCEEDED)
    scene.memory, scene.remembered = {}, {}
    scene.time.time -= 5.0
    scene.reads.clear()
    with pytest.raises(Throttled):
        await scene.show(State.SUCCEEDED)
    assert scene.reads == [], "who has to wait reads nothing in vain"


async def test_nothing_is_announced_that_has_to_wait_by_the_time_its_log_is_read(
    scene: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.use_webhook()

    async def children() -> list[Child]:
        spend(scene.quotas[SCOPE], Cost(write=True))  # others say something meanwhile
        return []

    monkeypatch.setattr(scene, "_children", children)
    with pytest.raises(Throttled):
        await scene.show(State.SUCCEEDED)
    assert scene.attempts == 0


async def test_what_was_said_can_t_be_taken_back(scene: Stage) -> None:
    scene.use_webhook()
    scene.ask(on="started")
    await scene.show(State.RUNNING)
    calls = len(scene.slack.calls)
    await scene.settle()
    assert len(scene.slack.calls) == calls


async def test_who_is_called_is_called_by_a_red_end(scene: Stage) -> None:
    scene.use_webhook()
    scene.ask(mention="here")
    scene.fails()
    await scene.show(State.FAILED)
    assert scene.card.text.startswith("<!here> ")
