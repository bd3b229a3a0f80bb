"""What users get wrong: a reason, what to change, one Warning, and no call before the grant is checked."""

from typing import Any

import pytest

from hack import objects
from hack.controller import NAMESPACE, Controller
from hack.testbed.api import polled
from tests.e2e.stage import REPOSITORY, SHA, Stage, condition, run_path
from tests.fakes.github import NotFound, ServerError

PREFIX = "github.integrations.tekton.dev"

# annotations that replace the recorded ones → (reason, part of the message)
REFUSED_BEFORE_ANY_CALL: dict[str, tuple[dict[str, str | None], str, str]] = {
    "no sha": ({"sha": None}, "MissingAnnotation", f"{PREFIX}/sha is missing"),
    "a branch for a sha": ({"sha": "main"}, "InvalidAnnotation", "not a branch, a tag or a short SHA"),
    "a short sha": ({"sha": "3f78685"}, "InvalidAnnotation", "40 hexadecimal digits"),
    "a path for an owner": ({"owner": "../other"}, "InvalidAnnotation", f"{PREFIX}/owner must be"),
    "a path for a repository": ({"repo": ".."}, "InvalidAnnotation", f"{PREFIX}/repo must be"),
    "an escape in a repository": ({"repo": "api%2f..%2fother"}, "InvalidAnnotation", f"{PREFIX}/repo must be"),
    "an over-long value": ({"name": "x" * 5000}, "AnnotationTooLong", "at most 4096 characters"),
    "a misspelt key": ({"onwer": "acme"}, "UnknownAnnotation", "did you mean 'owner'?"),
    "an unsupported version": ({"version": "v9"}, "UnsupportedVersion", "understands v1"),
    "an unknown Provider": ({"provider": "nobody"}, "NoProvider", "named 'nobody'"),
    "a repository without a grant": ({"owner": "stranger"}, "NotGranted", "spec.grants"),
}


def annotations(values: dict[str, str | None]) -> dict[str, str | None]:
    return {f"{PREFIX}/{key}": value for key, value in values.items()}


@pytest.mark.parametrize("case", REFUSED_BEFORE_ANY_CALL)
async def test_is_refused_with_a_reason_and_a_cure_before_any_call(
    stage: Stage, controller: Controller, namespace: str, case: str
) -> None:
    values, reason, cure = REFUSED_BEFORE_ANY_CALL[case]
    await stage.player.play("success", namespace=namespace, annotations=annotations(values))
    record = await stage.failed(namespace, reason)
    assert cure in condition(record)["message"]
    await stage.bed.request("DELETE", run_path(namespace, "success"))
    await stage.gone(run_path(namespace, "success"))
    assert stage.calls == []
    [warning] = await stage.told(namespace, "Warning")
    assert warning["reason"] == reason
    assert cure in warning["message"]


