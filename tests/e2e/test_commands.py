"""Commands of people on a real API server, with the rights of people: what they print, change, and end with."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from hack import objects
from hack.testbed import TestBed
from tekton_integrations.cli import app
from tekton_integrations.plan import digest
from tests.e2e import people
from tests.e2e.stage import Stage, run_path
from tests.e2e.test_run_command import run

VIEW, EDIT = "tekton-integrations-view", "test-edit"


class Told(NamedTuple):
    code: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Terminal:
    """Somebody with a kubeconfig of their own, in one namespace."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self.kubeconfig = str(kubeconfig)
        self._environment = {"KUBECONFIG": str(kubeconfig), "COLUMNS": "80"}
        self._namespace = namespace

    async def run(self, *arguments: str) -> Told:
        return await self.bare(*arguments, "-n", self._namespace)

    async def bare(self, *arguments: str) -> Told:
        """In this process, where all that has to be imported is; in a thread, since it has a loop of its own."""
        runner = CliRunner(env=self._environment)
        done = await asyncio.to_thread(runner.invoke, app, [*arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Told(done.exit_code, done.output)

    async def start(self, *arguments: str) -> Told:
        """As a process of its own: a watch that ends with the loop leaves its connection to the interpreter's end."""
        return Told(*await run(*arguments, "-n", self._namespace, environment=self._environment))


async def somebody(bed: TestBed, name: str, namespace: str, *roles: str) -> Terminal:
    await bed.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}})
    for role in roles:
        await people.bound(bed, f"system:serviceaccount:{namespace}:{name}", role, namespace)
    return Terminal(await bed.service_account_kubeconfig(namespace, name), namespace)


@pytest.fixture
async def reader(bed: TestBed, namespace: str) -> Terminal:
    """May look at runs and records, and at nothing in the controller's namespace."""
    await bed.apply(role("test-read", "get", "list", "watch"))
    return await somebody(bed, "reader", namespace, VIEW, "test-read")


@pytest.fixture
async def owner(bed: TestBed, namespace: str) -> Terminal:
    await bed.apply(role(EDIT, "get", "list", "watch", "patch"))
    return await somebody(bed, "owner", namespace, VIEW, EDIT)


def role(name: str, *verbs: str) -> dict[str, Any]:
    rule = {"apiGroups": ["tekton.dev"], "resources": ["pipelineruns", "taskruns", "customruns"], "verbs": [*verbs]}
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}}
    return role | {"rules": [rule]}


@pytest.fixture
async def shown(stage: Stage, namespace: str) -> AsyncIterator[Stage]:
    """A run that failed, which GitHub shows; and a controller that goes on."""
    async with stage.controller():
        await stage.player.play("failure", namespace=namespace)
        await stage.reported(namespace)
        yield stage


async def test_what_render_shows_of_a_run_is_what_github_was_sent(
    shown: Stage, namespace: str, reader: Terminal
) -> None:
    told = await reader.run("render", "failure", "-o", "json")
    assert told.code == 0, told.text
    assert "could not be read" in told.text  # the shared Providers
    [found] = json.loads(told.text[told.text.index("[") :])
    [report] = found["reports"]
    [check] = [each for each in report["requests"] if each["url"].endswith("/check-runs")]
    [at_github] = shown.checks()
    sent = check["body"]
    assert sent["name"] == at_github.name
    assert sent["conclusion"] == at_github.conclusion
    assert sent["output"]["title"] == at_github.output.title
    # All but the footer: which Provider it is could not be read.
    assert (at_github.output.summary or "").startswith(sent["output"]["summary"])


async def test_a_report_that_was_spoilt_is_made_right_and_one_that_was_given_up_is_tried_again(
    shown: Stage, namespace: str, owner: Terminal, reader: Terminal
) -> None:
    [check] = shown.checks()
    check.output = replace(check.output, title="somebody else's")
    told = await owner.start("report", "failure", "-o", "json")
    assert told.code == 0, told.text
    assert [(each["integration"], each["reported"]) for each in told.json] == [("github", "True")]
    assert shown.checks()[0].output.title != "somebody else's"

    await shown.provide(objects.grant("*", targets=["acme/*"], names=["other"]))
    told = await owner.start("report", "failure", "--integration", "github")
    assert told.code == 1, told.text
    assert "NotGranted" in told.text
    await shown.provide(objects.grant("*", targets=["acme/*"]))
    told = await owner.start("report", "failure")
    assert told.code == 0, told.text

    refused = await reader.run("report", "failure")
    assert refused.code == 1
    assert "you need `patch` on pipelineruns.tekton.dev" in refused.text
    gone = await owner.run("report", "nothing")
    assert (gone.code, "there is no PipelineRun nothing" in gone.text) == (3, True)
    unread = await reader.run("render", "nothing")
    assert (unread.code, "there is no PipelineRun nothing" in unread.text) == (3, True)


async def test_without_an_answer_it_ends_in_time(stage: Stage, namespace: str, owner: Terminal) -> None:
    await stage.player.play("success", namespace=namespace)
    told = await owner.start("report", "success", "--wait", "1")
    assert told.code == 124, told.text
    assert "no answer within 1 s" in told.text
    at_once = await owner.run("report", "success", "--wait", "0")
    assert (at_once.code, at_once.text) == (0, "")
    stored = await stage.bed.request("GET", run_path(namespace, "success"))
    assert "integrations.tekton.dev/report-at" in stored["metadata"]["annotations"]


async def test_the_version_of_the_controller_is_told_beside_ours(shown: Stage, bed: TestBed, namespace: str) -> None:
    admin = Terminal(bed.admin_kubeconfig, namespace)
    told = await admin.bare("version", "--controller", "-o", "json")
    assert told.code == 0, told.text
    assert told.json["client"] == told.json["packages"]["github"]
    [github] = [each for each in told.json["controller"] if each["integration"] == "github"]
    assert (github["version"], github["annotations"], github["ready"]) == (told.json["client"], "v1", "True")
    text = (await admin.bare("version", "--controller")).text.splitlines()
    assert text[0] == told.json["client"]
    assert text[1].split() == ["INTEGRATION", "VERSION", "ANNOTATIONS", "READY", "HOLDER"]
    assert max(map(len, text)) <= 80


async def test_a_loop_that_asks_again_and_again_writes_nothing_that_stands_there_already(
    shown: Stage, namespace: str
) -> None:
    before, path = len(shown.calls), run_path(namespace, "failure")
    for second in range(30):
        said = {"integrations.tekton.dev/report-at": f"2026-11-29T13:00:{second:02}Z"}
        await shown.bed.api.patch(path, {"metadata": {"annotations": said}}, "merge")
        last = second
    await shown.until_record(namespace, lambda record: record["status"]["inputDigest"].endswith(_mark(last)))
    calls = shown.calls[before:]
    assert {each.method for each in calls} == {"GET"}
    assert len(calls) <= 30
    assert len(shown.checks()) == 1


def _mark(second: int) -> str:
    """The end of the digest of a report that was made because of this time."""
    return digest([f"2026-11-29T13:00:{second:02}Z"])[:16]


async def test_kubectl_finds_the_commands(bed: TestBed) -> None:
    """As `kubectl integrations`, by the program that is installed beside ours."""
    here = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = (await bed.kubectl_command("x"))[0]
    process = await asyncio.create_subprocess_exec(
        command, "integrations", "version", stdout=asyncio.subprocess.PIPE, env={**os.environ, **here}
    )
    said, _ = await process.communicate()
    assert (process.returncode, said.decode().strip()) == (0, version("tekton-integrations"))
