"""The image: built by `make image` with what was asked for, run as the manifests run it, extended as the docs say."""

import asyncio
import hashlib
import os
import re
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Controller
from hack.testbed import TestBed
from hack.testbed.process import Child, free_port
from hack.testbed.programs import cache
from tests.e2e.containers import Buildah, Missing, entering, packed, said
from tests.e2e.overlays import ROOT, Object, container
from tests.e2e.stage import Stage
from tests.fakes.echo import Receiver, asking, installed, provider
from tests.hack.test_docs import blocks

pytestmark = pytest.mark.long
HERE = ROOT.parent
IMAGE, EXTENDED = "localhost/tekton-integrations:0.1.0", "localhost/extended"


async def wheels() -> Path:
    """What our packages need, and what builds them, from an index or from a run before."""
    files = [HERE / "pyproject.toml", *HERE.glob("integrations/*/pyproject.toml")]
    needed = {each for file in files for each in tomllib.loads(file.read_text())["project"]["dependencies"]}
    wanted = sorted(each for each in needed if not each.startswith("tekton-integrations"))
    key = hashlib.sha256(f"{sys.version}{wanted}".encode()).hexdigest()[:16]
    folder = cache().parent / "wheels" / key
    if not (folder / "done").exists():
        await said(
            [sys.executable, "-m", "pip", "wheel", "-w", str(folder), "hatchling>=1.26", *wanted], HERE, os.environ
        )
        (folder / "done").touch()
    return folder


@pytest.fixture(scope="module")
async def buildah(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buildah]:
    """With the image of github alone, and one on top of it with a package of somebody else's, as the docs say."""
    try:
        async with Buildah.opened(tmp_path_factory.mktemp("buildah")) as opened:
            await opened.base()
            pip = f"--volume {await wheels()}:/wheels:ro --build-arg PIP_NO_INDEX=1 --build-arg PIP_FIND_LINKS=/wheels"
            variables = {"BUILDAH": " ".join(opened.command), "BASE": "localhost/base", "IMAGE_FLAGS": pip}
            asked = [f"{name}={value}" for name, value in {**variables, "INTEGRATIONS": "github"}.items()]
            await said(["make", "image", *asked], HERE, opened.environment)
            await extend(opened, tmp_path_factory.mktemp("context"))
            yield opened
    except Missing as missing:
        pytest.skip(f"no image can be built here: {missing}")


async def extend(buildah: Buildah, folder: Path) -> None:
    [text] = blocks("docs/install.md", "dockerfile")
    assert len(text.splitlines()) == 3
    [name] = re.findall(r"^COPY (\S+)", text, re.MULTILINE)
    installed(folder / "site")
    packed(folder / "site", folder / name.replace("acme_integration-1.0", "tekton_integrations_echo-0"))
    (folder / "Containerfile").write_text(
        text.replace("REGISTRY", "localhost").replace("acme_integration-1.0", "tekton_integrations_echo-0")
    )
    await buildah("build", "--tag", EXTENDED, ".", where=folder)


def deployed() -> Object:
    """The Deployment of manifests/controller."""
    found: Object
    [_, found] = yaml.safe_load_all((ROOT / "controller" / "deployment.yaml").read_text())
    return found


class Pod:
    """Starts an image as the manifests' pod does."""

    def __init__(self, buildah: Buildah, bed: TestBed, image: str) -> None:
        self._buildah, self._bed, self._image = buildah, bed, image
        self.root = Path()

    async def command(self, *arguments: str, **variables: str) -> list[str]:
        config = await self._buildah.config(self._image)
        self.root = await self._buildah.unpacked(self._image)
        spec = deployed()["spec"]["template"]["spec"]
        said = {each["name"]: NAMESPACE for each in container(deployed())["env"]}
        environment = dict(each.split("=", 1) for each in config["Env"]) | said | self._bed.service_environment
        account = await self._bed.service_account_directory(NAMESPACE, SERVICE_ACCOUNT)
        user = spec["securityContext"]["runAsUser"]
        assert config["User"] == f"{user}:{user}"
        return entering(self.root, account, user, environment | variables, [*config["Entrypoint"], *arguments])


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


async def test_it_reports_as_nobody_without_a_right_and_with_a_package_on_top(
    buildah: Buildah, bed: TestBed, stage: Stage, namespace: str, tmp_path: Path
) -> None:
    port = free_port()
    pod = Pod(buildah, bed, EXTENDED)
    run, _ = container(deployed())["args"]
    health = {"TEKTON_INTEGRATIONS_HEALTH_PORT": str(port), "TEKTON_INTEGRATIONS_HEALTH_HOST": "127.0.0.1"}
    command = await pod.command(run, "--integrations=github,echo", **health)
    async with Receiver.started() as receiver:
        await bed.apply(provider(NAMESPACE, "echo", endpoint=receiver.url))
        child = await Child.started(command, tmp_path / "log")
        try:
            await Controller(child, f"http://127.0.0.1:{port}").ready()
            found = status_of(child.pid)
            assert (set(found["Uid"].split()), int(found["CapEff"], 16)) == ({"65532"}, 0)
            with pytest.raises(OSError, match="Read-only"):
                (Path(f"/proc/{child.pid}/root") / "written").touch()
            await stage.player.play("success", namespace=namespace, annotations=asking("echo"))
            await stage.all_reported(namespace, 2)
        finally:
            await child.stop()
        assert receiver.of("success").state == "Succeeded"
    await stage.bed.request("DELETE", f"/apis/integrations.tekton.dev/v1alpha1/namespaces/{NAMESPACE}/providers/echo")
    assert [check.conclusion for check in stage.checks()] == ["success"]


async def test_only_what_was_asked_for_is_in_it(buildah: Buildah, bed: TestBed, tmp_path: Path) -> None:
    command = await Pod(buildah, bed, IMAGE).command("run", "--integrations=slack")
    child = await Child.started(command, tmp_path / "log")
    assert await asyncio.wait_for(child.wait(), 60) != 0
    assert "slack" in (tmp_path / "log").read_text()


async def test_what_is_imported_is_compiled(buildah: Buildah) -> None:
    """Or each start would take seconds: nothing can be written there when it runs."""
    root = await buildah.unpacked(IMAGE)
    [package] = root.glob("usr/local/lib/python3*/site-packages/tekton_integrations")
    sources = [path.relative_to(package) for path in package.rglob("*.py")]
    assert sources
    compiled = {path.parent.parent / path.name.split(".")[0] for path in package.rglob("__pycache__/*.pyc")}
    assert {package / each.with_suffix("") for each in sources} == compiled
