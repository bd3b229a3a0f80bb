"""Integrations beside each other: a dead one delays nobody, and each runs without the others."""

import asyncio
import logging
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

import tekton_integrations
from hack import objects
from hack.controller import NAMESPACE, Controller, Place
from hack.testbed.api import polled
from tekton_integrations.addresses import place
from tests.e2e.notices import PLACE, Board, ready, recorded
from tests.e2e.stage import GROUP, Stage
from tests.fakes import webhook
from tests.fakes.echo.faults import Silence
from tests.fakes.slack import Slack, asking, provider, secret
from tests.fakes.slack.objects import TOKEN

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("integrations/*/pyproject.toml"))
RUNS = 30


@pytest.fixture
async def slack(stage: Stage) -> AsyncIterator[Slack]:
    async with Slack.started() as slack:
        slack.world.add_token(TOKEN)
        slack.world.add_channel("builds")
        grants = [objects.grant("*", targets=["tektoncd.slack.com"])]
        await stage.bed.apply(secret(NAMESPACE), provider(NAMESPACE, endpoint=slack.url, grants=grants))
        yield slack
        await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/slack")


async def delays(stage: Stage, namespace: str, first: int) -> list[float]:
    """Milliseconds from the writing of each run's end to its check's, the least first."""
    ended: dict[str, float] = {}
    asked = asking("builds", url="https://tektoncd.slack.com")
    for number in range(first, first + RUNS):
        sha = f"{number + 1:040x}"
        name = f"run-{number}"
        await stage.player.play(
            "failure", namespace=namespace, name=name, sha=sha, annotations=asked, events=False, children=False
        )
        ended[sha] = asyncio.get_running_loop().time()

    async def shown() -> bool:
        return all(any(check.conclusion for check in stage.checks(sha)) for sha in ended)

    await polled(shown, 60)
    return sorted(1000 * (stage.checks(sha)[0].history[-1].loop_time - at) for sha, at in ended.items())


@pytest.mark.long
async def test_a_dead_slack_delays_github_by_nothing(stage: Stage, namespace: str, slack: Slack) -> None:
    async with stage.controller("--integrations", "github,slack"):
        alive = await delays(stage, namespace, 0)
        silent = slack.faults.add(Silence())
        dead = await delays(stage, namespace, RUNS)
    for name, found in {"alive": alive, "dead": dead}.items():
        log.info("GitHub beside a Slack that is %s: p50 %.0f ms, largest %.0f ms", name, median(found), found[-1])
    assert silent.hits
    # A call to Slack is given up after 10 s. What is here besides is what the machine does.
    assert median(dead) < 2 * median(alive) + 50
    assert dead[-1] < 5000


async def test_several_deployments_do_not_contradict_each_other(stage: Stage, namespace: str, tmp_path: Path) -> None:
    """Each knows its own integrations only, and a Provider's type says whose a Notification is."""
    board = Board(stage)
    async with (
        webhook.Receiver.started() as receiver,
        stage.controller("--integrations", "github"),
        stage.controller("--integrations", "webhook"),
    ):
        await stage.bed.apply(
            webhook.provider(NAMESPACE, "hooks", grants=[objects.grant("*", targets=[place(receiver.url)])])
        )
        asked: dict[str, dict[str, Any]] = {
            "checks": {"options": PLACE},
            "told": {"options": {"url": receiver.url}, "providerRef": {"name": "hooks"}},
            "nobodys": {"providerRef": {"name": "nope"}},
        }
        for name, spec in asked.items():
            await board.put(namespace, name, **spec)
        # Whoever told of the last one had looked at the others before, and said nothing of what is another's.
        before = len(stage.writes(namespace, "notifications"))
        assert before == len(asked)
        await stage.player.play(recorded(tmp_path, "success"), namespace=namespace)
        for name in ("checks", "told"):
            assert ready(await board.counted(namespace, name, matched=1, reported=1)) == ("True", "Ready")
        assert ready(await board.status(namespace, "nobodys")) == ("False", "NoProvider")
        assert [check.conclusion for check in stage.checks()] == ["success"]
        assert receiver.told("success") == ["created", "started", "finished"]
        # What one says no other one says again, or otherwise: each wrote its counts, perhaps in two parts.
        assert len(stage.writes(namespace, "notifications")) - before <= 4
    await board.clear()
    await stage.forget("webhook")
    await stage.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/hooks")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All distributions of this repository, as pip would install them."""
    folder = tmp_path_factory.mktemp("wheels")
    sources = [str(ROOT), *(str(ROOT / "integrations" / name) for name in PACKAGES)]
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "-w", str(folder), *sources], check=True)
    return folder


def laid_out(folder: Path, wheels: Path, name: str) -> Place:
    """The core and one integration, with what they need from others; nothing else of this repository is there."""
    folder.mkdir()
    for wheel in wheels.iterdir():
        if wheel.name.startswith(("tekton_integrations-", f"tekton_integrations_{name}-")):
            zipfile.ZipFile(wheel).extractall(folder)
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if not each.name.startswith(("tekton", "__editable__", "_tekton")) and each.suffix != ".pth":
            (folder / each.name).symlink_to(each)
    return Place(environment={"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}, python=(sys.executable, "-S"))


@pytest.mark.parametrize("name", [PACKAGES[0], *(pytest.param(name, marks=pytest.mark.long) for name in PACKAGES[1:])])
async def test_the_core_runs_with_one_integration_alone(stage: Stage, wheels: Path, tmp_path: Path, name: str) -> None:
    place = laid_out(tmp_path / "site", wheels, name)
    asked = "import tekton_integrations as t; from tekton_integrations.registry import installed; "
    command = [*place.python, "-c", f"{asked}print(t.__file__, *installed())"]
    environment = {**os.environ, **place.environment}
    said = await asyncio.to_thread(subprocess.check_output, command, env=environment, text=True, cwd=tmp_path)
    assert said.split() == [str(tmp_path / "site" / "tekton_integrations" / "__init__.py"), name]
    assert said.split()[0] != tekton_integrations.__file__
    async with Controller.started(stage.pod, stage.log, arguments=("--integrations", name), place=place) as controller:
        assert any(f'integration="{name}"' in sample for sample in await controller.metrics())
