"""What somebody mends wakes the runs that it concerns: a Secret, a Provider. Nobody waits for a back-off."""

from collections.abc import Mapping
from typing import Any

import pytest

from hack import objects
from hack.controller import NAMESPACE, Controller
from hack.testbed.api import polled
from tests.e2e.stage import REPOSITORY, SHA, Stage, condition

SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"


@pytest.fixture
async def token(stage: Stage) -> None:
    """A Provider with a token in place of the App; its Secret is not there yet."""
    stage.github.add_token("ghp_right", repositories=[REPOSITORY], permissions={"statuses": "write"})
    await stage.bed.kubectl("delete", "secret", "mended", "-n", NAMESPACE, "--ignore-not-found")
    grants = [objects.grant("*", targets=["acme/*"])]
    provider = objects.github_token(NAMESPACE, "github", secret="mended", endpoint=stage.github.url, grants=grants)
    await stage.bed.apply(provider)


async def reason(stage: Stage, namespace: str, wanted: str) -> dict[str, Any]:
    return await stage.until_record(namespace, lambda record: condition(record)["reason"] == wanted)


def secret(value: str) -> Mapping[str, Any]:
    return objects.github_token_secret(NAMESPACE, "mended", value)


async def shown_within(stage: Stage, namespace: str, seconds: float) -> None:
    await stage.reported(namespace, seconds=seconds)
    assert stage.github.statuses(REPOSITORY, SHA)[-1].state == "success"


@pytest.mark.usefixtures("token")
async def test_a_secret_that_was_missing_is_taken_up_when_it_comes(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.player.play("success", namespace=namespace)
    await reason(stage, namespace, "CredentialUnavailable")
    await stage.bed.apply(dict(secret("ghp_right")))
    await shown_within(stage, namespace, 10)


@pytest.mark.usefixtures("token")
async def test_a_rotated_secret_is_taken_up_at_once(stage: Stage, controller: Controller, namespace: str) -> None:
    await stage.bed.apply(dict(secret("ghp_expired")))
    await stage.player.play("success", namespace=namespace)
    await reason(stage, namespace, "CredentialRefused")
    await stage.bed.apply(dict(secret("ghp_right")))
    await shown_within(stage, namespace, 10)


@pytest.mark.usefixtures("token")
async def test_a_secret_that_names_nobody_is_taken_up_when_it_does(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.bed.apply({**secret("ghp_right"), "type": "Opaque"})
    await stage.player.play("success", namespace=namespace)
    await reason(stage, namespace, "SecretNotOffered")
    label = {"metadata": {"labels": {"integrations.tekton.dev/provider": "github"}}}
    await stage.bed.api.patch(f"{SECRETS}/mended", label, "merge")
    await shown_within(stage, namespace, 10)


async def test_a_provider_of_one_namespace_wakes_nobody_in_another(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.provide(objects.grant("somebody-else"))
    await stage.player.play("success", namespace=namespace)
    await stage.failed(namespace, "NotGranted")
    looked = await rested(controller)
    elsewhere = objects.github_app("default", "other", app_id=7, secret="none", endpoint=stage.github.url, grants=[])
    await stage.bed.apply(elsewhere)
    try:
        await polled(lambda: sees(controller, providers=2))
        assert await rested(controller) == looked
        await stage.provide(objects.grant(namespace, targets=["acme/api"]))
        await stage.reported(namespace)
    finally:
        await stage.bed.kubectl("delete", "providers.integrations.tekton.dev", "other", "-n", "default")


async def sees(controller: Controller, *, providers: int) -> bool:
    metrics = await controller.metrics()
    return metrics['tekton_integrations_cached_objects{kind="Provider"}'] == providers


async def rested(controller: Controller) -> float:
    """How often the controller has looked at runs, once it does so no more."""
    before = -1.0

    async def unchanged() -> tuple[float] | None:
        nonlocal before
        metrics = await controller.metrics()
        now = metrics.get('tekton_integrations_reconcile_seconds_count{integration="github"}', 0.0)
        before, same = now, now == before
        return (now,) if same else None

    [looks] = await polled(unchanged)
    return looks
