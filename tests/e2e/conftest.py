import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from hack.controller import Controller
from hack.recording import DATA
from hack.testbed import Kubelet, TestBed
from tests.e2e.handmade import Handmade
from tests.e2e.served import may_read_logs, served
from tests.e2e.stage import Stage


@pytest.fixture
async def stage(bed: TestBed, tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage.set(bed, tmp_path) as stage:
        yield stage


@pytest.fixture
async def controller(stage: Stage) -> AsyncIterator[Controller]:
    async with stage.controller() as controller:
        yield controller


@pytest.fixture(scope="module")
async def kubelet(bed: TestBed, request: pytest.FixtureRequest) -> AsyncIterator[Kubelet]:
    """Serves logs; a node for each module."""
    async with Kubelet.started(bed, request.module.__name__.rpartition(".")[2].replace("_", "-")) as started:
        yield started


@pytest.fixture(scope="module")
async def url(bed: TestBed) -> AsyncIterator[str]:
    """That of a service that lets everybody read."""
    async with served(bed) as url:
        yield url


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def run(bed: TestBed, kubelet: Kubelet, namespace: str) -> Handmade:
    """One that is not there yet, in a namespace that lets the service read its logs."""
    await may_read_logs(bed, namespace)
    return Handmade(bed, kubelet, namespace, "demo")


@pytest.fixture
def flaky(tmp_path: Path) -> Path:
    """The recorded TaskRun that fails three times with `retries: 2`, as one that belongs to no PipelineRun."""
    lines = [json.loads(line) for line in (DATA / "retries.ndjson").read_text().splitlines()]
    kept = [line for line in lines if line["object"]["kind"] == "TaskRun"]
    for line in kept:
        metadata = line["object"]["metadata"]
        metadata.pop("ownerReferences", None)
        metadata["labels"] = {k: v for k, v in metadata["labels"].items() if not k.startswith("tekton.dev/")}
    path = tmp_path / "flaky.ndjson"
    path.write_text("\n".join(json.dumps(line) for line in kept))
    return path