async def test_a_sha_that_github_does_not_know_is_said_once_and_asked_at_most_twice(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    stage.github.world.named(REPOSITORY).any_commit = False
    await stage.player.play("success", namespace=namespace, speed=1)
    record = await stage.failed(namespace, "UnknownCommit")
    assert "check sha, and that it was pushed" in condition(record)["message"]
    assert stage.github.counts["POST /repos/{repo}/check-runs"] <= 2
    assert len(await stage.told(namespace, "Warning")) == 1


async def test_a_repository_that_the_app_cannot_see_is_said_with_the_cure(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.player.play("success", namespace=namespace, annotations=annotations({"repo": "secret"}))
    record = await stage.failed(namespace, "NotVisible")
    assert "select the repository in the App's installation" in condition(record)["message"]
    assert stage.checks() == []


async def test_a_corrected_annotation_is_picked_up(stage: Stage, controller: Controller, namespace: str) -> None:
    await stage.player.play("success", namespace=namespace, annotations=annotations({"sha": "main"}))
    await stage.failed(namespace, "InvalidAnnotation")
    patch = {"metadata": {"annotations": {f"{PREFIX}/sha": SHA}}}
    await stage.bed.api.patch(run_path(namespace, "success"), patch, "merge")
    await stage.reported(namespace)
    [check] = stage.checks()
    assert check.conclusion == "success"


async def test_annotations_that_tekton_has_yet_to_copy_from_the_pipeline_are_waited_for(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    run = await stage.player.start("annotated-pipeline", namespace=namespace, annotations=annotations({"owner": None}))

    async def looked_at() -> bool:
        metrics = await controller.metrics()
        return metrics.get('tekton_integrations_reconcile_seconds_count{integration="github"}', 0) >= 1

    await polled(looked_at)
    assert await stage.records(namespace) == []
    patch = {"metadata": {"annotations": {f"{PREFIX}/owner": "acme"}}}
    await stage.bed.api.patch(run_path(namespace, "annotated-pipeline"), patch, "merge")
    await run.to_end()
    await stage.reported(namespace)
    await stage.failed(namespace, "NotInstalled", integration="slack")
    assert [e["reason"] for e in await stage.told(namespace, "Warning")] == ["NotInstalled"]


async def test_an_added_grant_is_picked_up(stage: Stage, controller: Controller, namespace: str) -> None:
    await stage.provide(objects.grant("somebody-else"))
    await stage.player.play("success", namespace=namespace)
    await stage.failed(namespace, "NotGranted")
    assert stage.calls == []
    await stage.provide(objects.grant(namespace, targets=["acme/api"], names=["Tekton / *"]))
    await stage.reported(namespace)
    [check] = stage.checks()
    assert check.conclusion == "success"


async def test_a_grant_for_another_name_does_not_do(stage: Stage, controller: Controller, namespace: str) -> None:
    await stage.provide(objects.grant(namespace, targets=["acme/api"], names=["deploy"]))
    await stage.player.play("success", namespace=namespace)
    await stage.failed(namespace, "NotGranted")
    assert stage.calls == []


async def test_a_secret_that_is_not_offered_is_not_used_until_it_is(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    opaque = objects.github_app_secret(NAMESPACE, "opaque", stage.app.private_key_pem) | {"type": "Opaque"}
    await stage.bed.apply(opaque)
    provider = objects.github_app(
        NAMESPACE, "github", app_id=7, secret="opaque", endpoint=stage.github.url, grants=[objects.grant(namespace)]
    )
    await stage.bed.apply(provider)
    await stage.player.play("success", namespace=namespace)
    record = await stage.until_record(namespace, lambda r: condition(r)["reason"] == "SecretNotOffered")
    assert condition(record)["status"] == "Unknown"
    assert "integrations.tekton.dev/GitHubApp" in condition(record)["message"]
    assert stage.calls == []
    labels: dict[str, Any] = {"metadata": {"labels": {"integrations.tekton.dev/provider": "github"}}}
    await stage.bed.api.patch(f"/api/v1/namespaces/{NAMESPACE}/secrets/opaque", labels, "merge")
    await stage.provide(objects.grant(namespace))  # wakes it; by itself it would look again within 30 s
    await stage.reported(namespace)


async def test_a_service_that_fails_for_a_while_costs_nothing_but_time(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    stage.github.faults.add("GET /repos/acme/api/installation", ServerError(503), times=2)
    await stage.player.play("success", namespace=namespace)
    await stage.reported(namespace)
    [check] = stage.checks()
    assert check.conclusion == "success"


async def test_permission_that_is_missing_is_named(stage: Stage, controller: Controller, namespace: str) -> None:
    stage.github.installation(REPOSITORY, stage.app).permissions["checks"] = "read"
    await stage.player.play("success", namespace=namespace)
    record = await stage.failed(namespace, "Forbidden")
    assert "Checks: write" in condition(record)["message"]


async def test_a_404_for_a_single_call_is_no_retry_storm(stage: Stage, controller: Controller, namespace: str) -> None:
    stage.github.faults.add("POST /repos/acme/api/check-runs", NotFound(), times=None)
    await stage.player.play("success", namespace=namespace, speed=1)
    await stage.failed(namespace, "NotFound")
    assert stage.github.counts["POST /repos/{repo}/check-runs"] <= 2
