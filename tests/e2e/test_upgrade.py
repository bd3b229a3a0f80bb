"""From a former version to this one and back, by the commands in the docs: nothing is lost or told twice, and what is
installed no more goes."""

import io
import shutil
import subprocess
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hack.controller import NAMESPACE, Place
from hack.testbed import TEKTON_CRDS, ApiError, TestBed
from hack.testbed.api import polled
from tests.e2e.overlays import ROOT, WAYS, Object, built, own
from tests.e2e.replicas import Marker, Witness
from tests.e2e.stage import GROUP, Stage, condition
from tests.hack.test_docs import Reader, blocks

# Before Notifications and open records: fewer definitions, roles and policies, and other fields of Providers.
pytestmark = pytest.mark.long
FORMER = "223d1211cde990d85693c13470e7f8d0692f9786"
INTEGRATION = f"{GROUP}/namespaces/{NAMESPACE}/integrations/github"
PROVIDER = f"{GROUP}/namespaces/{NAMESPACE}/providers/github"


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That version's checkout."""
    parts = ["manifests", "tekton_integrations", "integrations"]
    found = subprocess.run(["git", "archive", FORMER, *parts], cwd=ROOT.parent, capture_output=True, check=False)
    if found.returncode:
        pytest.skip(f"the history of this checkout does not reach back to {FORMER}: {found.stderr.decode()}")
    folder = tmp_path_factory.mktemp("former")
    with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[TestBed]:
    async with TestBed.started(manifests=[TEKTON_CRDS]) as started:
        yield started


def commands(*, prune: bool = False) -> str:
    """Those of the docs."""
    found = [block for block in blocks("docs/install.md", "sh") if "kubectl apply --server-side" in block]
    [wanted] = [block for block in found if ("KINDS=" in block) == prune]
    return wanted


async def kept(bed: TestBed) -> list[dict[str, Any]]:
    """What must outlive any change of versions, but for what is said of it."""
    records = (await bed.request("GET", f"{GROUP}/namespaces/default/integrationstatuses"))["items"]
    ended = [each for each in records if each["spec"]["runRef"]["name"] == "ended"]
    found = [await bed.request("GET", path) for path in (INTEGRATION, PROVIDER)]
    return [*ended, *({"uid": each["metadata"]["uid"], "spec": each.get("spec")} for each in found)]


async def install(bed: TestBed, former: Path) -> None:
    """As that version's README said. Returns when its records can be listed."""
    await bed.kubectl("apply", "-k", str(former / "manifests" / "base"))

    async def listed() -> bool:
        try:
            await bed.request("GET", f"{GROUP}/integrationstatuses")
        except ApiError:
            return False
        return True

    await polled(listed)


async def play(stage: Stage, name: str, number: int) -> None:
    """A run that is over, and reported."""
    sha = f"{number:040x}"
    await stage.player.play("success", namespace="default", name=name, sha=sha, events=False)

    async def recorded() -> bool:
        found = [each for each in await stage.records("default") if each["spec"]["runRef"]["name"] == name]
        return [condition(each)["status"] for each in found] == ["True"]

    await polled(recorded)
    assert [check.conclusion for check in stage.checks(sha)] == ["success"]


async def test_an_upgrade_loses_nothing_and_tells_nothing_twice_and_neither_does_the_way_back(
    cluster: TestBed, former: Path, tmp_path: Path
) -> None:
    shutil.copytree(ROOT, tmp_path / "manifests")
    paths = f"{former}:{former}/integrations/github"
    then = Place(environment={"PYTHONPATH": paths, "PYTHONSAFEPATH": "1"})
    await install(cluster, former)
    async with Stage.set(cluster, tmp_path) as stage, Witness.watching(cluster, "github") as witness:
        old = await stage.start_controller(place=then)
        holder = (await witness.taken()).holder
        await play(stage, "ended", 1)
        marker = await Marker.set(stage, "default")
        before = await kept(cluster)
        await Reader(cluster, tmp_path).types(commands())
        async with stage.controller():
            await old.stop()
            holder = (await witness.taken(from_holder=holder)).holder
            await marker.end()
            await marker.reported()
            await play(stage, "after", 2)
            assert await kept(cluster) == before
            await Reader(cluster, former).types(commands())
            back = await stage.start_controller(place=then)
            await back.ready()
        await witness.taken(from_holder=holder)
        await play(stage, "back", 3)
        await back.stop()
        assert await kept(cluster) == before
        shown = [stage.checks(sha) for sha in (*(f"{number:040x}" for number in (1, 2, 3)), Marker.SHA)]
        assert [[check.conclusion for check in checks] for checks in shown] == [["success"]] * 4


async def test_what_another_overlay_has_no_more_is_gone(cluster: TestBed, tmp_path: Path) -> None:
    shutil.copytree(ROOT, tmp_path / "manifests")
    more = own(tmp_path / "all", ["overlays/separate", "serve"])
    await cluster.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(more))
    [base] = await built(cluster, ROOT / "base")
    await Reader(cluster, tmp_path).types(commands(prune=True))
    await Reader(cluster, tmp_path).types(commands(prune=True))  # nothing is left to delete
    kinds = "deployments,services,sa,roles,rolebindings,clusterroles,clusterrolebindings,netpol,pdb,crds"
    kinds += ",validatingadmissionpolicies,validatingadmissionpolicybindings"
    found = await cluster.kubectl("get", kinds, "-A", "-o", "name")
    ours = {line.split("/")[1] for line in found.splitlines() if line.split("/")[1].startswith("tekton-integrations")}
    assert ours == {name for name in named(base) if name.startswith("tekton-integrations")}


def named(found: list[Object]) -> set[str]:
    return {each["metadata"]["name"] for each in found}


async def test_all_kinds_but_definitions_and_namespaces_are_looked_through(cluster: TestBed, tmp_path: Path) -> None:
    ways = await built(cluster, own(tmp_path / "all", ["overlays/separate", "serve"]), *(ROOT / each for each in WAYS))
    kinds = {each["kind"] for found in ways for each in found} - {"CustomResourceDefinition", "Namespace"}
    told = commands(prune=True).partition("\nOURS")[0].replace("\nKINDS=$KINDS", "").removeprefix("KINDS=").split(",")
    assert sorted(told) == sorted(
        f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s" for kind in map(str.lower, kinds)
    )
