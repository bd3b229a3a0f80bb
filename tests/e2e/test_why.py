"""`why` names what is so, and what to do, for each cause there is: made for real, and asked with the real command."""

import asyncio
import json
import re
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hack.controller import NAMESPACE
from hack.testbed import TestBed
from hack.testbed.api import polled
from tests.e2e.cases import CASES, RECORDED
from tests.e2e.causes import CAP, DONE, GOING, RED, Causes, asking, sha, standing
from tests.e2e.scenes import annotated, not_asking, notified
from tests.e2e.served import served
from tests.e2e.stage import GROUP, Stage, run_path
from tests.e2e.words import asked, by_why, in_record, on_check, on_page, told

WIDTH = 80


@pytest.fixture(scope="module")
async def causes(bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Causes]:
    folder: Path = tmp_path_factory.mktemp("why")
    async with Stage.set(bed, folder) as stage, Causes.made(stage) as causes, served(bed) as causes.url:
        # Of controllers of other tests: an end before their first start is none before ours.
        await bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/integrations")
        await causes.providers()
        await causes.run("lonely", asking("lonely"))
        causes.alone = await told(bed, "lonely", "-n", causes.namespace)
        async with stage.controller("--integrations", "github", "--notified", str(CAP)) as causes.controller:
            await asyncio.gather(annotated(causes), not_asking(causes), notified(causes))
            await causes.until(RECORDED)
            yield causes


@pytest.mark.parametrize("name", CASES)
async def test_each_cause_is_named_with_its_cure_by_why_and_on_the_page(causes: Causes, name: str) -> None:
    case, bed = CASES[name], causes.stage.bed
    kind = ["--kind", case.kind] if case.kind else []
    code, [story, *_] = await told(bed, name, "-n", causes.namespace, *kind)
    assert (story["verdict"], code) == (case.verdict, case.code), story
    assert story["reason"] in case.reason.split("|")
    assert case.sentence in story["sentence"]
    assert case.fix in story["fix"]
    assert bool(case.fix) == bool(story["fix"])
    code, text = await asked(bed, name, "-n", causes.namespace, *kind)
    assert code == case.code
    assert [line for line in text.splitlines() if len(line) > WIDTH and " " in line.strip()] == []
    assert " ".join(story["sentence"].split()) in " ".join(text.split())
    if case.verdict in ("shown", "failed", "stuck"):
        assert await in_record(causes.stage, causes.namespace, name) == story["sentence"]
    assert case.verdict == "no-run" or await on_page(causes, name, case.kind) == (story["sentence"], story["fix"])


@pytest.mark.parametrize("name", ["shown", "red", "noticed", "going", "parent"])
async def test_the_same_words_stand_in_the_record_in_why_and_on_the_check(causes: Causes, name: str) -> None:
    sentence, steps = await by_why(causes.stage, causes.namespace, name)
    [check] = causes.stage.checks(sha(name))
    assert await in_record(causes.stage, causes.namespace, name) == sentence
    [granted] = [step for step in steps if step.startswith("granted")]
    assert on_check(check) == f"{sentence}; {steps[0]}, {granted}."
    by = f"Notification {causes.namespace}/noticed" if name == "noticed" else "the run's annotations"
    assert steps[0] == f"asked for by {by}"


async def test_who_reads_a_page_is_not_told_what_only_the_administrator_may_see(causes: Causes) -> None:
    _, [story] = await told(causes.stage.bed, "audited", "-n", causes.namespace)
    assert f"Notification {NAMESPACE}/audited matches, but it is suspended" in story["sentence"]
    sentence, _ = await on_page(causes, "audited")
    assert "nothing asks for this run to be shown" in sentence


async def test_without_a_controller_that_is_said(causes: Causes) -> None:
    code, [story] = causes.alone
    assert (code, story["verdict"], story["reason"]) == (1, "stuck", "NoController")
    assert "no controller has ever worked here" in story["sentence"]
    assert f"kubectl -n {NAMESPACE} get deployment,pods" in story["fix"]


async def test_one_run_more_than_a_namespace_may_have_reported_is_left_out(causes: Causes) -> None:
    bed, crowd = causes.stage.bed, causes.crowd

    async def outcomes() -> list[str] | None:
        _, text = await asked(bed, "-n", crowd, "-o", "json")
        found = sorted(run["stories"][0]["reason"] for run in json.loads(text)["runs"])
        return found if "TooMany" in found else None

    assert await polled(outcomes) == ["InProgress"] * CAP + ["TooMany"]


async def test_what_may_not_be_read_is_said_with_the_right_that_is_missing(causes: Causes) -> None:
    bed, namespace = causes.stage.bed, causes.namespace
    kubeconfig = await causes.reader("sees-runs", {"apiGroups": ["tekton.dev"], "resources": ["*"], "verbs": ["get"]})
    code, [story] = await told(bed, "shown", "-n", namespace, kubeconfig=kubeconfig)
    assert (code, story["verdict"], story["integration"]) == (3, "unknown", "github")
    assert f"IntegrationStatuses of namespace {namespace} can't be read (403" in story["sentence"]
    assert "tekton-integrations-view" in story["fix"]


