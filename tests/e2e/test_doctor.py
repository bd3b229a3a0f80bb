"""`tekton-integrations doctor` on a real API server: what it finds, and what it may not look at."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner

from hack import objects
from hack.chromium import chromium
from hack.controller import NAMESPACE
from hack.testbed import TestBed
from hack.testbed.api import polled
from hack.testbed.process import free_port
from tekton_integrations.cli import app
from tests.e2e.browser import needs_chromium, visitor
from tests.e2e.stage import GROUP, Stage
from tests.e2e.test_commands import Terminal, Told, somebody
from tests.walking import Browser, started

VIEW = "tekton-integrations-view"
OF_NEWCOMER = {"github.integrations.tekton.dev/owner": "newcomer"}
RBAC = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/tekton-integrations"


@pytest.fixture
async def shown(stage: Stage, namespace: str) -> AsyncIterator[Stage]:
    """A controller that works, and has tried its Provider."""
    async with stage.controller():
        path = f"{GROUP}/namespaces/{NAMESPACE}/providers/github"

        async def tried() -> bool:
            status = (await stage.bed.request("GET", path)).get("status", {})
            return any(each["status"] == "True" for each in status.get("conditions", ()))

        await polled(tried)
        yield stage


@pytest.fixture
def admin(bed: TestBed, namespace: str) -> Terminal:
    return Terminal(bed.admin_kubeconfig, namespace)


def levels(told: Told) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in told.json:
        found.setdefault(each["subject"], set()).add(each["level"])
    return found


def about(told: Told, subject: str) -> dict[str, Any]:
    [found] = [each for each in told.json if each["subject"] == subject]
    assert isinstance(found, dict)
    return found


async def test_nothing_is_wrong_with_an_installation_that_works(shown: Stage, admin: Terminal) -> None:
    told = await admin.run("doctor", "-o", "json")
    assert told.code == 0, told.text
    found = levels(told)
    account = f"rights of {NAMESPACE}/tekton-integrations"
    for subject in ("clock", "Tekton", account, "integration github", "integration core", "reports"):
        assert found[subject] == {"ok"}, told.text
    assert found[f"Provider {NAMESPACE}/github"] == {"ok"}
    assert found[f"endpoint {shown.github.url}"] == {"ok"}
    assert "problem" not in {level for each in found.values() for level in each}
    text = await admin.run("doctor", "--no-calls")
    assert text.text.rstrip().endswith("0 problems, 0 warnings")
    assert max(map(len, text.text.splitlines())) <= 80
    assert all(line[:9].strip() in ("ok", "") for line in text.text.splitlines()[:-1])


async def test_what_is_broken_is_told_with_its_cure(shown: Stage, namespace: str, admin: Terminal) -> None:
    bed = shown.bed
    binding = await bed.request("GET", RBAC)
    await bed.request("DELETE", RBAC)
    policy = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/tekton-integrations-records"
    guard = await bed.request("GET", policy)
    await bed.request("DELETE", policy)
    try:
        told = await admin.run("doctor", "-o", "json", "--no-calls")
    finally:
        await bed.apply(*(_anew(each) for each in (binding, guard)))
    assert told.code == 1
    assert about(told, "policy tekton-integrations-records")["cure"] == "apply manifests/ of this version"
    lacking = [each for each in told.json if each["subject"].startswith("rights") and each["level"] == "problem"]
    assert ["manifests/base/rbac.yaml" in each["cure"] for each in lacking] == [True]
    assert "create integrationstatuses" in lacking[0]["said"]


async def test_without_a_controller_that_is_the_problem(stage: Stage, admin: Terminal) -> None:
    async with stage.controller():
        pass
    told = await admin.run("doctor", "-o", "json", "--no-calls")
    assert told.code == 1
    assert about(told, "integration github")["said"] == "no controller works it"
    assert "get deployment,pods,events" in about(told, "integration github")["cure"]


async def test_whoever_may_see_little_is_told_what_could_not_be_looked_at(
    shown: Stage, bed: TestBed, namespace: str
) -> None:
    reader = await somebody(bed, "little", namespace, VIEW)
    told = await reader.run("doctor", "-o", "json", "--no-calls")
    assert told.code == 0, told.text
    found = levels(told)
    assert found["controller"] == found["Providers"] == {"unknown"}
    assert found["definition providers.integrations.tekton.dev"] == found["reports"] == {"ok"}
    assert "could not be looked at" in about(told, "controller")["said"]


async def test_an_app_that_was_made_by_manifest_shows_a_run_once_it_is_installed(
    stage: Stage, bed: TestBed, namespace: str
) -> None:
    async with aiohttp.ClientSession() as session, stage.controller():
        browser = Browser(session, f"http://127.0.0.1:{free_port()}")
        grants = ("--grant", namespace, "--target", "newcomer/*", "--provider", "made")
        access = ("--apply", "--kubeconfig", str(bed.admin_kubeconfig))
        work = started(stage.github, browser, "--organization", "newcomer", *grants, *access)
        await browser.confirm(await browser.form())
        done = await work
        assert (done.exit_code, done.stdout) == (0, ""), done.output
        app = stage.github.world.apps[max(stage.github.world.apps)]
        stage.github.add_repository("newcomer/api", installation_of=app, permissions={"checks": "write"})
        stage.github.accept_any_commit("newcomer/api")
        try:
            await stage.player.play("success", namespace=namespace, annotations=OF_NEWCOMER)
            await stage.reported(namespace)
            assert [each.conclusion for each in stage.checks(repository="newcomer/api")] == ["success"]
        finally:
            await bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/made")


async def test_a_key_that_could_not_be_stored_is_not_lost_and_who_may_not_store_any_makes_no_app(
    stage: Stage, bed: TestBed, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await bed.apply(objects.github_app_secret(namespace, "github-app", "another one"))
    async with aiohttp.ClientSession() as session:
        browser = Browser(session, f"http://127.0.0.1:{free_port()}")
        work = started(stage.github, browser, "--apply", "-n", namespace, "--kubeconfig", str(bed.admin_kubeconfig))
        await browser.confirm(await browser.form())
        done = await work
        assert done.exit_code == 1
        assert "private key included" in done.stderr
        kept = tmp_path / "github-app.yaml"
        assert kept.stat().st_mode & 0o777 == 0o600
        assert "PRIVATE KEY" in kept.read_text()

        reader = await somebody(bed, "little", namespace, VIEW)
        refused = await started(stage.github, browser, "--apply", "-n", namespace, "--kubeconfig", reader.kubeconfig)
        assert "you may not create secrets and providers" in refused.stderr
        assert len(stage.github.world.apps) == 2


def _anew(each: dict[str, Any]) -> dict[str, Any]:
    return {**each, "metadata": {"name": each["metadata"]["name"]}}


def test_without_a_cluster_it_says_what_to_set(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["doctor", "--kubeconfig", str(tmp_path / "none")])
    assert (done.exit_code, "set KUBECONFIG" in done.output) == (1, True)


@needs_chromium
async def test_a_real_browser_is_led_to_github_and_back(stage: Stage) -> None:
    """Its policy lets the form go there, and whoever has confirmed come back."""
    async with aiohttp.ClientSession() as session, chromium() as started_browser, visitor(started_browser) as page:
        browser = Browser(session, f"http://127.0.0.1:{free_port()}")
        work = started(stage.github, browser, "--organization", "acme")
        await browser.form()
        await page.goto(browser.address)
        await page.get_by_role("button", name="Go on at GitHub").click()
        await page.get_by_text("Go back to your terminal").wait_for()
        done = await work
    assert done.exit_code == 0, done.output
    assert "GitHubApp" in done.stdout
