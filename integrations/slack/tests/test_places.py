"""Nothing is shown before the workspace was found to be the right one and a grant was found for the channel."""

import pytest
from tekton_integrations_slack.options import SlackOptions

from integrations.slack.tests.helpers import OPTIONS, Stage
from tekton_integrations import PermanentError, State, TemporaryError, Throttled
from tests.fakes.slack import Refusal

FIRST = "C00000001"


async def refused(scene: Stage, reason: str, state: State = State.RUNNING) -> str:
    """The message. Nothing was shown."""
    with pytest.raises(PermanentError) as caught:
        await scene.show(state)
    assert caught.value.reason == reason
    assert scene.slack.made("chat.postMessage") == []
    return caught.value.message


async def test_a_grant_by_name_lets_a_run_that_writes_the_name_show_without_a_look_up(scene: Stage) -> None:
    scene.grant("build-cop")
    await scene.show()
    assert {each.method for each in scene.slack.calls} == {"auth.test", "chat.postMessage"}


@pytest.mark.parametrize("written", ["build-cop", "#build-cop", FIRST])
@pytest.mark.parametrize("granted", ["build-cop", "#build-cop", FIRST])
async def test_a_run_and_a_grant_may_name_the_channel_differently(scene: Stage, written: str, granted: str) -> None:
    scene.grant(granted)
    scene.ask(channel=written)
    await scene.show()
    assert scene.card.shown


@pytest.mark.parametrize("written", ["build-cop", FIRST])
async def test_another_channel_s_grant_is_none(scene: Stage, written: str) -> None:
    scene.slack.world.add_channel("other")
    scene.grant("other", "C00000002")
    scene.ask(channel=written)
    message = await refused(scene, "NotGranted")
    assert written in message
    assert "spec.grants" in message


async def test_an_id_does_not_tell_the_channel_s_name_to_who_has_no_grant(scene: Stage) -> None:
    scene.grant("other")
    scene.ask(channel=FIRST)
    assert "build-cop" not in await refused(scene, "NotGranted")


async def test_a_name_that_was_looked_up_is_not_looked_up_again_for_the_next_run(scene: Stage) -> None:
    scene.grant("build-cop")
    scene.ask(channel=FIRST)
    for _ in range(3):
        scene.memory = {}
        await scene.show()
    assert len(scene.slack.made("conversations.info")) == 1


async def test_a_channel_that_got_another_name_loses_its_grant(scene: Stage) -> None:
    scene.grant("build-cop")
    scene.ask(channel=FIRST)
    await scene.show()
    scene.channel.name = "private-talk"
    scene.time.time += 600
    with pytest.raises(PermanentError, match="NotGranted"):
        await scene.show(State.SUCCEEDED)


async def test_a_private_channel_is_found_by_its_name_among_all_that_the_app_sees(scene: Stage) -> None:
    for number in range(1200):
        scene.slack.world.add_channel(f"channel-{number}")
    secret = scene.slack.world.add_channel("secret-plans", private=True)
    scene.ask(channel="secret-plans")
    scene.grant("secret-plans")
    with pytest.raises(Throttled):
        await scene.show()  # asked for by its name first, and two messages at once are reserved for ends
    for _ in range(2):
        await scene.show()
        scene.memory, scene.remembered = {}, {}
    assert len(secret.cards) == 2
    assert len(scene.slack.made("conversations.list")) == 2
    assert scene.slack.codes() == ["channel_not_found"]


async def test_channels_are_listed_once_for_all_that_are_not_found(scene: Stage) -> None:
    scene.grant("C09999999")
    for name in ("one", "two", "three"):
        scene.ask(channel=name)
        await refused(scene, "NotGranted")
    assert len(scene.slack.made("conversations.list")) == 1


async def test_a_channel_that_is_not_there_is_said(scene: Stage) -> None:
    scene.ask(channel="no-such")
    assert "invited" in await refused(scene, "ChannelNotFound")


async def test_a_missing_scope_for_a_look_up_is_named(scene: Stage) -> None:
    scene.slack.world.tokens["xoxb-mine"].scopes = frozenset({"chat:write", "channels:read"})
    scene.grant("C00000001")
    assert "groups:read" in await refused(scene, "Forbidden")


