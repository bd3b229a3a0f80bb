"""What runs leave out is inferred from what their creators wrote for other tools, if the controller was told to."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hack import objects
from tests.e2e.kinds import OURS, Object, altered
from tests.e2e.stage import SHA, Stage, condition
from tests.e2e.test_run_command import run

PAC = "pipelinesascode.tekton.dev"
BY_PAC = {"app.kubernetes.io/managed-by": PAC}
LEGACY = {"tekton.dev/git-status": "true", "tekton.dev/status-context": "demo"}


@pytest.fixture
async def inferring(stage: Stage) -> AsyncIterator[None]:
    async with stage.controller("--infer", "github"):
        yield


def left_by(
    folder: Path,
    *,
    annotations: dict[str, str] | None = None,
    copied: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
) -> Path:
    """The recording of a run as other tools would have made it, without annotations of ours. `copied` are annotations
    that Tekton copies from its Pipeline."""
    seen = 0

    def change(found: Object) -> Object | None:
        nonlocal seen
        if found["kind"] != "PipelineRun":
            return None
        seen += 1
        metadata = found["metadata"]
        metadata["annotations"] = {**(annotations or {}), **((copied or {}) if seen > 1 else {})}
        metadata["labels"] = metadata.get("labels", {}) | (labels or {})
        found["spec"]["params"] = [{"name": name, "value": value} for name, value in (params or {}).items()]
        return found

    return altered("success", folder, change)


def ours(**values: str) -> dict[str, str]:
    return {f"{OURS}/{key}": value for key, value in values.items()}


def passed_on(stage: Stage) -> dict[str, str]:
    """Parameters as a TriggerTemplate would set them."""
    return {"git-repo-url": f"{stage.github.url}/acme/api.git", "git-revision": SHA}


def sources(record: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = record["status"].get("sources", {})
    return found


async def test_a_run_is_shown_at_the_commit_that_its_parameters_name_and_its_record_says_so(
    stage: Stage, inferring: None, namespace: str, tmp_path: Path
) -> None:
    recording = left_by(tmp_path, annotations=ours(name="unit"), params=passed_on(stage))
    await stage.player.play(recording, namespace=namespace)
    record = await stage.reported(namespace)
    [check] = stage.checks()
    assert (check.name, check.conclusion) == ("unit", "success")
    repository = dict.fromkeys(("host", "owner", "repo"), "parameter git-repo-url")
    assert sources(record) == repository | {"sha": "parameter git-revision"}
    assert record["metadata"]["labels"]["integrations.tekton.dev/sha"] == SHA


async def test_nothing_is_inferred_unless_the_controller_was_told_to(
    stage: Stage, controller: object, namespace: str, tmp_path: Path
) -> None:
    recording = left_by(tmp_path, annotations=ours(name="unit") | LEGACY, params=passed_on(stage))
    await stage.player.play(recording, namespace=namespace)
    record = await stage.failed(namespace, "MissingAnnotation")
    assert "not found" not in condition(record)["message"]
    assert sources(record) == {}
    assert stage.calls == []


async def test_a_branch_is_not_guessed_and_the_message_says_where_it_was_looked(
    stage: Stage, inferring: None, namespace: str, tmp_path: Path
) -> None:
    params = passed_on(stage) | {"git-revision": "main"}
    await stage.player.play(left_by(tmp_path, annotations=ours(name="unit"), params=params), namespace=namespace)
    record = await stage.failed(namespace, "MissingAnnotation")
    message = condition(record)["message"]
    assert f"{OURS}/sha is missing" in message
    assert "git-revision" in message
    assert "only a full SHA counts" in message
    assert sources(record)["repo"] == "parameter git-repo-url"
    assert stage.calls == []


async def test_a_run_that_was_made_for_commit_status_tracker_is_shown_as_before(
    stage: Stage, inferring: None, namespace: str, tmp_path: Path
) -> None:
    address = {"tekton.dev/git-repo": f"{stage.github.url}/acme/api", "tekton.dev/git-revision": SHA}
    await stage.player.play(left_by(tmp_path, annotations=LEGACY | address), namespace=namespace)
    record = await stage.reported(namespace)
    [check] = stage.checks()
    assert (check.name, check.conclusion) == ("demo", "success")
    assert sources(record)["name"] == "annotation tekton.dev/status-context"
    assert sources(record)["sha"] == "annotation tekton.dev/git-revision"


async def test_what_tekton_copied_from_a_pipeline_is_not_believed(
    stage: Stage, inferring: None, namespace: str, tmp_path: Path
) -> None:
    copied = LEGACY | {"tekton.dev/git-repo": f"{stage.github.url}/acme/api", "tekton.dev/git-revision": "1" * 40}
    recording = left_by(tmp_path, annotations=ours(name="unit"), copied=copied, params=passed_on(stage))
    await stage.player.play(recording, namespace=namespace, speed=1)
    record = await stage.reported(namespace)
    assert sources(record)["sha"] == "parameter git-revision"
    assert [check.name for check in stage.checks()] == ["unit"]
    assert stage.checks("1" * 40) == []


async def test_a_repository_on_another_host_is_not_taken_for_ours(
    stage: Stage, inferring: None, namespace: str, tmp_path: Path
) -> None:
    params = passed_on(stage) | {"git-repo-url": "https://gitlab.com/acme/api"}
    await stage.player.play(left_by(tmp_path, annotations=ours(name="unit"), params=params), namespace=namespace)
    record = await stage.failed(namespace, "OtherHost")
    assert "is on gitlab.com, and the Provider is for 127.0.0.1" in condition(record)["message"]
    assert stage.calls == []


async def test_what_was_inferred_needs_a_grant_like_anything_else(
    stage: Stage, inferring: None, namespace: str, tmp_path: Path
) -> None:
    await stage.provide(objects.grant("*", targets=["acme/other"]))
    recording = left_by(tmp_path, annotations=ours(name="unit"), params=passed_on(stage))
    await stage.player.play(recording, namespace=namespace)
    record = await stage.failed(namespace, "NotGranted")
    assert sources(record)["repo"] == "parameter git-repo-url"
    assert stage.calls == []


async def test_a_run_that_pipelines_as_code_reports_is_left_to_it(
    stage: Stage, controller: object, namespace: str, tmp_path: Path
) -> None:
    recording = left_by(tmp_path, annotations=ours(owner="acme", repo="api", sha=SHA), labels=BY_PAC)
    await stage.player.play(recording, namespace=namespace)
    record = await stage.failed(namespace, "ReportedElsewhere")
    assert f'{OURS}/beside-pipelines-as-code: "true"' in condition(record)["message"]
    assert [event["reason"] for event in await stage.told(namespace, "Warning")] == ["ReportedElsewhere"]
    assert stage.calls == []
    wanted = ours(**{"beside-pipelines-as-code": "true"})
    path = f"/apis/tekton.dev/v1/namespaces/{namespace}/pipelineruns/success"
    await stage.bed.api.patch(path, {"metadata": {"annotations": wanted}}, "merge")
    await stage.reported(namespace)
    assert [check.conclusion for check in stage.checks()] == ["success"]


async def test_of_a_run_of_pipelines_as_code_that_does_not_ask_nothing_is_said(
    stage: Stage, inferring: None, namespace: str, tmp_path: Path
) -> None:
    by_pac = {f"{PAC}/repo-url": f"{stage.github.url}/acme/api", f"{PAC}/sha": SHA}
    recording = left_by(tmp_path, annotations=by_pac | LEGACY, labels=BY_PAC)
    await stage.player.play(recording, namespace=namespace)
    # What comes after it is done, so it was looked at.
    await stage.player.play("success", namespace=namespace, name="asks")
    await stage.reported(namespace)
    assert [record["spec"]["runRef"]["name"] for record in await stage.records(namespace)] == ["asks"]


async def test_one_that_asks_for_both_needs_to_say_no_more(
    stage: Stage, inferring: None, namespace: str, tmp_path: Path
) -> None:
    by_pac = {f"{PAC}/repo-url": f"{stage.github.url}/acme/api", f"{PAC}/sha": SHA, f"{PAC}/git-provider": "github"}
    asking = ours(**{"beside-pipelines-as-code": "true"})
    await stage.player.play(left_by(tmp_path, annotations=by_pac | asking, labels=BY_PAC), namespace=namespace)
    record = await stage.reported(namespace)
    assert sources(record)["sha"] == f"annotation {PAC}/sha"
    assert [check.conclusion for check in stage.checks()] == ["success"]


async def test_who_is_told_to_infer_must_be_loaded() -> None:
    code, said = await run("run", "--infer", "slack")
    assert code == 1
    assert "--infer names 'slack', which is not loaded; name it in --integrations, too" in said
