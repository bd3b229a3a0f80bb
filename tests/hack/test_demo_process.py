"""The demo as a user runs it: it ends well or says what is wrong, and leaves nothing behind, in no cluster."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from hack.demo.installed import path_of
from hack.demo.scenes import FAILURE
from hack.testbed import TEKTON_CRDS, Api, TestBed
from hack.testbed.apply import manifests

ROOT = Path(__file__).parents[2]
BASE = ROOT / "manifests" / "base"


async def test_the_paths_of_all_manifests_are_known(cluster: TestBed) -> None:
    """Else the demo would leave behind in a user's cluster what it applied."""
    for applied in await cluster.apply(TEKTON_CRDS, BASE):
        found = await cluster.request("GET", path_of(applied))
        assert found["metadata"]["uid"] == applied["metadata"]["uid"]
    await _empty(cluster)


async def _empty(cluster: TestBed) -> None:
    applied = [path_of(each) for source in (TEKTON_CRDS, BASE) for each in manifests(source)]
    for path in reversed(applied):
        await cluster.request("DELETE", path)
    await cluster.kubectl("wait", "--for=delete", "namespace/tekton-integrations", "--timeout=60s")


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[TestBed]:
    """A cluster that is not the demo's, without Tekton and without us."""
    async with TestBed.started(controller_manager=True) as started:
        yield started


async def everything(api: Api) -> set[str]:
    """The uids of all objects that the demo might have made."""
    rbac = "rbac.authorization.k8s.io/v1"
    kinds = ("clusterroles", "clusterrolebindings", "roles", "rolebindings")
    paths = [
        "/api/v1/namespaces",
        "/api/v1/secrets",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
        *(f"/apis/{rbac}/{kind}" for kind in kinds),
    ]
    answers = [await api.request("GET", path) for path in paths]
    return {item["metadata"]["uid"] for answer in answers for item in answer["items"]}


@dataclass
class Performance:
    """A demo in a process of its own, with a folder for its temporary files."""

    process: asyncio.subprocess.Process
    folder: Path
    output: str = ""

    @classmethod
    async def begun(cls, folder: Path, **environ: str) -> "Performance":
        clean = {key: value for key, value in os.environ.items() if key not in ("KUBECONFIG", "KEEP")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hack.demo"),
            cwd=ROOT,
            env=clean | {"TMPDIR": str(folder), "COLUMNS": "80", "CI": "true"} | environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return cls(process, folder)

    async def until(self, text: str) -> None:
        """Reads on until a line holds `text`; to the end where none does."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.output += line.decode()
            if text in line.decode():
                return

    async def end(self) -> int:
        await self.until("\0")
        return await self.process.wait()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def left(self) -> list[str]:
        """Files, and processes that were started with this folder for their files."""
        mark = f"TMPDIR={self.folder}\0".encode()
        running = [each.parent.name for each in Path("/proc").glob("[0-9]*/environ") if mark in _read(each)]
        return running + [each.name for each in self.folder.iterdir()]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


@pytest.mark.e2e
async def test_the_demo_ends_with_one_right_check_run_for_each_run(tmp_path: Path) -> None:
    demo = await Performance.begun(tmp_path)
    assert await demo.end() == 0, demo.output
    assert "RIGHT: exactly one check run for each of the 4 runs." in demo.output
    assert demo.left() == []
    # In this order: what will be seen, what happens, what is seen, what the cluster says, and what to do next.
    landmarks = ("nothing has run yet", "in_progress", FAILURE.title, "REPORTED", "Warning  Failed", "KEEP=1 make demo")
    places = [demo.output.index(landmark) for landmark in landmarks]
    assert places == sorted(places)
    progress = [line for line in demo.output.splitlines() if re.match(r" *\d+\.\ds ", line)]
    assert max(map(len, progress)) <= 80


@pytest.mark.e2e
async def test_the_demo_fails_when_github_shows_no_check_runs(tmp_path: Path) -> None:
    """Kept running, it shows what is wrong until it is stopped."""
    demo = await Performance.begun(tmp_path, KEEP="1")
    await demo.until("GitHub look-alike:")
    page = demo.output.split()[-1]
    fault = {"match": "POST .*/check-runs", "fault": "NotFound", "times": None}
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        await session.post(URL(page).origin() / "_lookalike" / "faults", json=fault)
        await demo.until("controller.log")
        assert "WRONG" in demo.output
        assert "failure: no check runs instead of one" in demo.output
        assert "NotFound" in demo.output
        async with session.get(page) as response:
            assert FAILURE.commit in await response.text()
    assert f"export KUBECONFIG={tmp_path}/" in demo.output
    demo.stop()
    assert await demo.end() == 1
    assert demo.left() == []


@pytest.mark.e2e
async def test_a_cluster_of_ones_own_is_left_as_it_was(cluster: TestBed, tmp_path: Path) -> None:
    before = await everything(cluster.api)
    demo = await Performance.begun(tmp_path, KUBECONFIG=str(cluster.admin_kubeconfig))
    assert await demo.end() == 0, demo.output
    assert demo.output.index("uses YOUR cluster") < demo.output.index("Preview")
    assert await everything(cluster.api) == before
    assert demo.left() == []


@pytest.mark.e2e
async def test_a_demo_that_is_stopped_cleans_up_a_cluster_of_ones_own(cluster: TestBed, tmp_path: Path) -> None:
    before = await everything(cluster.api)
    demo = await Performance.begun(tmp_path, KUBECONFIG=str(cluster.admin_kubeconfig))
    await demo.until("in_progress")
    demo.stop()
    await demo.until("Stopping")
    demo.stop()  # impatience must not break the cleaning off
    assert await demo.end() == 130
    assert await everything(cluster.api) == before
    assert demo.left() == []


@pytest.mark.e2e
async def test_an_installation_is_not_touched(cluster: TestBed, tmp_path: Path) -> None:
    await cluster.apply(TEKTON_CRDS, BASE)
    before = await everything(cluster.api)
    demo = await Performance.begun(tmp_path, KUBECONFIG=str(cluster.admin_kubeconfig))
    assert await demo.end() == 1
    assert "tekton-integrations is installed in this cluster" in " ".join(demo.output.split())
    assert await everything(cluster.api) == before
    await _empty(cluster)
