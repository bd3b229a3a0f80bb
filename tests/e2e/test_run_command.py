"""`tekton-integrations run` as users start it: what it needs, what it says, how it ends."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Controller
from hack.testbed import TestBed
from hack.testbed.api import polled
from tests.e2e.stage import Stage


async def run(*arguments: str, environment: dict[str, str] | None = None) -> tuple[int, str]:
    """Exit code, and all that it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tekton_integrations",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, output.decode()


async def test_it_runs_by_a_kubeconfig_too(stage: Stage, namespace: str) -> None:
    kubeconfig = await stage.bed.service_account_kubeconfig(NAMESPACE, SERVICE_ACCOUNT)
    async with Controller.started(kubeconfig, stage.log):
        await stage.player.play("success", namespace=namespace)
        await stage.reported(namespace)


async def test_in_a_cluster_the_heavy_client_is_not_imported(stage: Stage) -> None:
    code = (
        "import sys, asyncio; from tekton_integrations.kube.config import load; from pathlib import Path; "
        "import tekton_integrations.manager; "
        f"asyncio.run(load(None, Path({str(stage.pod.directory)!r}))); "
        "print(sorted(m for m in sys.modules if m.startswith('kubernetes')))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, env={**os.environ, **stage.pod.environment}
    )
    output, _ = await process.communicate()
    assert output.decode().strip() == "[]"


async def test_sigterm_ends_it_cleanly_and_soon(stage: Stage) -> None:
    async with stage.controller() as controller:
        controller.child.send(signal.SIGTERM)
        assert await asyncio.wait_for(controller.child.wait(), 5) == 0


@pytest.mark.long
async def test_an_api_server_without_our_manifests_is_said_with_the_cure(tmp_path: Path) -> None:
    async with TestBed.started() as empty:
        controller = await Controller.start(empty.admin_kubeconfig, tmp_path / "log")
        assert await asyncio.wait_for(controller.child.wait(), 30) == 1
        assert "are manifests/ applied" in (tmp_path / "log").read_text()


@pytest.mark.long
async def test_readyz_names_what_is_missing_while_healthz_stays_well(tmp_path: Path) -> None:
    manifests = Path(__file__).parents[2] / "manifests" / "base"
    async with (
        TestBed.started(manifests=[manifests]) as bed,
        aiohttp.ClientSession() as session,
        # Without Tekton's definitions there is nothing to list.
        Controller.started(
            await bed.service_account_kubeconfig(NAMESPACE, SERVICE_ACCOUNT), tmp_path / "log", ready=False
        ) as controller,
    ):

        async def names_it() -> bool:
            try:
                async with session.get(f"{controller.url}/readyz") as answer:
                    return answer.status == 503 and "PipelineRun: not listed yet" in await answer.text()
            except aiohttp.ClientError:
                return False

        await polled(names_it)
        async with session.get(f"{controller.url}/healthz") as answer:
            assert answer.status == 200


async def test_it_can_be_confined_to_one_namespace(stage: Stage, namespace: str) -> None:
    async with stage.controller("--watch-namespace", namespace):
        await stage.player.play("success", namespace="default", sha="1" * 40)
        await stage.player.play("success", namespace=namespace)
        await stage.reported(namespace)
    assert await stage.records("default") == []
    assert stage.checks("1" * 40) == []


async def test_an_unknown_integration_is_refused_with_what_is_installed() -> None:
    code, said = await run("run", "--integrations", "githug")
    assert code == 1
    assert "no integration 'githug' is installed (installed: cloudevent, github, slack, webhook)" in said


async def test_without_a_cluster_it_says_what_to_set(tmp_path: Path) -> None:
    code, said = await run("run", "--kubeconfig", str(tmp_path / "nowhere"))
    assert code == 1
    assert "set KUBECONFIG" in said
    assert "Traceback" not in said


@pytest.mark.long
async def test_it_waits_for_an_api_server_that_is_away_and_can_be_stopped_meanwhile(tmp_path: Path) -> None:
    async with TestBed.started() as bed:
        await bed.stop_apiserver()
        controller = await Controller.start(bed.admin_kubeconfig, tmp_path / "log")

        async def waits() -> bool:
            return "API server not ready" in (tmp_path / "log").read_text()

        await polled(waits)
        controller.child.send(signal.SIGTERM)
        assert await asyncio.wait_for(controller.child.wait(), 15) == 0
