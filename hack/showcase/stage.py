"""Plays all scenes through the real controller on a test bed, before the look-alike of GitHub, each run at its pace."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from hack import objects
from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Controller, Pod
from hack.objects import PATH
from hack.player import PlayedRun, Player
from hack.recording import Step
from hack.testbed import TEKTON_CRDS, Kubelet, TestBed
from hack.testbed.api import polled
from tests.fakes.github import GitHub

from .scenes import LEGACY, OFFICE, PREFIX, REPOSITORY, SCENES, SHOP, Scene

BASE = Path(__file__).parents[2] / "manifests" / "base"
APP, APP_NAME = 7, "Tekton Integrations"
TOKEN = "ghp_showcase"
DETAILS = "https://tekton.example.com/#/namespaces/$(namespace)/$(kind)/$(name)"
SECONDS = 60.0
LOG_LINES = 15


class ShowcaseError(Exception):
    """What kept the showcase from being made; the message names the runs."""


@asynccontextmanager
async def played(folder: Path) -> AsyncIterator[GitHub]:
    """The look-alike with all that the controller showed there. The controller's log goes to `folder`.

    Raises ShowcaseError, StartError.
    """
    async with AsyncExitStack() as stack:
        bed = await stack.enter_async_context(TestBed.started(manifests=[TEKTON_CRDS, BASE]))
        await perform(bed, github := await stack.enter_async_context(furnished()), folder)
        yield github


@asynccontextmanager
async def furnished() -> AsyncIterator[GitHub]:
    """A GitHub with the commits and pull requests of all scenes."""
    async with GitHub.started() as github:
        app = github.add_app(APP, name=APP_NAME)
        github.add_repository(REPOSITORY, installation_of=app)
        github.add_token(TOKEN)
        for scene in SCENES:
            github.add_commit(REPOSITORY, scene.sha, scene.commit)
            if scene.pull:
                github.add_pull_request(REPOSITORY, scene.pull, scene.sha, title=scene.commit)
        yield github


async def perform(bed: TestBed, github: GitHub, folder: Path) -> None:
    """Returns when GitHub shows the end of every run."""
    pod = Pod(await bed.service_account_directory(NAMESPACE, SERVICE_ACCOUNT), bed.service_environment)
    await furnish(bed, github)
    log = folder / "controller.log"
    async with (
        Kubelet.started(bed) as kubelet,
        Controller.started(pod, log),
        Player.connected(bed.admin_kubeconfig) as player,
    ):
        await write_logs(kubelet, SCENES)
        async with asyncio.TaskGroup() as group:
            for scene in SCENES:
                group.create_task(_play(player, github, scene))
        try:
            await settled(bed, "github", len(SCENES))
        except ShowcaseError as error:
            raise ShowcaseError(f"{error}\nThe end of the controller's log:\n{end_of(log)}") from None


def end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])


async def furnish(bed: TestBed, github: GitHub) -> None:
    """The namespaces, and the Providers."""
    for namespace in (SHOP, OFFICE, LEGACY):
        await bed.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    await bed.apply(logs_allowed(SHOP))
    key = github.world.apps[APP].private_key_pem
    app = objects.github_app(
        NAMESPACE,
        "github",
        app_id=APP,
        secret="github-app",
        endpoint=github.url,
        grants=[objects.grant(SHOP, OFFICE, targets=["acme/*"])],
    )
    token = objects.github_token(
        NAMESPACE,
        "github-token",
        secret="github-token",
        endpoint=github.url,
        grants=[objects.grant(LEGACY, targets=["acme/*"])],
    )
    for provider in (app, token):
        provider["spec"]["detailsUrl"] = DETAILS
    secrets = (
        objects.github_app_secret(NAMESPACE, "github-app", key),
        objects.github_token_secret(NAMESPACE, "github-token", TOKEN),
    )
    await bed.apply(*secrets, app, token)


def logs_allowed(namespace: str) -> dict[str, Any]:
    """What a team applies to let excerpts of its logs be shown."""
    rbac = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{rbac}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "tekton-integrations-logs", "namespace": namespace},
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "tekton-integrations-logs"},
        "subjects": [{"kind": "ServiceAccount", "name": SERVICE_ACCOUNT, "namespace": NAMESPACE}],
    }


async def write_logs(kubelet: Kubelet, scenes: Sequence[Scene]) -> None:
    for scene in scenes:
        for pod in {pod for pod, _ in scene.logs}:
            containers = [container for name, container in scene.logs if name == pod]
            await kubelet.create_pod(scene.namespace, pod, containers)
        for (pod, container), lines in scene.logs.items():
            for line in lines:
                kubelet.write(scene.namespace, pod, container, line)
            kubelet.end(scene.namespace, pod, container)


async def _play(player: Player, github: GitHub, scene: Scene) -> None:
    asked = {f"{PREFIX}{key}": value for key, value in scene.annotations.items()}
    await player.play(
        scene.recording,
        namespace=scene.namespace,
        name=scene.name,
        sha=scene.sha,
        annotations=asked,
        speed=1,
        before_step=partial(_shown_first, github, scene),
    )


async def _shown_first(github: GitHub, scene: Scene, run: PlayedRun, step: Step) -> None:
    """Where Tekton ends tasks after their run, GitHub shows the run's end before: so the page is the same each time."""
    if has_ended(run):
        await polled(partial(_shows_the_end, github, scene), SECONDS)


def has_ended(run: PlayedRun) -> bool:
    """As far as it was played."""
    return any(each.uid == run.steps[0].uid and each.status in ("True", "False") for each in run.steps[: run.position])


async def _shows_the_end(github: GitHub, scene: Scene) -> bool:
    runs, statuses = github.check_runs(REPOSITORY, scene.sha), github.statuses(REPOSITORY, scene.sha)
    return any(each.status == "completed" for each in runs) or any(each.state != "pending" for each in statuses)


async def settled(bed: TestBed, integration: str, count: int) -> None:
    """Raises ShowcaseError, also as soon as the controller has given one up."""

    async def probe() -> bool:
        conditions = await _conditions(bed, integration)
        refused = [f"{run}: {each['message']}" for run, each in conditions.items() if each["status"] == "False"]
        if refused:
            raise ShowcaseError("\n".join(refused))
        return [each["status"] for each in conditions.values()] == ["True"] * count

    try:
        await polled(probe, SECONDS)
    except TimeoutError:
        late = {run: each for run, each in (await _conditions(bed, integration)).items() if each["status"] != "True"}
        told = [f"{run}: {each.get('reason')}: {each.get('message')}" for run, each in late.items()]
        raise ShowcaseError("\n".join(told) or "a run has no IntegrationStatus") from None


async def _conditions(bed: TestBed, integration: str) -> dict[str, dict[str, Any]]:
    """Of each run's record for the integration, the condition Succeeded."""
    records = (await bed.request("GET", f"{PATH}/integrationstatuses"))["items"]
    mine = [each for each in records if each["spec"]["integration"] == integration]
    return {each["spec"]["runRef"]["name"]: _condition(each) for each in mine}


def _condition(record: dict[str, Any]) -> dict[str, Any]:
    conditions = record.get("status", {}).get("conditions", ())
    return next((each for each in conditions if each["type"] == "Succeeded"), {"status": "Unknown"})
