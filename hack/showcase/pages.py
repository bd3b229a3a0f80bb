"""Pictures of our own page about a run: one that goes on, and one that failed, with the logs of a real recording."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Browser, Page

from hack.chromium import chromium
from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Controller, Pod
from hack.player import Player
from hack.testbed import TEKTON_CRDS, Kubelet, TestBed
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import load
from tekton_integrations.web.serving import opened
from tekton_integrations.web.settings import WebSettings

from .scenes import FAILURE, INTEGRATION_LOG, PREFIX, SHOP
from .stage import BASE, furnish, furnished, settled, write_logs

SERVE = BASE.parent / "serve"
ACCOUNT = "tekton-integrations-serve"
GOING, ENDED = "release-42", FAILURE.name
# The step of the recording up to which the run that goes on is played: one task has failed, another runs.
UNTIL = 36


_STOPS = tuple(f"{number} of 8 connections closed" for number in range(1, 6))
_LIKE_IT = replace(
    FAILURE,
    name=GOING,
    logs={
        (f"{GOING}-clone-pod", "step-run"): ("Cloning into '/workspace/source' ...", "HEAD is now at 3f78685"),
        (f"{GOING}-test-pod", "step-integration"): INTEGRATION_LOG,
        (f"{GOING}-cleanup-pod", "step-run"): ("\x1b[33mwaiting\x1b[0m for the database to stop", *_STOPS),
    },
)


class Shot(NamedTuple):
    """`path` of the page, and how it is looked at; `open`: the task whose details are open."""

    file: str
    path: str
    scheme: str
    width: int
    height: int
    open: str = ""


SHOTS = (
    Shot("light.png", f"/runs/{SHOP}/{ENDED}", "light", 1100, 1490, "test"),
    Shot("dark.png", f"/runs/{SHOP}/{GOING}", "dark", 1100, 1330),
    Shot("phone.png", f"/runs/{SHOP}/{ENDED}", "light", 390, 1460),
    Shot("list.png", f"/runs/{SHOP}", "light", 1100, 420),
)


async def photographed(folder: Path) -> list[Path]:
    """The pictures. Raises ShowcaseError, StartError."""
    async with _shown() as url, chromium() as browser:
        return [await _photograph(browser, url, shot, folder / shot.file) for shot in SHOTS]


@asynccontextmanager
async def _shown() -> AsyncIterator[str]:
    """The URL of the service, with both runs."""
    async with AsyncExitStack() as stack:
        bed = await stack.enter_async_context(TestBed.started(manifests=[TEKTON_CRDS, BASE, SERVE]))
        await furnish(bed, await stack.enter_async_context(furnished()))
        await bed.apply(_logs_served(SHOP))
        kubelet = await stack.enter_async_context(Kubelet.started(bed))
        await write_logs(kubelet, [FAILURE, _LIKE_IT])
        pod = Pod(await bed.service_account_directory(NAMESPACE, SERVICE_ACCOUNT), bed.service_environment)
        log = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tekton-showcase-"))) / "controller.log"
        await stack.enter_async_context(Controller.started(pod, log))
        await _play(await stack.enter_async_context(Player.connected(bed.admin_kubeconfig)), bed)
        kubeconfig = await bed.service_account_kubeconfig(NAMESPACE, ACCOUNT)
        client = await stack.enter_async_context(KubeClient(await load(str(kubeconfig))))
        settings = WebSettings(host="127.0.0.1", port=0, insecure=True)
        yield f"http://127.0.0.1:{await stack.enter_async_context(opened(settings, client))}"


async def _play(player: Player, bed: TestBed) -> None:
    asked: dict[str, Any] = {
        "namespace": FAILURE.namespace,
        "sha": FAILURE.sha,
        "annotations": {f"{PREFIX}{key}": value for key, value in FAILURE.annotations.items()},
    }
    await player.play(FAILURE.recording, name=ENDED, speed=1, **asked)
    await settled(bed, "github", 1)
    await player.play(FAILURE.recording, name=GOING, speed=1, until=UNTIL, **asked)


def _logs_served(namespace: str) -> dict[str, Any]:
    """What a team applies to let the service show its logs."""
    rbac = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{rbac}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "tekton-integrations-serve-logs", "namespace": namespace},
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "tekton-integrations-serve-logs"},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}],
    }


async def _photograph(browser: Browser, url: str, shot: Shot, file: Path) -> Path:
    context = await browser.new_context(
        color_scheme="dark" if shot.scheme == "dark" else "light",
        viewport={"width": shot.width, "height": shot.height},
    )
    page = await context.new_page()
    await page.goto(url + shot.path)
    if "/runs/shop/" in shot.path:
        await _settle(page, shot)
    await page.screenshot(path=file)
    await context.close()
    return file


async def _settle(page: Page, shot: Shot) -> None:
    """All that comes later is there."""
    await page.locator("#live.on").wait_for()
    await page.locator(".story.good, .story.going").first.wait_for()
    await page.locator("#lines > div").last.wait_for()
    if shot.open:
        await page.locator("summary", has_text=shot.open).first.click()
        await page.mouse.move(0, 0)
