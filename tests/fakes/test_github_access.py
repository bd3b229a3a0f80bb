"""Who may do what at the look-alike: JWTs, installation tokens, personal tokens, repositories and their names."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.github import App
from tests.fakes.github_client import LIST, RUNS, SHA, Client, acme, signed

BODY = {"name": "build", "head_sha": SHA}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with acme() as client:
        yield client


async def test_a_jwt_may_name_the_client_id_or_the_app_id(client: Client) -> None:
    for issuer in (client.app.client_id, "12", 12):
        token = signed(client.app, iss=issuer) if isinstance(issuer, str) else signed(client.app, iss="12")
        assert (await client.get("/app", auth=token)).body["id"] == 12


@pytest.mark.parametrize(
    ("claims", "status", "message"),
    [
        ({"exp": -1}, 401, "must be a numeric value representing the future time"),
        ({"exp": 660}, 401, "'Expiration time' claim ('exp') is too far in the future"),
        ({"iat": 30}, 401, "'Issued at' claim ('iat') must be an Integer"),
        ({"iss": None}, 401, "Missing 'issuer' claim ('iss') in assertion"),
        ({"iss": "Iv0000"}, 401, "'Issuer' claim ('iss') must be an Integer"),
        ({"iss": "99"}, 404, "Integration not found"),
    ],
)
async def test_a_wrong_jwt_is_refused(client: Client, claims: dict[str, Any], status: int, message: str) -> None:
    now = int(time.time())
    moved = {name: now + value if isinstance(value, int) else value for name, value in claims.items()}
    reply = await client.get("/app", auth=signed(client.app, **moved))
    assert reply.status == status
    assert message in reply.message


async def test_a_jwt_signed_with_another_key_is_refused(client: Client) -> None:
    other = client.github.add_app(13)
    reply = await client.get("/app", auth=signed(other, iss=client.app.client_id))
    assert (reply.status, reply.message) == (401, "A JSON web token could not be decoded")


async def test_an_installation_is_found_by_its_repository(client: Client) -> None:
    reply = await client.get("/repos/acme/api/installation", auth=signed(client.app))
    assert reply.body["id"] == client.github.installation("acme/api", client.app).id
    assert reply.body["permissions"]["checks"] == "write"


async def test_where_the_app_is_not_installed_there_is_no_installation(client: Client) -> None:
    client.github.add_repository("acme/other")
    for path in ("/repos/acme/other/installation", "/repos/acme/unknown/installation"):
        assert (await client.get(path, auth=signed(client.app))).status == 404


async def test_an_app_gets_no_token_for_another_apps_installation(client: Client) -> None:
    number = client.github.installation("acme/api", client.app).id
    stranger = signed(client.github.add_app(13))
    path = f"/app/installations/{number}/access_tokens"
    assert (await client.send("POST", path, auth=stranger)).status == 404


async def test_a_token_says_what_it_may_do_and_until_when(client: Client) -> None:
    reply = await client.token(body={"repositories": ["api"], "permissions": {"checks": "write"}})
    assert (reply.status, reply.body["permissions"]) == (201, {"metadata": "read", "checks": "write"})
    assert [each["full_name"] for each in reply.body["repositories"]] == ["acme/api"]
    assert reply.body["expires_at"].endswith("Z")


async def test_a_token_is_narrowed_by_repository_ids_too(client: Client) -> None:
    other = client.github.add_repository("acme/web", installation_of=client.app)
    await client.log_in(body={"repository_ids": [other.id]})
    assert (await client.get("/repos/acme/web")).status == 200
    assert (await client.get("/repos/acme/api")).status == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"permissions": {"issues": "write"}}, "The permissions requested are not granted"),
        ({"permissions": {"contents": "write"}}, "The permissions requested are not granted"),
        ({"repositories": ["unknown"]}, "There is at least one repository that does not exist"),
        ({"repository_ids": [1]}, "There is at least one repository that does not exist"),
    ],
)
async def test_a_token_can_not_be_wider_than_its_installation(
    client: Client, body: dict[str, Any], message: str
) -> None:
    reply = await client.token(body=body)
    assert reply.status == 422
    assert message in reply.message


async def test_a_suspended_installation_gets_nothing(client: Client) -> None:
    client.github.installation("acme/api", client.app).suspended = True
    assert (await client.token()).status == 403
    assert (await client.create()).status == 403


async def test_a_token_ends_after_an_hour(client: Client) -> None:
    client.github.clock.advance(3599)
    assert (await client.create()).status == 201
    client.github.clock.advance(2)
    reply = await client.create()
    assert (reply.status, reply.message) == (401, "Bad credentials")


async def test_all_tokens_can_be_ended_at_once(client: Client) -> None:
    client.github.expire_tokens()
    assert (await client.create()).status == 401
    await client.log_in()
    assert (await client.create()).status == 201


async def test_without_the_permission_nothing_is_written(client: Client) -> None:
    await client.log_in(body={"permissions": {"statuses": "write"}})
    reply = await client.create()
    assert (reply.status, reply.message) == (403, "Resource not accessible by integration")
    assert reply.headers["X-Accepted-GitHub-Permissions"] == "checks=write"


async def test_a_permission_taken_back_is_gone_from_older_tokens(client: Client) -> None:
    del client.github.installation("acme/api", client.app).permissions["checks"]
    assert (await client.create()).status == 403


async def test_a_private_repository_out_of_reach_is_not_found(client: Client) -> None:
    client.github.add_repository("acme/secret")
    assert (await client.get("/repos/acme/secret")).status == 404
    assert (await client.send("POST", "/repos/acme/secret/check-runs", BODY)).status == 404


async def test_a_public_repository_out_of_reach_is_read_only(client: Client) -> None:
    client.github.add_repository("other/public", private=False)
    client.github.add_commit("other/public", SHA)
    assert (await client.get("/repos/other/public")).status == 200
    assert (await client.send("POST", "/repos/other/public/check-runs", BODY)).status == 403


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("ghp_x", "You must authenticate via a GitHub App."),
        ("github_pat_x", "Resource not accessible by personal access token"),
    ],
)
async def test_only_apps_write_check_runs(client: Client, token: str, message: str) -> None:
    client.github.add_token(token)
    reply = await client.send("POST", RUNS, BODY, auth=token)
    assert (reply.status, reply.message) == (403, message)
    assert (await client.get(LIST, auth=token)).status == 200


async def test_only_the_app_that_made_a_check_run_changes_it(client: Client) -> None:
    number = (await client.create()).body["id"]
    await client.log_in(_second_app(client))
    reply = await client.update(number, conclusion="success")
    assert reply.status == 403
    assert reply.message.startswith("Invalid app_id `12` - check run can only be modified by")
    assert client.runs()[0].conclusion is None


async def test_apps_have_check_runs_of_one_name_side_by_side(client: Client) -> None:
    await client.create()
    await client.log_in(_second_app(client))
    await client.create()
    assert (await client.get(LIST)).body["total_count"] == 2


def _second_app(client: Client) -> App:
    app = client.github.add_app(13)
    client.github.world.install(app, client.github.world.named("acme/api"), None)
    return app


async def test_unknown_credentials_are_bad(client: Client) -> None:
    reply = await client.get("/repos/acme/api", auth="ghp_unknown")
    assert (reply.status, reply.message) == (401, "Bad credentials")


async def test_a_renamed_repository_redirects_by_its_id(client: Client) -> None:
    client.github.rename("acme/api", "acme/api2")
    reply = await client.get("/repos/Acme/API")
    assert (reply.status, reply.message) == (301, "Moved Permanently")
    assert (await client.get(reply.headers["Location"])).body["full_name"] == "acme/api2"


async def test_a_write_to_a_former_name_must_stay_a_write(client: Client) -> None:
    client.github.rename("acme/api", "acme/api2")
    reply = await client.create()
    assert reply.status == 307
    assert (await client.send("POST", reply.headers["Location"], BODY)).status == 201
    assert len(client.github.check_runs("acme/api2", SHA)) == 1


async def test_the_enterprise_path_serves_the_same(client: Client) -> None:
    reply = await client.send("POST", f"/api/v3{RUNS}", BODY)
    assert reply.status == 201
    assert reply.body["url"].startswith(f"{client.github.url}/api/v3/repos/acme/api/check-runs/")
    assert reply.body["html_url"].startswith(f"{client.github.url}/acme/api/runs/")
