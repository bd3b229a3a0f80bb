"""The look-alike's deployments, against https://docs.github.com/en/rest/deployments/deployments and …/statuses."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.github import LaggingList
from tests.fakes.github_client import DEPLOYMENTS, OTHER_SHA, SHA, Client, acme


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with acme() as client:
        yield client


async def create(client: Client, **body: Any) -> Any:
    """Without the field required_contexts, which means: all of them."""
    return await client.send("POST", DEPLOYMENTS, {"ref": SHA} | body)


async def test_a_deployment_goes_to_production_unless_said_otherwise(client: Client) -> None:
    reply = await client.deploy(payload={"run": "a"})
    assert (reply.status, reply.body["sha"], reply.body["task"]) == (201, SHA, "deploy")
    assert (reply.body["environment"], reply.body["production_environment"]) == ("production", True)
    assert (reply.body["payload"], reply.body["performed_via_github_app"]["id"]) == ({"run": "a"}, 12)
    [deployment] = client.github.deployments("acme/api")
    assert deployment.state == "pending"


@pytest.mark.parametrize("ref", ["main", "refs/heads/main", SHA[:7], SHA])
async def test_a_ref_is_a_branch_or_a_sha(client: Client, ref: str) -> None:
    reply = await client.deploy(ref=ref)
    assert (reply.body["ref"], reply.body["sha"]) == (ref, SHA)


@pytest.mark.parametrize("ref", ["topic", OTHER_SHA, "0000000"])
async def test_a_ref_that_leads_nowhere_is_refused(client: Client, ref: str) -> None:
    reply = await client.deploy(ref=ref)
    assert (reply.status, reply.message) == (422, f"No ref found for: {ref}")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"auto_merge": "no"}, "is not a boolean."),
        ({"required_contexts": "ci"}, "is not an array."),
        ({"required_contexts": [1]}, "is not a string."),
        ({"environment": "x" * 256}, "Only 255 characters are allowed"),
    ],
)
async def test_a_body_against_the_schema_is_refused(client: Client, body: dict[str, Any], problem: str) -> None:
    reply = await client.deploy(**body)
    assert (reply.status, problem in reply.message) == (422, True)


async def test_without_contexts_all_that_was_reported_must_be_a_success(client: Client) -> None:
    assert (await create(client)).status == 201
    await client.status(state="success", context="lint")
    await client.create(name="build")
    reply = await create(client)
    assert (reply.status, reply.message) == (409, f"Conflict: Commit status checks failed for {SHA}.")
    [error] = reply.body["errors"]
    assert (error["field"], {"context": "build", "state": "pending"} in error["contexts"]) == (
        "required_contexts",
        True,
    )
    assert (await create(client, required_contexts=["lint"])).status == 201
    assert (await create(client, required_contexts=["never"])).status == 409
    assert (await create(client, required_contexts=[])).status == 201


async def test_a_commit_behind_main_is_merged_first_unless_told_not_to(client: Client) -> None:
    client.github.world.named("acme/api").commits[SHA].behind = True
    reply = await client.deploy()
    assert (reply.status, reply.message) == (202, f"Auto-merged main into {SHA} on deployment.")
    assert client.github.deployments("acme/api") == []
    assert (await client.deploy(auto_merge=False)).status == 201


async def test_deployments_are_listed_newest_first_and_chosen(client: Client) -> None:
    client.github.add_commit("acme/api", OTHER_SHA)
    await client.deploy(environment="staging")
    await client.deploy(environment="production", ref=OTHER_SHA, task="migrate")
    for query, environments in (
        ({}, ["production", "staging"]),
        ({"environment": "staging"}, ["staging"]),
        ({"sha": OTHER_SHA}, ["production"]),
        ({"ref": SHA}, ["staging"]),
        ({"task": "migrate"}, ["production"]),
        ({"task": "none"}, ["production", "staging"]),
    ):
        found = (await client.get(DEPLOYMENTS, params=query)).body
        assert [each["environment"] for each in found] == environments
    first = await client.get(DEPLOYMENTS, params={"per_page": "1"})
    assert 'rel="next"' in first.headers["Link"]


async def test_a_list_may_lag_and_a_single_deployment_is_fresh(client: Client) -> None:
    client.github.faults.add("^GET.*deployments$", LaggingList(seconds=60), times=None)
    number = (await client.deploy()).body["id"]
    assert (await client.get(DEPLOYMENTS)).body == []
    assert (await client.get(f"{DEPLOYMENTS}/{number}")).body["id"] == number


async def test_the_newest_status_is_the_state_and_the_list_has_all_newest_first(client: Client) -> None:
    number = (await client.deploy()).body["id"]
    await client.deployed(number, "in_progress", log_url="https://tekton.example/1")
    reply = await client.deployed(number, "failure", description="no", environment_url="https://x.example")
    assert (reply.status, reply.body["environment_url"], reply.body["log_url"]) == (201, "https://x.example", "")
    found = (await client.get(f"{DEPLOYMENTS}/{number}/statuses")).body
    assert [each["state"] for each in found] == ["failure", "in_progress"]
    assert found[1]["target_url"] == "https://tekton.example/1"
    assert client.github.deployments("acme/api")[0].state == "failure"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"state": "done"}, "done is not a member of"),
        ({"description": "x" * 141}, "description is too long (maximum is 140 characters)"),
        ({"log_url": "ftp://x"}, "log_url must use http(s) scheme"),
        ({"environment_url": "x"}, "environment_url must use http(s) scheme"),
    ],
)
async def test_a_status_against_the_rules_is_refused(client: Client, body: dict[str, Any], problem: str) -> None:
    number = (await client.deploy()).body["id"]
    reply = await client.deployed(number, **({"state": "success"} | body))
    assert reply.status == 422
    assert problem in str(reply.body)
    assert client.github.deployments("acme/api")[0].statuses == []


async def test_a_success_retires_older_successes_of_the_environment(client: Client) -> None:
    old, failed, elsewhere, new = [
        (await client.deploy(environment=name)).body["id"] for name in ("staging", "staging", "test", "staging")
    ]
    await client.deployed(old, "success")
    await client.deployed(failed, "failure")
    await client.deployed(elsewhere, "success")
    await client.deployed(new, "success")
    states = {each.id: each.state for each in client.github.deployments("acme/api")}
    assert states == {old: "inactive", failed: "failure", elsewhere: "success", new: "success"}


@pytest.mark.parametrize(
    "body", [{"environment": "production"}, {"environment": "review", "transient_environment": True}]
)
async def test_a_success_retires_neither_production_nor_transient_ones(client: Client, body: dict[str, Any]) -> None:
    numbers = [(await client.deploy(**body)).body["id"] for _ in range(2)]
    for number in numbers:
        await client.deployed(number, "success")
    assert [each.state for each in client.github.deployments("acme/api")] == ["success", "success"]


async def test_a_success_may_leave_the_others_as_they_are(client: Client) -> None:
    numbers = [(await client.deploy(environment="staging")).body["id"] for _ in range(2)]
    for number in numbers:
        await client.deployed(number, "success", auto_inactive=False)
    assert [each.state for each in client.github.deployments("acme/api")] == ["success", "success"]


async def test_without_the_permission_nothing_is_deployed(client: Client) -> None:
    number = (await client.deploy()).body["id"]
    await client.log_in(body={"permissions": {"checks": "write"}})
    for reply in (await client.deploy(), await client.deployed(number, "success")):
        assert (reply.status, reply.headers["X-Accepted-GitHub-Permissions"]) == (403, "deployments=write")


async def test_an_unknown_deployment_is_not_found(client: Client) -> None:
    assert (await client.get(f"{DEPLOYMENTS}/1")).status == 404
    assert (await client.deployed(1, "success")).status == 404
