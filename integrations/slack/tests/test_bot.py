"""One card for each run, which follows it; and what is told in the thread."""

import pytest
from tekton_integrations_slack.calls import CHANNEL

from integrations.slack.tests.helpers import LOG, Stage, stage
from tekton_integrations import Cost, Excerpt, PermanentError, State, TemporaryError, Throttled
from tekton_integrations.record import Attempt
from tekton_integrations.testing import make_run
from tests.fakes.slack import Cut, Refusal
from tests.spending import spend

ENDS = [state for state in State if state.final]


async def test_a_run_has_one_card_which_follows_it_to_its_end(scene: Stage) -> None:
    for state in (State.QUEUED, State.RUNNING, State.SUCCEEDED):
        await scene.show(state)
    assert "Succeeded in 1 min 3 s" in scene.card.shown
    assert [len(scene.slack.made(each)) for each in ("chat.postMessage", "chat.update")] == [1, 2]


@pytest.mark.parametrize("state", list(State))
async def test_each_state_has_a_card_that_slack_takes(scene: Stage, state: State) -> None:
    scene.ask(thread=False)
    if state.red:
        scene.fails()
    await scene.show(state)
    assert scene.card.color
    assert scene.slack.codes() == []
    assert "team-a" in scene.card.shown


async def test_what_the_card_shows_already_costs_no_call(scene: Stage) -> None:
    await scene.show(State.RUNNING)
    calls = len(scene.slack.calls)
    await scene.show(State.RUNNING)
    assert len(scene.slack.calls) == calls


async def test_after_a_doubt_the_card_is_written_anew_although_nothing_changed(scene: Stage) -> None:
    await scene.show(State.SUCCEEDED)
    await scene.show(State.SUCCEEDED, search=True)
    assert len(scene.slack.made("chat.update")) == 1


async def test_a_reply_in_doubt_is_no_reason_to_write_the_card_again_each_time_it_is_looked_at(scene: Stage) -> None:
    scene.ask(thread=False)
    await scene.show(State.SUCCEEDED)
    scene.intent = Attempt(id="1", holder="us", started=scene.now(), deadline=scene.now() + 30)
    await scene.show(State.SUCCEEDED, search=True)
    assert scene.slack.made("chat.update") == []


async def test_a_card_that_is_written_again_after_a_doubt_is_no_news_for_the_record(scene: Stage) -> None:
    await scene.show(State.SUCCEEDED)
    scene.remembered = {}
    await scene.show(State.SUCCEEDED, search=True)
    assert scene.remembered == {}


async def test_progress_is_shown_on_the_same_card(scene: Stage) -> None:
    await scene.show(State.RUNNING)
    half = "Tasks Completed: 1 (Failed: 0, Cancelled 0), Incomplete: 1, Skipped: 0"
    await scene.show(make_run(State.RUNNING, message=half))
    assert "1 of 2 tasks done" in scene.card.shown


async def test_the_record_remembers_where_the_card_is_and_people_get_its_address(scene: Stage) -> None:
    shown = await scene.show(State.RUNNING)
    assert scene.memory["channel-id"] == scene.channel.id
    assert scene.memory["ts"] == scene.card.ts
    assert shown.url == f"https://tektoncd.slack.com/archives/{scene.channel.id}/p{scene.card.ts.replace('.', '')}"


async def test_no_link_in_a_message_is_unfolded(scene: Stage) -> None:
    await scene.show(State.RUNNING)
    [call] = scene.slack.made("chat.postMessage")
    assert (call.arguments["unfurl_links"], call.arguments["unfurl_media"]) == (False, False)


async def test_a_restart_changes_the_card_that_is_there(scene: Stage) -> None:
    await scene.show(State.RUNNING)
    scene.integration = type(scene.integration)()
    await scene.show(State.SUCCEEDED)
    assert "Succeeded" in scene.card.shown


async def test_the_run_s_page_is_linked(scene: Stage) -> None:
    scene.details_url = "https://tekton.example.com/runs/1"
    await scene.show(State.SUCCEEDED)
    links = [e for part in scene.card.payload["attachments"][0]["blocks"][0]["elements"] for e in part["elements"]]
    assert "https://tekton.example.com/runs/1" in [each.get("url") for each in links]


