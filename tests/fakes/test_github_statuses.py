"""The look-alike's commit statuses, against https://docs.github.com/en/rest/commits/statuses."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.github_client import OTHER_SHA, SHA, STATUSES, Client, acme

COMMIT = f"/repos/acme/api/commits/{SHA}"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with acme() as client:
        yield client


async def test_a_status_is_added_and_never_changed(client: Client) -> None:
    assert (await client.status(state="pending")).status == 201
    reply = await client.status(state="success", description="Fine", target_url="https://x.example")
    assert (reply.body["context"], reply.body["target_url"]) == ("default", "https://x.example")
    kept = client.github.statuses("acme/api", SHA)
    assert [each.state for each in kept] == ["pending", "success"]


async def test_a_personal_token_may_write_statuses(client: Client) -> None:
    client.github.add_token("ghp_x", repositories=["acme/api"], permissions=["statuses:write"])
    assert (await client.send("POST", STATUSES, {"state": "error"}, auth="ghp_x")).status == 201


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"state": "running"}, "state is not included in the list"),
        ({"description": "x" * 141}, "description is too long (maximum is 140 characters)"),
        ({"description": "done 🎉"}, "description doesn't accept 4-byte Unicode"),
        ({"context": "x" * 256}, "context is too long (maximum is 255 characters)"),
        ({"target_url": "ftp://x.example"}, "target_url must use http(s) scheme"),
    ],
)
async def test_a_status_against_the_rules_is_refused(client: Client, body: dict[str, Any], message: str) -> None:
    reply = await client.status(**body)
    assert (reply.status, reply.message) == (422, "Validation Failed")
    assert reply.body["errors"][0]["message"] == message


async def test_texts_of_the_greatest_length_are_taken(client: Client) -> None:
    assert (await client.status(description="é" * 140, context="x" * 255)).status == 201


async def test_a_status_on_an_unknown_commit_is_refused(client: Client) -> None:
    reply = await client.send("POST", f"/repos/acme/api/statuses/{OTHER_SHA}", {"state": "success"})
    assert (reply.status, reply.message) == (422, f"No commit found for SHA: {OTHER_SHA}")


async def test_a_status_needs_a_full_sha(client: Client) -> None:
    reply = await client.send("POST", "/repos/acme/api/statuses/main", {"state": "success"})
    assert reply.body["errors"][0]["message"] == "sha must be a 40 character SHA1"


async def test_a_commit_takes_a_thousand_statuses_of_a_context(client: Client) -> None:
    client.github.limits.enabled = False
    for number in range(1000):
        await client.status(context="Build" if number % 2 else "build")
    reply = await client.status(context="build")
    assert reply.status == 422
    assert reply.body["errors"] == [
        {
            "resource": "Status",
            "code": "custom",
            "message": "This SHA and context has reached the maximum number of statuses.",
        }
    ]
    assert (await client.status(context="other")).status == 201


async def test_statuses_are_listed_newest_first(client: Client) -> None:
    for number in range(3):
        await client.status(context=str(number))
    reply = await client.get(f"{COMMIT}/statuses", params={"per_page": "2"})
    assert [each["context"] for each in reply.body] == ["2", "1"]
    assert 'rel="next"' in reply.headers["Link"]


@pytest.mark.parametrize(
    ("states", "combined"),
    [
        ([], "pending"),
        (["success", "success"], "success"),
        (["success", "pending"], "pending"),
        (["pending", "error"], "failure"),
    ],
)
async def test_the_newest_of_each_context_make_the_combined_status(
    client: Client, states: list[str], combined: str
) -> None:
    for number, state in enumerate(states):
        await client.status(context=f"C{number}", state="failure")
        await client.status(context=f"c{number}", state=state)
    reply = await client.get(f"{COMMIT}/status")
    assert (reply.body["state"], reply.body["total_count"]) == (combined, len(states))
