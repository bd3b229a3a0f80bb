"""The look-alike's pull requests and their comments, against https://docs.github.com/en/rest/issues/comments."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.fakes.github import CutAfterWrite, LaggingList
from tests.fakes.github_client import COMMENT, COMMENTS, SHA, Client, acme

PULLS = f"/repos/acme/api/commits/{SHA}/pulls"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with acme() as client:
        client.github.add_pull_request("acme/api", 12, SHA, title="Round prices up")
        yield client


async def test_a_comment_says_which_app_wrote_it(client: Client) -> None:
    reply = await client.comment("All is well.")
    assert (reply.status, reply.body["body"]) == (201, "All is well.")
    assert reply.body["user"] == {"login": "app-12[bot]", "type": "Bot", "site_admin": False}
    assert reply.body["performed_via_github_app"]["id"] == 12
    assert reply.body["html_url"] == f"{client.github.url}/acme/api/pull/12#issuecomment-{reply.body['id']}"


async def test_a_comment_of_a_person_names_no_app(client: Client) -> None:
    client.github.add_token("ghp_x")
    reply = await client.comment("Hello", auth="ghp_x")
    assert (reply.body["performed_via_github_app"], reply.body["user"]["type"]) == (None, "User")
    me = await client.get("/user", auth="ghp_x")
    assert me.body["login"] == reply.body["user"]["login"]


async def test_an_installation_is_no_user(client: Client) -> None:
    assert (await client.get("/user")).status == 403


async def test_a_changed_comment_keeps_its_id_and_its_history(client: Client) -> None:
    number = (await client.comment("red")).body["id"]
    reply = await client.send("PATCH", f"{COMMENT}/{number}", {"body": "green"})
    assert (reply.status, reply.body["id"], reply.body["body"]) == (200, number, "green")
    [comment] = client.github.comments("acme/api", 12)
    assert [(each.method, each.body) for each in comment.history] == [("POST", "red"), ("PATCH", "green")]
    assert (await client.get(f"{COMMENT}/{number}")).body["body"] == "green"


async def test_a_deleted_comment_is_gone(client: Client) -> None:
    number = (await client.comment("x")).body["id"]
    assert (await client.send("DELETE", f"{COMMENT}/{number}")).status == 204
    assert (await client.get(f"{COMMENT}/{number}")).status == 404
    assert (await client.send("PATCH", f"{COMMENT}/{number}", {"body": "y"})).status == 404
    assert client.github.comments("acme/api", 12) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x" * 65_537, "Body is too long (maximum is 65536 characters)"),
        ("", "Body cannot be blank"),
        (" \n", "Body cannot be blank"),
    ],
)
async def test_a_body_is_neither_blank_nor_too_long(client: Client, body: str, message: str) -> None:
    reply = await client.comment(body)
    assert (reply.status, reply.message) == (422, "Validation Failed")
    assert reply.body["errors"] == [
        {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message}
    ]


async def test_a_body_of_the_greatest_length_is_taken_counted_in_characters(client: Client) -> None:
    assert (await client.comment("漢" * 65_536)).status == 201


@pytest.mark.parametrize("body", [None, 5])
async def test_a_body_is_text(client: Client, body: Any) -> None:
    assert (await client.comment(body)).message.startswith("Invalid request.")


async def test_a_comment_needs_an_existing_pull_request(client: Client) -> None:
    reply = await client.send("POST", COMMENTS.replace("12", "13"), {"body": "x"})
    assert (reply.status, reply.message) == (404, "Not Found")


async def test_a_locked_conversation_takes_no_comment_but_lets_old_ones_be_changed(client: Client) -> None:
    number = (await client.comment("x")).body["id"]
    client.github.world.named("acme/api").pulls[12].locked = True
    reply = await client.comment("y")
    assert (reply.status, reply.message) == (403, "Unable to create comment because issue is locked.")
    assert (await client.send("PATCH", f"{COMMENT}/{number}", {"body": "z"})).status == 200


@pytest.mark.parametrize("permission", ["issues", "pull_requests"])
async def test_either_of_two_permissions_will_do(client: Client, permission: str) -> None:
    client.github.installation("acme/api", client.app).permissions[permission] = "write"
    await client.log_in(body={"permissions": {permission: "write"}})
    assert (await client.comment("x")).status == 201


async def test_without_either_permission_nothing_is_written_and_both_are_named(client: Client) -> None:
    await client.log_in(body={"permissions": {"checks": "write"}})
    reply = await client.comment("x")
    assert (reply.status, reply.message) == (403, "Resource not accessible by integration")
    assert reply.headers["X-Accepted-GitHub-Permissions"] == "issues=write; pull_requests=write"


async def test_who_may_write_may_change_the_comments_of_others_unless_a_test_says_no(client: Client) -> None:
    client.github.add_token("ghp_x")
    number = (await client.comment("Hello", auth="ghp_x")).body["id"]
    assert (await client.send("PATCH", f"{COMMENT}/{number}", {"body": "mine"})).status == 200
    client.github.world.named("acme/api").edits_of_others = False
    assert (await client.send("PATCH", f"{COMMENT}/{number}", {"body": "mine"})).status == 403


async def test_comments_are_listed_oldest_first_in_pages(client: Client) -> None:
    for number in range(5):
        await client.comment(f"comment {number}")
    first = await client.get(COMMENTS, params={"per_page": "2"})
    assert [each["body"] for each in first.body] == ["comment 0", "comment 1"]
    next_url = first.headers["Link"].split("<")[1].split(">")[0]
    second = await client.get(next_url)
    assert [each["body"] for each in second.body] == ["comment 2", "comment 3"]


async def test_a_list_may_leave_out_what_was_not_changed_since(client: Client) -> None:
    await client.comment("old")
    client.github.clock.advance(3000)
    await client.comment("new")
    now = (await client.get(COMMENTS)).body[-1]["created_at"]
    found = (await client.get(COMMENTS, params={"since": now})).body
    assert [each["body"] for each in found] == ["new"]


async def test_a_list_may_lag_and_a_single_comment_is_fresh(client: Client) -> None:
    client.github.faults.add("^GET.*issues/12/comments", LaggingList(seconds=60), times=None)
    number = (await client.comment("x")).body["id"]
    assert (await client.get(COMMENTS)).body == []
    assert (await client.get(f"{COMMENT}/{number}")).status == 200


async def test_a_cut_answer_may_have_left_a_comment(client: Client) -> None:
    client.github.faults.add("^POST.*comments", CutAfterWrite())
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.comment("x")
    assert len(client.github.comments("acme/api", 12)) == 1


async def test_a_pull_request_is_found_by_its_number_and_by_its_head(client: Client) -> None:
    pull = (await client.get("/repos/acme/api/pulls/12")).body
    assert (pull["title"], pull["head"]["sha"], pull["base"]["repo"]["full_name"]) == (
        "Round prices up",
        SHA,
        "acme/api",
    )
    assert [each["number"] for each in (await client.get(PULLS)).body] == [12]
    assert (await client.get("/repos/acme/api/pulls/13")).status == 404


async def test_a_check_run_names_the_pull_requests_of_its_commit_but_not_those_of_forks(client: Client) -> None:
    client.github.add_pull_request("acme/api", 13, SHA, fork=True)
    reply = await client.create()
    assert [each["number"] for each in reply.body["pull_requests"]] == [12]
    assert [each["number"] for each in (await client.get(PULLS)).body] == [12]
