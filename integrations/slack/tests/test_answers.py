"""What Slack's refusals come to: what is tried again, what is given up, and what people are told to change."""

import msgspec
import pytest
from tekton_integrations_slack import codes
from tekton_integrations_slack.answers import Identity, Posted, asked_to_wait, decoded, limited, refusal

from integrations.slack.tests.helpers import Stage
from tekton_integrations import PermanentError, Response, State, TemporaryError, Throttled
from tekton_integrations.testing import make_run
from tests.fakes.slack import Cut, Refusal, Silence

POST = "chat.postMessage"


def response(body: object, status: int = 200, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def no(error: str, **more: str) -> Response:
    return response({"ok": False, "error": error, **more})


@pytest.mark.parametrize(
    ("code", "reason", "cure"),
    [
        ("not_in_channel", "NotInChannel", "/invite"),
        ("channel_not_found", "ChannelNotFound", "check its name or id"),
        ("is_archived", "ChannelArchived", "unarchive it"),
        ("message_not_found", "NotFound", "not there any more"),
        ("edit_window_closed", "NotFound", "can't be changed"),
        ("cant_update_message", "NotFound", "can't be changed"),
        ("msg_too_long", "TooLarge", "report it"),
        ("msg_blocks_too_long", "TooLarge", "report it"),
        ("invalid_blocks", "LayoutRefused", "report it"),
        ("restricted_action", "Forbidden", "let the App post there"),
        ("something_new", "Refused", "something_new"),
    ],
)
def test_what_only_a_change_can_cure_is_given_up_with_the_cure(code: str, reason: str, cure: str) -> None:
    with pytest.raises(PermanentError) as caught:
        decoded(no(code), Posted, changes=True)
    assert caught.value.reason == reason
    assert cure in caught.value.message


def test_the_scope_that_is_missing_is_named() -> None:
    with pytest.raises(PermanentError, match="groups:read") as caught:
        decoded(no("missing_scope", needed="groups:read", provided="chat:write"), Posted, changes=True)
    assert caught.value.reason == "Forbidden"


@pytest.mark.parametrize("code", sorted(codes.TOKEN))
def test_a_credential_that_is_refused_is_tried_again_once_somebody_was_told(code: str) -> None:
    error = refusal(code, changes=True)
    assert isinstance(error, TemporaryError)
    assert (error.reason, error.needs_help, error.maybe_sent) == ("CredentialRefused", True, False)


@pytest.mark.parametrize("changes", [True, False])
def test_a_failure_inside_slack_may_have_done_what_was_asked(changes: bool) -> None:
    error = refusal("fatal_error", changes=changes)
    assert isinstance(error, TemporaryError)
    assert (error.maybe_sent, error.down) == (changes, True)


@pytest.mark.parametrize("evil", ["<!channel> bad", "https://evil.example", "x" * 100, "A\nB", ""])
def test_what_slack_says_is_quoted_only_where_it_is_a_code(evil: str) -> None:
    assert "can't be read" in str(refusal(evil, changes=True))
    assert evil not in str(refusal("missing_scope", evil, changes=True)) or not evil


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b"[]", b'{"ok": "yes"}', b"\xff", b"[" * 100_000])
def test_an_answer_that_is_none_of_slack_s_may_have_followed_a_write(body: bytes) -> None:
    with pytest.raises(TemporaryError) as caught:
        decoded(response(body), Identity, changes=True)
    assert (caught.value.reason, caught.value.maybe_sent) == ("UnreadableAnswer", True)


def test_a_redirect_is_not_followed() -> None:
    with pytest.raises(TemporaryError, match="Redirected"):
        decoded(response(b"", 302, location="https://evil.example"), Posted, changes=True)


