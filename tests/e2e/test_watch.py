"""The watch against a real API server that restarts, and connections that die without a word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hack.player import Player
from hack.testbed import TEKTON_CRDS, TestBed
from hack.testbed.api import polled
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig, load
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.kube.source import Source
from tekton_integrations.run import Run
from tests.e2e.stage import RUNS, Stage, run_path


class Wire:
    """A TCP proxy before the API server whose connections can fall silent or break."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._silent = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def fall_silent(self) -> None:
        """Connections that are open stay open, and nothing comes through them any more."""
        self._silent.set()
        self._silent = asyncio.Event()

    def cut(self) -> None:
        """Connections break, in the middle of whatever they carry."""
        for task in self._tasks:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        silent = self._silent
        for source, sink in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._carry(source, sink, silent))
            self._tasks.add(task)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, silent: asyncio.Event) -> None:
        try:
            while data := await source.read(65536):
                if not silent.is_set():
                    sink.write(data)
        except ConnectionError:
            pass
        finally:
            sink.transport.abort()


@asynccontextmanager
async def following(config: ClusterConfig, silence: float = 90) -> AsyncIterator[Informer[Run]]:
    async with KubeClient(config) as client:
        source = Source("PipelineRun", RUNS, decode_run, silence)
        informer = Informer(client, source, Lister[Run]())
        task = asyncio.create_task(informer.run())
        try:
            await asyncio.wait_for(informer.synced.wait(), 20)
            yield informer
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def holds(informer: Informer[Run], namespace: str, names: set[str], seconds: float = 30) -> None:
    async def probe() -> bool:
        return {run.name for run in informer.lister if run.namespace == namespace} == names

    await polled(probe, seconds)


@pytest.fixture
async def config(bed: TestBed) -> ClusterConfig:
    return await load(str(bed.admin_kubeconfig))


@pytest.mark.parametrize("how", ["fall_silent", "cut"])
async def test_a_dead_connection_is_replaced_and_deletions_meanwhile_are_noticed(
    bed: TestBed, config: ClusterConfig, namespace: str, how: str
) -> None:
    player = Player(bed.api)
    async with Wire(bed.port).open() as wire:
        through = ClusterConfig(f"https://127.0.0.1:{wire.port}", config.ssl, config.authorization)
        async with following(through, silence=1.0) as informer:
            await player.play("not-found", namespace=namespace, name="first")
            await holds(informer, namespace, {"first"})
            getattr(wire, how)()
            await bed.request("DELETE", run_path(namespace, "first"))
            await player.play("not-found", namespace=namespace, name="second")
            await holds(informer, namespace, {"second"})


@pytest.mark.long
async def test_runs_are_reported_through_a_restart_of_the_api_server(tmp_path: Path) -> None:
    manifests = Path(__file__).parents[2] / "manifests" / "base"
    async with (
        TestBed.started(manifests=[TEKTON_CRDS, manifests]) as bed,
        Stage.set(bed, tmp_path) as stage,
        stage.controller("--log-level", "debug"),
    ):
        run = await stage.player.start("success", namespace="default")
        await run.to_end(until=lambda step: step.kind == "PipelineRun" and step.status == "True")
        await stage.until_record("default", lambda r: r["status"].get("observedState") == "Running")
        await stage.bed.restart_apiserver(kill=True)
        await run.to_end()
        await stage.player.play("failure", namespace="default", sha="f" * 40)
        await stage.all_reported("default", 2)
        assert [check.conclusion for check in stage.checks()] == ["success"]
        assert [check.conclusion for check in stage.checks("f" * 40)] == ["failure"]
