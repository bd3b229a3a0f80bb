"""Several Deployments with different integrations on one cluster; what `kubectl get integrations` tells of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hack.controller import NAMESPACE, Place
from hack.testbed.api import polled
from tests.e2e.stage import GROUP, Stage, condition
from tests.fakes.echo import Receiver, asking, installed, provider

INTEGRATIONS = f"{GROUP}/namespaces/{NAMESPACE}/integrations"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(environment=installed(tmp_path / "site"))


async def test_no_deployment_calls_the_others_annotations_unknown(stage: Stage, namespace: str, place: Place) -> None:
    asked = asking("echo", name="both") | {"pagers.integrations.tekton.dev/team": "blue"}
    async with (
        Receiver.started() as receiver,
        stage.controller(),
        stage.controller("--integrations", "echo", place=place),
    ):
        await stage.bed.apply(provider(NAMESPACE, "echo", endpoint=receiver.url))
        await stage.player.play("success", namespace=namespace, annotations=asked, speed=1)
        unknown = await stage.failed(namespace, "NotInstalled", integration="pagers")
        for integration in ("github", "echo"):
            await stage.until_record(
                namespace, lambda record: condition(record)["status"] == "True", integration=integration
            )
        await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/echo")
    assert "no package of that name is known" in condition(unknown)["message"]
    assert receiver.of("success").state == "Succeeded"
    warnings = await stage.events(namespace, "Warning")
    assert [event["reason"] for event in warnings] == ["NotInstalled"]
    for name in ("core", "echo", "github"):
        lease = await stage.bed.request("GET", f"{LEASES}/tekton-integrations-{name}")
        assert not lease["spec"].get("holderIdentity")


async def test_what_is_not_installed_names_the_package_that_would_bring_it(stage: Stage, namespace: str) -> None:
    async with stage.controller():
        asked = {"slack.integrations.tekton.dev/channel": "#builds"}
        await stage.player.play("success", namespace=namespace, annotations=asked, speed=1)
        record = await stage.failed(namespace, "NotInstalled", integration="slack")
    assert "install tekton-integrations-slack and name slack in --integrations" in condition(record)["message"]


async def test_a_run_that_was_told_so_is_reported_once_the_integration_is_there(
    stage: Stage, namespace: str, place: Place
) -> None:
    await stage.bed.kubectl("delete", "integrations", "milestones", "-n", NAMESPACE, "--ignore-not-found")
    # Its recorded end must not come before the installation.
    begin = datetime.now(UTC) + timedelta(minutes=1)
    run = await stage.player.start("success", namespace=namespace, annotations=asking("milestones"), begin=begin)
    async with Receiver.started() as receiver, stage.controller():
        await stage.failed(namespace, "NotInstalled", integration="milestones")
        await stage.bed.apply(provider(NAMESPACE, "echo", endpoint=receiver.url))
        async with stage.controller("--integrations", "milestones", place=place):
            await run.to_end()
            await stage.until_record(
                namespace, lambda record: condition(record)["status"] == "True", integration="milestones"
            )
        await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/echo")
    assert receiver.of("success").names == ["created", "started", "finished"]


async def test_who_asks_for_an_integration_that_was_taken_away_is_told_so_once_its_object_is_deleted(
    stage: Stage, namespace: str, place: Place
) -> None:
    async with stage.controller("--integrations", "milestones", place=place):
        pass
    asked = asking("milestones") | {"pagers.integrations.tekton.dev/team": "blue"}
    async with stage.controller():
        await stage.player.play("success", namespace=namespace, annotations=asked, speed=1)
        await stage.failed(namespace, "NotInstalled", integration="pagers")
        said = {record["spec"]["integration"] for record in await stage.records(namespace)}
        assert "milestones" not in said
        await stage.bed.request("DELETE", f"{INTEGRATIONS}/milestones")
        await stage.failed(namespace, "NotInstalled", integration="milestones")


async def test_after_a_kill_the_last_word_stands_and_the_lease_tells(stage: Stage) -> None:
    async def said(holder: str) -> bool:
        status = (await stage.bed.request("GET", f"{INTEGRATIONS}/github")).get("status", {})
        return bool(status.get("holder") == holder and status["conditions"][0]["status"] == "True")

    async def expired() -> bool:
        spec = (await stage.bed.request("GET", f"{LEASES}/tekton-integrations-github"))["spec"]
        age = datetime.now(UTC) - datetime.fromisoformat(spec["renewTime"])
        return bool(spec["holderIdentity"] == "pod-1" and age > timedelta(seconds=spec["leaseDurationSeconds"]))

    controller = await stage.start_controller("--identity=pod-1")
    await polled(lambda: said("pod-1"))
    await controller.kill()
    await polled(expired)
    assert await said("pod-1")


async def test_kubectl_shows_what_is_installed_whether_it_works_and_who_works_it(stage: Stage, namespace: str) -> None:
    async with stage.controller("--identity=pod-1"):
        await stage.player.play("success", namespace=namespace, speed=1)
        await stage.reported(namespace)

        async def worked() -> str | None:
            text = await stage.bed.kubectl("get", "integrations", "github", "-n", NAMESPACE, "-o", "wide")
            return text if "pod-1" in text else None

        shown = await polled(worked)
        narrow = await stage.bed.kubectl("get", "integrations", "-n", NAMESPACE)
    assert shown.splitlines()[0].split()[:3] == ["NAME", "VERSION", "READY"]
    assert shown.splitlines()[1].split()[:3] == ["github", "v1", "True"]
    assert max(map(len, narrow.splitlines())) <= 80
    stopped = await stage.bed.request("GET", f"{INTEGRATIONS}/github")
    [ready] = stopped["status"]["conditions"]
    assert (ready["status"], ready["reason"]) == ("False", "Stopped")