async def test_a_failure_is_told_in_the_thread_and_in_the_channel_with_the_end_of_the_log(scene: Stage) -> None:
    scene.fails()
    await scene.show(State.RUNNING)
    await scene.show(State.FAILED)
    assert "test failed: step unit exited with code 1" in scene.card.shown
    assert scene.reply.broadcast
    assert LOG.lines[-1] in scene.reply.shown
    assert "3 lines before it" in scene.reply.shown


async def test_a_reply_to_a_card_that_is_new_is_not_shown_in_the_channel_as_well(scene: Stage) -> None:
    scene.fails()
    await scene.show(State.FAILED)
    assert not scene.reply.broadcast


@pytest.mark.parametrize("state", ENDS)
async def test_only_a_red_end_is_told_in_the_thread(scene: Stage, state: State) -> None:
    await scene.show(State.RUNNING)
    await scene.show(state)
    assert len(scene.channel.replies(scene.card.ts)) == int(state.red)


async def test_there_is_one_reply_however_often_the_end_is_shown(scene: Stage) -> None:
    scene.fails()
    for search in (False, False, True):
        await scene.show(State.FAILED, search=search)
    assert scene.memory["thread-ts"] == scene.reply.ts


async def test_a_reply_that_would_only_say_again_what_a_new_card_says_is_left_out(scene: Stage) -> None:
    await scene.show(State.COULD_NOT_START)
    await scene.show(State.COULD_NOT_START, search=True)
    assert scene.channel.messages == [scene.card]


async def test_no_thread_means_none(scene: Stage) -> None:
    scene.ask(thread=False)
    scene.fails()
    await scene.show(State.FAILED)
    assert scene.channel.messages == [scene.card]


async def test_a_run_that_nobody_wants_to_hear_of_costs_no_call(scene: Stage) -> None:
    scene.ask(on="problems")
    for state in (State.QUEUED, State.RUNNING, State.SUCCEEDED):
        shown = await scene.show(state)
        assert "nothing to say" in shown.summary
    assert (scene.slack.calls, scene.memory) == ([], {})


async def test_once_there_a_card_follows_the_run_whatever_its_end(scene: Stage) -> None:
    scene.ask(on="started")
    await scene.show(State.RUNNING)
    await scene.show(State.SUCCEEDED)
    assert "Succeeded" in scene.card.shown


async def test_a_message_that_somebody_deleted_is_posted_anew(scene: Stage) -> None:
    await scene.show(State.RUNNING)
    scene.channel.messages.clear()
    await scene.show(State.SUCCEEDED)
    assert "Succeeded" in scene.card.shown
    assert scene.memory["ts"] == scene.card.ts


async def test_a_message_that_may_not_be_edited_any_more_is_posted_anew() -> None:
    async with stage(window=2.0) as scene:
        await scene.show(State.RUNNING)
        await scene.show(State.SUCCEEDED)
        assert ["Succeeded" in each.shown for each in scene.channel.cards] == [False, True]


async def test_a_message_of_another_app_is_not_changed(scene: Stage) -> None:
    await scene.show(State.RUNNING)
    scene.slack.world.tokens["xoxb-mine"].app = "tekton-2"
    scene.channel.members.add("tekton-2")
    await scene.show(State.SUCCEEDED)
    assert [each.author for each in scene.channel.cards] == ["tekton", "tekton-2"]


async def test_a_card_whose_answer_was_lost_is_not_made_again_at_once(scene: Stage) -> None:
    scene.slack.faults.add(Cut(when="after"), "chat.postMessage", times=1)
    with pytest.raises(TemporaryError) as caught:
        await scene.show(State.RUNNING)
    assert caught.value.maybe_sent
    scene.in_doubt = True
    with pytest.raises(TemporaryError, match="MaybeSent"):
        await scene.show(State.RUNNING)
    assert len(scene.channel.cards) == 1


