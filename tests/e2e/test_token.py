"""Without an App: a commit status, by a token; also at GitHub Enterprise."""

import pytest

from hack import objects
from hack.controller import NAMESPACE, Controller
from hack.testbed.api import polled
from tests.e2e.builds import later_second
from tests.e2e.kinds import Made, Wanted, asking
from tests.e2e.stage import REPOSITORY, SHA, Stage, condition, run_path
from tests.fakes.github import LateWrite


@pytest.fixture(autouse=True)
async def token(stage: Stage) -> None:
    stage.github.add_token("ghp_secret", repositories=[REPOSITORY], permissions={"statuses": "write"})
    await stage.bed.apply(objects.github_token_secret(NAMESPACE, "github-token", "ghp_secret"))
    await provide(stage, stage.github.url)


async def provide(stage: Stage, endpoint: str) -> None:
    grants = [objects.grant("*", targets=["acme/*"])]
    await stage.bed.apply(
        objects.github_token(NAMESPACE, "github", secret="github-token", endpoint=endpoint, grants=grants)
    )


@pytest.mark.parametrize(
    ("recording", "state"),
    [("success", "success"), ("failure", "failure"), ("cancelled", "error"), ("not-found", "error")],
)
async def test_the_commit_status_follows_the_run(
    stage: Stage, controller: Controller, namespace: str, recording: str, state: str
) -> None:
    await stage.player.play(recording, namespace=namespace, speed=1)
    await stage.reported(namespace)
    statuses = stage.github.statuses(REPOSITORY, SHA)
    shown = [(status.state, status.description) for status in statuses]
    # Queued and running are both pending; on a slow machine a run is seen as queued first.
    assert set(shown[:-1]) <= {("pending", "Queued"), ("pending", "Running")}
    assert len(set(shown)) == len(shown)
    assert statuses[-1].state == state
    assert statuses[-1].context == f"Tekton / {'no-such-pipeline' if recording == 'not-found' else recording}"


@pytest.mark.long
async def test_a_pending_status_that_lands_late_does_not_stay(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    stage.github.faults.add(f"^POST /repos/acme/api/statuses/{SHA}$", LateWrite(8), times=1)
    await stage.player.play("success", namespace=namespace, speed=1)
    await stage.reported(namespace)
    await stage.github.late_writes()
    await stage.until_record(namespace, lambda r: "ownerReferences" in r["metadata"], seconds=90)
    assert stage.github.statuses(REPOSITORY, SHA)[-1].state == "success"


async def test_a_deleted_run_ends_its_pending_status_as_an_error(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    run = await stage.player.start("success", namespace=namespace)
    await run.to_end(until=lambda step: step.kind == "PipelineRun" and step.status == "True")
    await stage.until_record(namespace, lambda r: r["status"].get("observedState") == "Running")
    [record] = await stage.records(namespace)
    await stage.bed.request("DELETE", run_path(namespace, "success"))
    await stage.gone(
        f"/apis/integrations.tekton.dev/v1alpha1/namespaces/{namespace}/integrationstatuses/"
        f"{record['metadata']['name']}"
    )
    assert [status.state for status in stage.github.statuses(REPOSITORY, SHA)] == ["pending", "error"]


async def test_a_result_that_stood_back_for_a_run_that_is_deleted_is_shown_in_the_end(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    async def until_shown(*states: str) -> None:
        await polled(lambda: _same([status.state for status in stage.github.statuses(REPOSITORY, SHA)], list(states)))

    old = await Made.create(stage.bed, Wanted(namespace=namespace, name="old", annotations=asking(name="ci")))
    await old.says("Unknown", "Running")
    await until_shown("pending")
    await later_second(stage, old.path)
    new = await Made.create(stage.bed, Wanted(namespace=namespace, name="new", annotations=asking(name="ci")))
    await new.says("Unknown", "Running")
    await until_shown("pending", "pending")
    await old.says("True", "Succeeded")
    await polled(lambda: _reported(stage, namespace, "old"))
    await until_shown("pending", "pending")
    await stage.bed.request("DELETE", new.path)
    await until_shown("pending", "pending", "error", "success")


async def _same(found: list[str], wanted: list[str]) -> bool:
    return found == wanted


async def _reported(stage: Stage, namespace: str, run: str) -> bool:
    records = await stage.records(namespace)
    return any(each["spec"]["runRef"]["name"] == run and condition(each)["status"] == "True" for each in records)


async def test_github_enterprise_is_called_below_its_own_base_path(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await provide(stage, f"{stage.github.url}/api/v3")
    await stage.player.play("success", namespace=namespace)
    record = await stage.reported(namespace)
    assert stage.github.statuses(REPOSITORY, SHA)[-1].state == "success"
    assert {call.api for call in stage.github.requests} == {f"{stage.github.url}/api/v3"}
    assert record["status"]["url"] == f"{stage.github.url}/acme/api/commit/{SHA}"


async def test_a_token_that_github_refuses_is_said_and_its_successor_is_used(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.bed.apply(objects.github_token_secret(NAMESPACE, "github-token", "ghp_old"))
    await stage.player.play("success", namespace=namespace)
    record = await stage.until_record(namespace, lambda r: condition(r)["reason"] == "CredentialRefused")
    assert "put a valid one into its Secret" in condition(record)["message"]
    [warning] = await stage.told(namespace, "Warning")
    assert warning["reason"] == "CredentialRefused"
    await stage.bed.apply(objects.github_token_secret(NAMESPACE, "github-token", "ghp_secret"))
    await stage.reported(namespace, seconds=60)
    assert stage.github.statuses(REPOSITORY, SHA)[-1].state == "success"
