"""What a Provider says of itself on a real API server: whether its credential does, and what came of reports by it."""

import copy
from typing import Any

from hack import objects
from hack.controller import NAMESPACE
from hack.testbed.api import polled
from tests.e2e.stage import GROUP, SHA, Stage, condition

PATH = f"{GROUP}/namespaces/{NAMESPACE}/providers/github"


async def status(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = (await stage.bed.request("GET", PATH)).get("status", {})
    return found


async def ready(stage: Stage, wanted: str, reason: str) -> str:
    """The condition's message, once it says so."""

    async def probe() -> str | None:
        for each in (await status(stage)).get("conditions", []):
            if (each["type"], each["status"], each["reason"]) == ("Ready", wanted, reason):
                return str(each["message"])
        return None

    return await polled(probe, 25)


async def key(stage: Stage, pem: str) -> None:
    await stage.bed.apply(objects.github_app_secret(NAMESPACE, "github-app", pem))


async def test_a_key_that_is_none_is_said_before_any_run_and_its_correction_is_noticed_at_once(stage: Stage) -> None:
    await key(stage, "no key")
    before = len(stated(stage))
    async with stage.controller():
        said = await ready(stage, "False", "CredentialUnavailable")
        assert "put the App's .pem file there" in said
        await key(stage, stage.app.private_key_pem)
        await ready(stage, "True", "Ready")
        shown = await stage.bed.kubectl(
            "get", "providers.integrations.tekton.dev", "-n", NAMESPACE, "github", "-o", "wide"
        )
        titles, row = shown.splitlines()
        assert titles.split()[:3] == ["NAME", "TYPE", "READY"]
        assert titles.split()[-4:] == ["REASON", "ACCEPTED", "LAST-ERROR", "MESSAGE"]
        assert row.split()[:3] == ["github", "GitHubApp", "True"]
        await stage.bed.kubectl(
            "wait", "--for=condition=Ready", "-n", NAMESPACE, "providers.integrations.tekton.dev/github", "--timeout=5s"
        )
    assert len(stated(stage)) - before <= 4


def stated(stage: Stage) -> list[dict[str, Any]]:
    """Writes of Providers' status, by all tests so far."""
    return [each for each in stage.writes(NAMESPACE, "providers") if each["responseStatus"]["code"] == 200]


async def test_a_permission_that_is_missing_is_named_and_once_a_report_goes_the_app_is_tried_again(
    stage: Stage, namespace: str
) -> None:
    permissions = copy.copy(stage.app.permissions)
    stage.app.permissions = {"metadata": "read", "checks": "read"}
    async with stage.controller():
        said = await ready(stage, "False", "Forbidden")
        assert "lacks the permission `Checks: write`" in said
        assert "/settings/apps/app-7/permissions" in said
        stage.app.permissions = permissions
        await stage.player.play("success", namespace=namespace)
        await stage.reported(namespace)
        await ready(stage, "True", "Ready")
    found = await status(stage)  # a controller that ends says its last word
    assert found["reports"]["accepted"] >= 1
    assert found["lastSuccess"]["time"]
    assert len(stage.checks(SHA)) == 1


async def test_counts_go_on_where_a_former_controller_left_off_and_the_last_failure_is_told(
    stage: Stage, namespace: str
) -> None:
    async with stage.controller():
        await stage.player.play("success", namespace=namespace)
        await stage.reported(namespace)
    before = (await status(stage))["reports"]
    stage.github.world.installations.clear()
    async with stage.controller():
        await stage.player.play("failure", namespace=namespace)
        await polled(lambda: failures(stage, namespace))
    after = await status(stage)
    assert after["reports"]["accepted"] == before["accepted"] >= 1
    assert after["reports"]["givenUp"] >= 1
    assert after["lastError"]["reason"] == "NotVisible"
    assert after["lastError"]["time"].endswith("Z")


async def failures(stage: Stage, namespace: str) -> bool:
    found = [condition(each) for each in await stage.records(namespace)]
    return any(each["status"] == "False" for each in found)
