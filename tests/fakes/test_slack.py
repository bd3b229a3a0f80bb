"""The look-alike of Slack does what is documented, so that what passes here has a chance there."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.fakes.html import assert_safe
from tests.fakes.slack import Slack, page
from tests.hostile import HOSTILE

TEXT: dict[str, Any] = {"text": "hello"}


def rich(text: str) -> dict[str, Any]:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


class Client:
    """A user of the Web API."""

    def __init__(self, slack: Slack, session: aiohttp.ClientSession) -> None:
        self.slack = slack
        self.token = "xoxb-1"
        self._session = session

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._session.post(f"{self.slack.url}/{method}", json=arguments, headers=headers) as answer:
            found: dict[str, Any] = await answer.json()
            return found | {"status": answer.status, "after": answer.headers.get("Retry-After")}

    async def hook(self, path: str, payload: dict[str, Any]) -> tuple[int, str]:
        async with self._session.post(f"{self.slack.hooks}/{path}", json=payload) as answer:
            return answer.status, await answer.text()

    async def post(self, **payload: Any) -> dict[str, Any]:
        return await self.call("chat.postMessage", **({"channel": "#general"} | payload))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    now = [1000.0]
    async with Slack.started(clock=lambda: now[0]) as slack, aiohttp.ClientSession() as session:
        slack.world.add_channel("general")
        slack.world.add_token("xoxb-1")
        yield Client(slack, session)


async def test_a_token_that_is_not_known_is_refused_with_status_200(client: Client) -> None:
    client.token = "xoxb-2"
    answer = await client.call("auth.test")
    assert (answer["status"], answer["ok"], answer["error"]) == (200, False, "invalid_auth")


async def test_a_message_can_be_changed_by_its_id_and_by_who_wrote_it(client: Client) -> None:
    posted = await client.post(text="one")
    where = {"channel": posted["channel"], "ts": posted["ts"]}
    assert (await client.call("chat.update", **where, text="two"))["ok"]
    assert [each.text for each in client.slack.cards("general")] == ["two"]
    client.slack.world.add_token("xoxb-2", app="other")
    client.token = "xoxb-2"
    assert (await client.call("chat.update", **where, text="three"))["error"] == "cant_update_message"


async def test_what_an_update_leaves_out_stays_as_it_was(client: Client) -> None:
    posted = await client.post(text="one", blocks=[rich("block")])
    where = {"channel": posted["channel"], "ts": posted["ts"]}
    await client.call("chat.update", **where, text="two")
    [card] = client.slack.cards("general")
    assert (card.shown, card.text) == ("block", "two")
    await client.call("chat.update", **where, text="three", blocks=[])
    assert card.shown == "three"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "no_text"),
        ({"blocks": [rich("x")] * 51}, "invalid_blocks"),
        ({"blocks": [rich("")]}, "invalid_blocks"),
        ({"blocks": [{"type": "rich_text", "elements": []}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "no-such"}]}, "invalid_blocks"),
        ({"attachments": [{"color": "danger", "blocks": [rich("x")]}]}, "invalid_attachments"),
        ({"attachments": [{"text": "both", "blocks": [rich("x")]}]}, "invalid_attachments"),
        ({"blocks": [rich("x" * 13_000)]}, "msg_blocks_too_long"),
        ({"text": "x" * 40_001}, "msg_too_long"),
    ],
)
async def test_what_slack_does_not_take_is_refused(client: Client, payload: dict[str, Any], code: str) -> None:
    assert (await client.post(**payload))["error"] == code


@pytest.mark.parametrize(
    ("fact", "code"), [("archived", "is_archived"), ("private", "channel_not_found"), ("absent", "not_in_channel")]
)
async def test_a_channel_may_take_nothing(client: Client, fact: str, code: str) -> None:
    facts = {} if fact == "absent" else {fact: True}
    client.slack.world.add_channel("other", member=False, **facts)
    assert (await client.post(channel="#other", text="x"))["error"] == code


async def test_scopes_are_asked_for(client: Client) -> None:
    client.slack.world.tokens["xoxb-1"].scopes = frozenset()
    answer = await client.post(**TEXT)
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")


async def test_more_than_a_burst_of_messages_is_refused_with_429(client: Client) -> None:
    answers = [await client.post(**TEXT) for _ in range(4)]
    assert [each["status"] for each in answers] == [200, 200, 200, 429]
    assert answers[-1]["after"] == "1"


async def test_a_reply_needs_its_message(client: Client) -> None:
    assert (await client.post(**TEXT, thread_ts="1.1"))["error"] == "thread_not_found"
    posted = await client.post(**TEXT)
    assert (await client.post(**TEXT, thread_ts=posted["ts"]))["ok"]
    assert len(client.slack.channel("general").replies(posted["ts"])) == 1


async def test_a_list_has_pages(client: Client) -> None:
    for number in range(4):
        client.slack.world.add_channel(f"c{number}")
    first = await client.call("conversations.list", limit=3)
    second = await client.call("conversations.list", limit=3, cursor=first["response_metadata"]["next_cursor"])
    assert [len(page["channels"]) for page in (first, second)] == [3, 2]
    assert second["response_metadata"]["next_cursor"] == ""


async def test_a_webhook_answers_in_words_and_statuses(client: Client) -> None:
    channel = client.slack.channel("general")
    client.slack.world.add_hook("T/B/x", channel)
    assert await client.hook("T/B/x", TEXT) == (200, "ok")
    assert await client.hook("T/B/y", TEXT) == (404, "no_service")
    assert await client.hook("T/B/x", {}) == (400, "no_text")
    channel.archived = True
    assert await client.hook("T/B/x", TEXT) == (410, "channel_is_archived")


@pytest.mark.parametrize("evil", HOSTILE)
async def test_a_page_shows_what_was_said_and_runs_none_of_it(client: Client, evil: str) -> None:
    posted = await client.post(
        text=evil, blocks=[rich(evil)], attachments=[{"color": "#ffffff", "blocks": [rich(evil)]}]
    )
    await client.post(text=evil, thread_ts=posted["ts"])
    html = page(client.slack.channel("general"))
    assert_safe(html.partition("<body>")[2].partition("</body>")[0])
