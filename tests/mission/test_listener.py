"""tekton-pipeline-listener, as far as no other test shows it: what holds unless a variable says otherwise. Which other
tests show its clauses stands in docs/mission.md.
"""

import inspect

import aiohttp

from hack.player import Player
from hack.testbed import TestBed
from tekton_integrations.cli.serve import serve
from tests.e2e.served import basic, served

HOME = "tekton-pipelines"
LOGIN = {"insecure": False, "username": "ci", "password": "s3cret"}


def test_port_and_namespace_are_the_listeners_unless_variables_say_otherwise() -> None:
    given = inspect.signature(serve).parameters
    assert (given["port"].default, given["namespace"].default) == (8080, HOME)


async def test_runs_are_those_of_tekton_pipelines_and_a_stranger_sees_none(bed: TestBed) -> None:
    await bed.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}})
    async with Player.connected(bed.admin_kubeconfig) as player:
        await player.play("success", namespace=HOME, name="api-run-1", events=False)
    header = {"Authorization": basic("ci", "s3cret")}
    async with served(bed, **LOGIN) as url, aiohttp.ClientSession() as session:
        async with session.get(f"{url}/health") as answer:
            assert (answer.status, await answer.json()) == (200, {"status": 1})
        for path in ("status", "logs"):
            async with session.get(f"{url}/{path}/api-run-1") as answer:
                assert answer.status == 401
        async with session.get(f"{url}/status/api-run-1", headers=header) as answer:
            said = await answer.json()
            assert (answer.status, said.keys()) == (200, {"message", "reason", "type", "status"})
            assert (said["type"], said["reason"], said["status"]) == ("Succeeded", "Succeeded", "True")
        async with session.get(f"{url}/logs/api-run-1", headers=header) as answer:
            assert "--- PipelineRun api-run-1: Succeeded" in await answer.text()
    await bed.request("DELETE", f"/api/v1/namespaces/{HOME}")
