"""Runs, namespaces and definitions that go away half-way: nothing stays open at GitHub, nothing is held up."""

from hack.controller import Controller
from hack.player import PlayedRun
from hack.testbed.api import polled
from tests.e2e.stage import GROUP, Stage, condition, run_path
from tests.fakes.github import CheckRun


async def half_way(stage: Stage, namespace: str) -> PlayedRun:
    """A run whose check is in progress."""
    run = await stage.player.start("success", namespace=namespace)
    await run.to_end(until=lambda step: step.kind == "PipelineRun" and step.status == "True")
    await stage.until_record(namespace, lambda r: r["status"].get("observedState") == "Running")
    return run


async def concluded(stage: Stage, count: int = 1) -> list[CheckRun]:
    async def probe() -> list[CheckRun] | None:
        checks = stage.checks()
        return checks if len(checks) == count and all(c.status == "completed" for c in checks) else None

    return await polled(probe)


async def delete(stage: Stage, namespace: str) -> None:
    await stage.bed.request("DELETE", run_path(namespace, "success"))


async def no_records(stage: Stage, namespace: str) -> None:
    async def probe() -> bool:
        return not await stage.records(namespace)

    await polled(probe)


async def test_a_run_deleted_half_way_is_concluded_as_cancelled_never_green(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await half_way(stage, namespace)
    await delete(stage, namespace)
    [check] = await concluded(stage)
    assert (check.conclusion, check.output.title) == ("cancelled", "Run deleted, outcome unknown")
    await no_records(stage, namespace)


async def test_a_run_deleted_while_the_controller_is_down_is_concluded_at_its_start(
    stage: Stage, namespace: str
) -> None:
    async with stage.controller():
        await half_way(stage, namespace)
    await delete(stage, namespace)
    await stage.gone(run_path(namespace, "success"))
    async with stage.controller():
        [check] = await concluded(stage)
        assert check.conclusion == "cancelled"
        await no_records(stage, namespace)


async def test_a_run_recreated_under_its_name_at_once_gets_a_check_of_its_own(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await half_way(stage, namespace)
    await delete(stage, namespace)
    # Its children's names are taken until the old ones are collected.
    await stage.player.play("success", namespace=namespace, children=False)
    old, new = await concluded(stage, 2)
    assert (old.conclusion, new.conclusion) == ("cancelled", "success")
    record = await stage.reported(namespace)
    assert record["status"]["annotations"]["check-run-id"] == str(new.id)


async def test_a_run_recreated_while_the_controller_is_down_gets_a_check_of_its_own(
    stage: Stage, namespace: str
) -> None:
    async with stage.controller():
        await half_way(stage, namespace)
    await delete(stage, namespace)
    await stage.gone(run_path(namespace, "success"))
    await stage.player.play("success", namespace=namespace, children=False)
    async with stage.controller():
        checks = await concluded(stage, 2)
        assert sorted(str(check.conclusion) for check in checks) == ["cancelled", "success"]


async def test_a_run_pruned_at_its_end_is_still_shown_as_it_ended(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.player.play("success", namespace=namespace, delete=True)
    [check] = await concluded(stage)
    assert check.conclusion == "success"
    await no_records(stage, namespace)


async def test_a_finished_record_goes_with_its_run(stage: Stage, controller: Controller, namespace: str) -> None:
    await stage.player.play("success", namespace=namespace)
    record = await stage.reported(namespace)
    assert record["metadata"]["ownerReferences"][0]["kind"] == "PipelineRun"
    await delete(stage, namespace)
    await no_records(stage, namespace)
    [check] = stage.checks()
    assert check.conclusion == "success"


async def test_deleting_the_namespace_is_not_held_up_and_concludes_its_checks(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await half_way(stage, namespace)
    await stage.bed.request("DELETE", f"/api/v1/namespaces/{namespace}")
    await stage.gone(f"/api/v1/namespaces/{namespace}")
    [check] = await concluded(stage)
    assert check.conclusion == "cancelled"


async def test_a_deleted_record_comes_back_without_a_second_check(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.player.play("success", namespace=namespace)
    before = await stage.reported(namespace)
    calls = len(stage.calls)
    path = f"{GROUP}/namespaces/{namespace}/integrationstatuses/{before['metadata']['name']}"
    await stage.bed.request("DELETE", path)
    uid = before["metadata"]["uid"]
    after = await stage.until_record(namespace, lambda r: r["metadata"]["uid"] != uid)
    assert condition(after)["status"] == "True"
    assert after["status"]["annotations"] == before["status"]["annotations"]
    assert len(stage.calls) == calls
    assert len(stage.checks()) == 1


async def test_a_record_deleted_while_the_controller_is_down_leads_to_no_second_check(
    stage: Stage, namespace: str
) -> None:
    async with stage.controller():
        run = await half_way(stage, namespace)
    [record] = await stage.records(namespace)
    path = f"{GROUP}/namespaces/{namespace}/integrationstatuses/{record['metadata']['name']}"
    await stage.bed.request("DELETE", path)
    await run.to_end()
    async with stage.controller():
        await stage.reported(namespace)
    [check] = stage.checks()
    assert check.conclusion == "success"


async def test_withdrawn_annotations_conclude_the_check(stage: Stage, controller: Controller, namespace: str) -> None:
    await half_way(stage, namespace)
    keys = ("owner", "repo", "sha")
    patch = {"metadata": {"annotations": {f"github.integrations.tekton.dev/{key}": None for key in keys}}}
    await stage.bed.api.patch(run_path(namespace, "success"), patch, "merge")
    [check] = await concluded(stage)
    assert check.conclusion == "cancelled"
    await no_records(stage, namespace)


async def test_an_edited_sha_moves_the_report_and_concludes_the_old_one(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    run = await half_way(stage, namespace)
    patch = {"metadata": {"annotations": {"github.integrations.tekton.dev/sha": "e" * 40}}}
    await stage.bed.api.patch(run_path(namespace, "success"), patch, "merge")
    [old] = await concluded(stage)
    assert old.conclusion == "cancelled"
    await run.to_end()
    await stage.reported(namespace)
    [new] = stage.checks("e" * 40)
    assert new.conclusion == "success"


async def test_a_pruned_run_is_shown_as_it_ended_whatever_else_it_asked_for(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    # Its answer to the integrations that are not installed must not make us forget what the run was.
    other = {"slack.integrations.tekton.dev/channel": "#builds", "aaa.integrations.tekton.dev/key": "value"}
    await stage.player.play("failure", namespace=namespace, annotations=other, delete=True)
    [check] = await concluded(stage)
    assert check.conclusion == "failure"
    await no_records(stage, namespace)
