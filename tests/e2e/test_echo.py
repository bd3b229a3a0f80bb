"""A second integration, installed beside GitHub's and without pip: the core serves it by the contract alone."""

import base64
from pathlib import Path

import pytest

from hack.controller import NAMESPACE, Place
from hack.testbed import TestBed
from tests.e2e.builds import later_second
from tests.e2e.stage import GROUP, Stage, condition, run_path
from tests.fakes.echo import Receiver, Refusal, asking, installed, provider


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(environment=installed(tmp_path / "site"))


async def test_a_run_is_shown_at_both_places_that_it_asks_for(stage: Stage, namespace: str, place: Place) -> None:
    async with Receiver.started() as receiver, stage.controller("--integrations", "github,echo", place=place):
        await provide(stage.bed, receiver)
        await stage.player.play("success", namespace=namespace, annotations=asking("echo", name="both"), speed=1)
        await stage.all_reported(namespace, 2)
        await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/echo")
    [check] = stage.checks()
    shown = receiver.of("success")
    assert (check.conclusion, shown.state, shown.stale) == ("success", "Succeeded", False)
    assert {call.token for call in receiver.calls} == {"for-tests"}


async def test_a_place_that_fails_holds_up_nothing_at_the_other(stage: Stage, namespace: str, place: Place) -> None:
    async with Receiver.started() as receiver, stage.controller("--integrations", "github,echo", place=place):
        await provide(stage.bed, receiver)
        rule = receiver.faults.add(Refusal(status=503))
        await stage.player.play("success", namespace=namespace, annotations=asking("echo"))
        await stage.reported(namespace)
        record = await stage.record(namespace, integration="echo")
        assert condition(record)["status"] == "Unknown"
        receiver.faults.remove(rule)
        await stage.all_reported(namespace, 2)
        await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/echo")
    assert receiver.of("success").state == "Succeeded"


async def test_runs_of_one_group_know_of_each_other(stage: Stage, namespace: str, place: Place) -> None:
    async with Receiver.started() as receiver, stage.controller("--integrations", "github,echo", place=place):
        await provide(stage.bed, receiver)
        for number, (name, group) in enumerate((("success", "7"), ("failure", "8"), ("cancelled", "7")), 1):
            await stage.player.play(name, namespace=namespace, annotations=asking("echo", group=group))
            await stage.all_reported(namespace, 2 * number)
            await later_second(stage, run_path(namespace, name))
        await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/echo")
    told = {run: receiver.of(run).puts[-1].payload for run in ("success", "failure", "cancelled")}
    assert {run: each["siblings"] for run, each in told.items()} == {
        "success": [],
        "failure": [],
        "cancelled": ["success"],
    }
    assert all(each["newest"] for each in told.values())


async def provide(bed: TestBed, receiver: Receiver) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "echo", "namespace": NAMESPACE},
        "type": "integrations.tekton.dev/Echo",
        "data": {"token": base64.b64encode(b"for-tests").decode()},
    }
    await bed.apply(secret, provider(NAMESPACE, "echo", endpoint=receiver.url, secret="echo"))