async def test_of_a_run_that_is_gone_what_is_left_is_told(causes: Causes) -> None:
    stage, namespace = causes.stage, causes.namespace
    await causes.run("kept", asking("kept", owner="kept", provider="kept"), GOING)
    await causes.until({"kept": "InProgress"})
    causes.refuse("kept/api")
    await stage.bed.request("DELETE", run_path(namespace, "kept"))
    await causes.until({"kept": "Retrying|MaybeSent"})
    code, text = await asked(stage.bed, "kept", "-n", namespace)
    assert code == 0
    assert "not there, but this is left of it" in text
    assert re.search(r"^github: on its way \((Retrying|MaybeSent)\)$", text, re.MULTILINE)


async def test_all_runs_of_a_namespace_have_a_row_each_and_what_is_wrong_is_said(causes: Causes) -> None:
    code, text = await asked(causes.stage.bed, "-n", causes.namespace)
    assert code == 1
    assert re.search(r"^shown +Succeeded +github: shown$", text, re.MULTILINE)
    assert re.search(r"^no-sha +Succeeded +github: failed\n +github\.\S+/sha is missing", text, re.MULTILINE)
    assert "part " not in text  # its parent's row tells of it


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--repo", "acme/api", "--sha", sha("red")], ["red"]),
        (["--sha", sha("red")[:9], "-A"], ["red"]),
        (["--repo", "stranger/api"], ["not-granted"]),
        (["--repo", "acme/api", "--pr", "7"], ["pulled"]),
        (["--repo", "acme/none"], []),
    ],
)
async def test_runs_are_found_by_what_they_are_about(causes: Causes, arguments: list[str], names: list[str]) -> None:
    where = [] if "-A" in arguments else ["-n", causes.namespace]
    code, text = await asked(causes.stage.bed, *arguments, *where, "-o", "json")
    assert [run["name"] for run in json.loads(text)["runs"]] == names
    assert code == {"red": 0, "pulled": 0, "not-granted": 1}.get(next(iter(names), ""), 3)


async def test_waiting_ends_with_the_report_or_tells_that_it_did_not(causes: Causes) -> None:
    bed, namespace = causes.stage.bed, causes.namespace
    await causes.run("awaited", asking("awaited"), GOING)
    await causes.until({"awaited": "InProgress"})
    code, text = await asked(bed, "awaited", "-n", namespace, "--wait", "--timeout", "1")
    assert (code, "it has not come to its end" in text) == (124, True)
    waiting = asyncio.create_task(asked(bed, "awaited", "-n", namespace, "--wait"))
    await causes.take(causes.path("awaited"), standing(*DONE))
    code, text = await waiting
    assert (code, "github: shown\n" in text) == (0, True)
    assert (await asked(bed, "no-sha", "-n", namespace, "--wait"))[0] == 1
    assert (await asked(bed, "nothing", "-n", namespace, "--wait"))[0] == 3


async def test_watching_tells_of_each_change(causes: Causes) -> None:
    await causes.run("watched", asking("watched"), GOING)
    await causes.until({"watched": "InProgress"})
    arguments = ["why", "-w", "-n", causes.namespace, "--kubeconfig", str(causes.stage.bed.admin_kubeconfig)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "tekton_integrations", *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            await _line(process.stdout, r"watched +Running +github: going-on")
            await causes.take(causes.path("watched"), standing(*RED))
            await _line(process.stdout, r"watched +Failed +github: shown")
    finally:
        process.terminate()
        await process.wait()


async def test_kubectl_has_it_as_a_plug_in(causes: Causes, tmp_path: Path) -> None:
    scripts = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, name = scripts["kubectl-integrations"].partition(":")
    plug_in = tmp_path / "kubectl-integrations"
    plug_in.write_text(f"#!{sys.executable}\nfrom {module} import {name}\n{name}()\n")
    plug_in.chmod(0o755)
    kubectl, *_ = await causes.stage.bed.kubectl_command()
    access = {"PATH": str(tmp_path), "KUBECONFIG": str(causes.stage.bed.admin_kubeconfig)}
    process = await asyncio.create_subprocess_exec(
        *(kubectl, "integrations", "why", "shown", "-n", causes.namespace), stdout=asyncio.subprocess.PIPE, env=access
    )
    told, _ = await process.communicate()
    assert (process.returncode, "github: shown" in told.decode()) == (0, True)


async def _line(stream: asyncio.StreamReader, wanted: str) -> None:
    while not re.match(wanted, (await stream.readline()).decode()):
        pass


async def test_a_controller_that_was_stopped_is_said_of_what_it_left(causes: Causes) -> None:
    """The last: from here on there is none."""
    await causes.controller.stop()
    await causes.run("late", asking("late"))
    code, [story] = await told(causes.stage.bed, "late", "-n", causes.namespace)
    assert (code, story["verdict"], story["reason"]) == (1, "stuck", "NoController")
    assert "the controller was stopped" in story["sentence"]
    code, [story] = await told(causes.stage.bed, "going", "-n", causes.namespace)
    assert (code, story["verdict"]) == (1, "stuck")
    assert story["sentence"] == await in_record(causes.stage, causes.namespace, "going")
    assert "Start the controller" in story["fix"]