async def test_a_token_of_another_workspace_is_refused_with_that_one_s_name(scene: Stage) -> None:
    scene.ask(url="https://acme.slack.com/")
    message = await refused(scene, "OtherWorkspace")
    assert "tektoncd.slack.com" in message
    assert "acme.slack.com" in message


async def test_the_workspace_is_asked_for_once_for_each_credential(scene: Stage) -> None:
    for version in ("v1", "v1", "v2"):
        scene.memory = {}
        scene.use(version=version)
        await scene.show()
    assert len(scene.slack.made("auth.test")) == 2


async def test_without_a_url_the_workspace_is_the_provider_s_and_needs_a_grant_that_says_so(scene: Stage) -> None:
    scene.ask(url="")
    scene.grants = lambda target: target.resource == "slack.com"
    shown = await scene.show()
    assert shown.url.startswith("https://tektoncd.slack.com/archives/")
    scene.grants = lambda target: target.resource == "tektoncd.slack.com"
    with pytest.raises(PermanentError, match="NotGranted"):
        await scene.show(State.SUCCEEDED)


async def test_a_grant_that_was_taken_away_leaves_the_card_of_a_deleted_run_alone(scene: Stage) -> None:
    await scene.show()
    scene.grant()
    with pytest.raises(PermanentError, match="NotGranted"):
        await scene.settle()
    assert "unknown" not in scene.card.shown


async def test_a_look_up_that_failed_is_not_taken_for_an_answer(scene: Stage) -> None:
    scene.grant(FIRST)
    scene.slack.faults.add(Refusal(status=502), "conversations.list", times=1)
    with pytest.raises(TemporaryError) as caught:
        await scene.show()
    assert not caught.value.maybe_sent
    await scene.show()
    assert scene.card.shown


@pytest.mark.parametrize("who", ["here", "channel", "U00000009", "S00000009"])
async def test_who_is_called_needs_a_grant(scene: Stage, who: str) -> None:
    scene.ask(mention=who)
    scene.grant("build-cop")
    assert f"mention:{who}" in await refused(scene, "NotGranted")
    scene.grant("build-cop", f"mention:{who}")
    await scene.show()


async def test_a_grant_of_some_channels_lets_nobody_be_called(scene: Stage) -> None:
    scene.ask(mention="here")
    scene.grants = lambda target: target.name.startswith("build-")
    await refused(scene, "NotGranted")


async def test_people_are_called_by_a_new_message_only_and_once(scene: Stage) -> None:
    scene.ask(mention="here, U00000009")
    scene.fails()
    await scene.show(State.RUNNING)
    await scene.show(State.FAILED)
    assert scene.reply.text.startswith("<!here> <@U00000009> ")
    assert "<!here>" not in scene.card.text


async def test_a_card_that_is_new_at_a_red_end_calls_them_itself_and_goes_on_to_say_so(scene: Stage) -> None:
    scene.ask(mention="S00000009", on="problems")
    scene.fails()
    await scene.show(State.FAILED)
    await scene.show(State.FAILED, search=True)
    assert scene.card.text.startswith("<!subteam^S00000009> ")
    assert "<!" not in scene.reply.text


async def test_without_a_thread_people_are_called_all_the_same(scene: Stage) -> None:
    scene.ask(mention="here", thread=False)
    scene.fails()
    await scene.show(State.RUNNING)
    await scene.show(State.FAILED)
    assert (scene.reply.text.startswith("<!here>"), "collecting" in scene.reply.shown) == (True, False)


async def test_nobody_is_called_by_what_is_well(scene: Stage) -> None:
    scene.ask(mention="here")
    for state in (State.RUNNING, State.SUCCEEDED):
        await scene.show(state)
    assert "<!here>" not in str([each.payload for each in scene.channel.messages])


def test_the_same_channel_is_one_target_however_it_is_spelt() -> None:
    assert SlackOptions(channel="#build-cop", url="https://TektonCD.slack.com/").name == OPTIONS.name
    assert SlackOptions(channel="#build-cop", url="https://TektonCD.slack.com/").workspace == OPTIONS.workspace
