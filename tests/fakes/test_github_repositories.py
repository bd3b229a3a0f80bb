"""Repositories of the look-alike that move, open up, close down or change hands, and Apps that look for them."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.github import Refusal
from tests.fakes.github_client import RUNS, SHA, Client, acme, signed

BODY = {"name": "build", "head_sha": SHA}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with acme() as client:
        yield client


@pytest.mark.parametrize("kind", ["orgs", "users"])
async def test_an_installation_is_found_by_its_owner(client: Client, kind: str) -> None:
    reply = await client.get(f"/{kind}/ACME/installation", auth=signed(client.app))
    assert reply.body["id"] == client.github.installation("acme/api", client.app).id
    assert (await client.get(f"/{kind}/other/installation", auth=signed(client.app))).status == 404


async def test_a_suspended_installation_is_found_and_says_so(client: Client) -> None:
    client.github.installation("acme/api", client.app).suspended = True
    reply = await client.get("/repos/acme/api/installation", auth=signed(client.app))
    assert (reply.status, bool(reply.body["suspended_at"])) == (200, True)


async def test_a_repository_is_found_by_its_id_whatever_its_name(client: Client) -> None:
    number = (await client.get("/repos/acme/api")).body["id"]
    client.github.rename("acme/api", "acme/renamed")
    assert (await client.get(f"/repositories/{number}")).body["full_name"] == "acme/renamed"


async def test_a_token_tells_of_its_repositories_whether_they_are_public(client: Client) -> None:
    client.github.publish("acme/api")
    [repository] = (await client.token(body={"repositories": ["api"]})).body["repositories"]
    assert (repository["full_name"], repository["private"], repository["visibility"]) == ("acme/api", False, "public")


async def test_a_transferred_repository_is_reached_where_the_app_is_installed_too(client: Client) -> None:
    client.github.add_repository("other/site", installation_of=client.app)
    client.github.transfer("acme/api", "other/api")
    reply = await client.send("POST", RUNS, BODY)
    assert reply.status == 307
    assert (await client.send("POST", reply.headers["Location"], BODY)).status == 404  # with acme's token
    there = await client.get("/repos/other/api/installation", auth=signed(client.app))
    assert there.body["account"]["login"] == "other"
    assert (await client.token()).body["permissions"]
    path = f"/app/installations/{there.body['id']}/access_tokens"
    token = (await client.send("POST", path, {"repositories": ["api"]}, auth=signed(client.app))).body["token"]
    assert (await client.send("POST", reply.headers["Location"], BODY, auth=token)).status == 201


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_a_repository_transferred_out_of_reach_is_lost(client: Client, elsewhere: bool) -> None:
    if elsewhere:
        client.github.add_repository("other/site", installation_of=client.app)
    client.github.transfer("acme/api", "other/api", installed=False)
    assert (await client.get("/repos/other/api/installation", auth=signed(client.app))).status == 404
    assert (await client.get("/repos/other/api")).status == 404


async def test_a_former_name_may_become_another_repository(client: Client) -> None:
    first = (await client.get("/repos/acme/api")).body["id"]
    client.github.rename("acme/api", "acme/renamed")
    second = client.github.add_repository("acme/api", installation_of=client.app)
    assert (await client.get("/repos/acme/api")).body["id"] == second.id != first


async def test_an_archived_repository_is_read_only(client: Client) -> None:
    client.github.world.named("acme/api").archived = True
    reply = await client.create()
    assert (reply.status, reply.message) == (403, "Repository was archived so is read-only.")
    assert (await client.get("/repos/acme/api")).body["archived"] is True


async def test_a_repository_that_was_taken_down_is_blocked(client: Client) -> None:
    client.github.world.named("acme/api").blocked = True
    assert (await client.get("/repos/acme/api")).status == 451


async def test_a_commit_that_was_forced_away_takes_its_check_runs_along(client: Client) -> None:
    number = (await client.create()).body["id"]
    client.github.remove_commit("acme/api", SHA)
    assert (await client.update(number, status="in_progress")).status == 404
    assert (await client.create()).message == f"No commit found for SHA: {SHA}"


async def test_any_other_answer_can_be_given(client: Client) -> None:
    url = "https://github.com/orgs/acme/sso"
    client.github.faults.add("^GET", Refusal(403, "Resource protected", {"X-GitHub-SSO": f"required; url={url}"}))
    client.github.faults.add("^POST", Refusal(407, body="<html>", content_type="text/html"))
    reply = await client.get("/repos/acme/api")
    assert (reply.status, reply.message, url in reply.headers["X-GitHub-SSO"]) == (403, "Resource protected", True)
    assert (await client.create()).body == "<html>"