@pytest.mark.parametrize(
    ("answer", "is_limit"),
    [
        (response({"ok": False, "error": "ratelimited"}), True),
        (response(b"", 429), True),
        (response({"ok": True, "error": "ratelimited"}), False),
        (no("not_in_channel"), False),
        (response(b'"ok":false'), False),
    ],
)
def test_a_limit_is_known_by_status_or_word(answer: Response, is_limit: bool) -> None:
    assert limited(answer) is is_limit


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("0", 1.0), ("99999999", 3600.0), ("soon", None), ("", None)]
)
def test_slack_s_wish_to_wait_is_bounded(text: str, seconds: float | None) -> None:
    assert asked_to_wait(response(b"", 429, retry_after=text)) == seconds


async def test_a_channel_gets_one_message_a_second_and_the_rest_wait_their_turn(scene: Stage) -> None:
    async def another() -> None:
        scene.memory, scene.remembered = {}, {}
        scene.time.time -= 5.0  # all of them at once
        await scene.show(State.SUCCEEDED)

    for _ in range(2):
        await another()
    for _ in range(4):
        with pytest.raises(Throttled) as caught:
            await another()
        assert caught.value.at is not None
    assert (len(scene.channel.cards), scene.slack.codes()) == (2, [])


async def test_when_slack_asks_to_wait_nothing_is_said_there_until_then(scene: Stage) -> None:
    scene.slack.faults.add(Refusal(status=429, retry_after=20), POST, times=1)
    with pytest.raises(Throttled) as caught:
        await scene.show()
    assert caught.value.delay is not None
    assert caught.value.delay >= 20
    calls = len(scene.slack.calls)
    with pytest.raises(Throttled):
        await scene.show()
    assert len(scene.slack.calls) == calls
    scene.time.time += 60
    await scene.show()
    assert scene.card.shown


async def test_refusals_that_say_how_long_make_nothing_slower_than_that(scene: Stage) -> None:
    await scene.show(State.RUNNING)
    for number in range(6):
        scene.slack.faults.add(Refusal(status=429, retry_after=1), "chat.update", times=1)
        message = f"Tasks Completed: {number} (Failed: 0, Cancelled 0), Incomplete: 9, Skipped: 0"
        with pytest.raises(Throttled):
            await scene.show(make_run(State.RUNNING, message=message))
        await scene.show(make_run(State.RUNNING, message=message))
    assert len(scene.slack.made("chat.update")) == 6


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "account_inactive"])
async def test_a_refused_token_is_read_anew(scene: Stage, code: str) -> None:
    scene.slack.world.tokens["xoxb-mine"].state = code
    with pytest.raises(TemporaryError, match="CredentialRefused"):
        await scene.show()
    assert scene.renewed == 1
    scene.slack.world.tokens["xoxb-mine"].state = ""
    await scene.show()
    assert scene.card.shown


@pytest.mark.parametrize("fact", ["archived", "absent"])
async def test_a_channel_that_takes_nothing_is_said_with_the_cure(scene: Stage, fact: str) -> None:
    channel = scene.channel
    channel.archived, channel.members = fact == "archived", set() if fact == "absent" else channel.members
    with pytest.raises(PermanentError) as caught:
        await scene.show()
    assert caught.value.reason == {"archived": "ChannelArchived", "absent": "NotInChannel"}[fact]


@pytest.mark.parametrize("fault", [Refusal(status=500), Cut(when="before"), Cut(when="after")])
async def test_after_any_failure_of_an_update_the_card_is_brought_right(scene: Stage, fault: Refusal | Cut) -> None:
    await scene.show(State.RUNNING)
    scene.slack.faults.add(fault, "chat.update", times=1)
    with pytest.raises(TemporaryError) as caught:
        await scene.show(State.SUCCEEDED)
    assert caught.value.maybe_sent
    await scene.show(State.SUCCEEDED, search=True)
    assert "Succeeded" in scene.card.shown


async def test_a_slack_that_says_nothing_is_given_up(scene: Stage) -> None:
    scene.timeout = 1.0
    scene.slack.faults.add(Silence(), POST, times=1)
    with pytest.raises(TemporaryError, match="TimedOut"):
        await scene.show()