async def test_a_reply_that_fails_leaves_the_card_and_is_made_later(scene: Stage) -> None:
    await scene.show(State.RUNNING)
    scene.slack.faults.add(Refusal(status=503), "chat.postMessage", times=1)
    with pytest.raises(TemporaryError, match="ServiceUnavailable"):
        await scene.show(State.FAILED)
    await scene.show(State.FAILED)
    assert (scene.card.color, scene.reply.broadcast) == ("#e01e5a", True)


async def test_who_has_to_wait_reads_nothing_in_vain(scene: Stage) -> None:
    scene.fails()
    spend(scene.context().quota("channel build-cop", CHANNEL), Cost(write=True))
    scene.time.time -= 5.0
    with pytest.raises(Throttled):
        await scene.show(State.FAILED)
    assert scene.reads == []
    await scene.show(State.FAILED)
    assert "children" in scene.reads


async def test_where_slack_does_not_take_the_layout_the_words_are_shown_without() -> None:
    async with stage(layouts=False) as scene:
        scene.ask(thread=False)
        scene.fails()
        with pytest.raises(Throttled):
            await scene.show(State.RUNNING)  # two messages at once are reserved for ends
        await scene.show(State.RUNNING)
        await scene.show(State.FAILED)
        assert scene.card.text == "❌ build: test failed: step unit exited with code 1"
        assert scene.slack.codes() == ["invalid_blocks"]


async def test_a_reply_that_slack_does_not_take_is_given_up_and_the_card_is_right() -> None:
    async with stage() as scene:
        scene.fails()
        await scene.show(State.RUNNING)
        scene.slack.world.layouts = False
        await scene.show(State.FAILED)
        await scene.show(State.FAILED)
        assert "step unit exited" in scene.card.text
        assert scene.channel.messages == [scene.card]


async def test_logs_are_withheld_where_others_could_read_them(scene: Stage) -> None:
    scene.fails()
    scene.channel.shared = True
    await scene.show(State.FAILED)
    assert "shared with other organisations" in scene.reply.shown
    assert LOG.lines[-1] not in scene.reply.shown


async def test_logs_are_withheld_where_it_is_not_known_who_could_read_them(scene: Stage) -> None:
    scene.fails()
    scene.slack.world.tokens["xoxb-mine"].scopes = frozenset({"chat:write"})
    await scene.show(State.FAILED)
    assert "give it channels:read and groups:read" in scene.reply.shown
    assert LOG.lines[-1] not in scene.reply.shown


@pytest.mark.parametrize(("logs", "shown"), [("always", True), ("never", False)])
async def test_the_run_has_the_last_word_on_its_log(scene: Stage, logs: str, shown: bool) -> None:
    scene.ask(logs=logs)
    scene.fails()
    scene.channel.shared = True
    await scene.show(State.RUNNING)
    await scene.show(State.FAILED)
    assert (LOG.lines[-1] in scene.reply.shown) is shown
    assert "withheld" not in scene.reply.shown


async def test_why_the_namespace_s_log_is_not_shown_is_said(scene: Stage) -> None:
    child = scene.fails()
    scene.logs = {child.name: Excerpt(withheld="not enabled in this namespace")}
    await scene.show(State.FAILED)
    assert "withheld: not enabled in this namespace." in scene.reply.shown


async def test_what_a_deleted_run_left_open_says_that_nobody_knows_its_end(scene: Stage) -> None:
    await scene.show(State.RUNNING)
    await scene.settle()
    assert "outcome unknown" in scene.card.shown
    assert scene.card.color == "#868686"


async def test_an_end_that_is_shown_is_left_as_it_is(scene: Stage) -> None:
    await scene.show(State.SUCCEEDED)
    await scene.settle()
    assert "Succeeded" in scene.card.shown


async def test_settling_what_is_not_there_any_more_is_no_failure(scene: Stage) -> None:
    await scene.settle()
    await scene.show(State.RUNNING)
    scene.channel.messages.clear()
    await scene.settle()
    assert scene.channel.messages == []


async def test_a_damaged_memory_is_not_taken_for_nothing(scene: Stage) -> None:
    scene.memory = {"channel-id": "C00000001", "ts": "../../etc"}
    with pytest.raises(PermanentError, match="UnreadableMemory"):
        await scene.show(State.RUNNING)
    assert scene.channel.messages == []
