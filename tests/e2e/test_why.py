"""`why` names what is so, and what to do, for each cause there is: made for real, and asked with the real command."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hack import objects
from hack.controller import NAMESPACE
from hack.testbed import TestBed
from tekton_integrations.cli import app
from tests.e2e.causes import CAP, GOING, LONG_AGO, OURS, PREFIX, RED, TEKTON, TOKENS, Causes, asking
from tests.e2e.stage import GROUP, Stage


@dataclass(frozen=True)
class Case:
    """Of the story that the command tells first. `sentence` and `fix` are parts of them."""

    verdict: str
    reason: str
    sentence: str = ""
    fix: str = ""
    code: int = 3
    kind: str = ""


def failed(reason: str, sentence: str, fix: str) -> Case:
    return Case("failed", reason, sentence, fix, 1)


def stuck(reason: str, sentence: str, fix: str) -> Case:
    return Case("stuck", reason, sentence, fix, 1)


CASES = {
    "shown": Case("shown", "Reported", "check 'Tekton / shown' of acme/api: Succeeded", code=0),
    "red": Case("shown", "Reported", "check 'Tekton / red' of acme/api: Failed", code=0),
    "going": Case("going-on", "InProgress", "check 'Tekton / going' of acme/api", code=0),
    "unresolved": Case("waiting", "NotYet", "Tekton has still to look up the run's Pipeline", code=0),
    "part": Case("elsewhere", "PartOfAnother", "belongs to PipelineRun parent, whose reports show it", code=0),
    "throttled": Case("waiting", "Throttled", "GitHub asked to wait", "it goes on by itself", 0),
    "unreachable": Case("waiting", "Retrying|ServiceDown", "127.0.0.1", "it is tried again", 0),
    "nothing": Case("not-asked", "NotAsked", "no annotation of an integration", "Annotate it"),
    "misspelt-domain": Case("not-asked", "Misspelt", "github.integration.tekton.dev/owner", f"Write {PREFIX}/owner."),
    "half-a-domain": Case("not-asked", "Misspelt", "github.tekton.dev/sha", f"Write {PREFIX}/sha."),
    "labelled": Case("not-asked", "Misplaced", f"label {PREFIX}/owner does not count", "metadata.annotations"),
    "in-a-task": Case("not-asked", "Misplaced", "spec.pipelineSpec.tasks[0].taskSpec", "metadata.annotations"),
    "on-a-pod": Case("not-asked", "Misplaced", "annotation of pod on-a-pod-pod", "metadata.annotations"),
    "below": Case("not-asked", "AskedBelow", "its TaskRun below-unit does", "why below-unit --kind TaskRun"),
    "below-unit": Case("shown", "Reported", "acme/api: Succeeded", code=0, kind="TaskRun"),
    "early": Case("left-out", "EndedBeforeInstall", "had ended before github was installed", "Start the run again"),
    "suspended": Case("left-out", "OptedOut", f'{PREFIX}/suspend: "true"', "Remove the annotation"),
    "all-suspended": Case("left-out", "OptedOut", f'{OURS}/suspend: "true"', "Remove the annotation"),
    "opted-out": Case("left-out", "OptedOut", "opted-out matches, but the run opts out", "Remove the annotation"),
    "paused": Case("left-out", "Suspended", "paused matches, but it is suspended", "Set spec.suspend to false"),
    "targetless": Case("left-out", "NoTarget", "its options lead nowhere", "Give the run what spec.options names"),
    "wrong-option": Case("left-out", "InvalidOption", "a value of the wrong form", "Correct spec.options"),
    "unsound": Case("left-out", "InvalidExpression", "is not in order: spec.filter.expression", "As it says"),
    "unprovided": Case("left-out", "NoProvider", "there is no Provider 'nobody'", "As it says"),
    "not-now": Case("not-asked", "NotAsked", "not-now (state Failed) waits for", "Annotate it"),
    "no-such-run": Case("no-run", "NoSuchRun", "there is no PipelineRun no-such-run", "Check the name, -n and --kind"),
    "misspelt-name": failed("NotInstalled", "githbu.integrations.tekton.dev: not installed", f"Did you mean {PREFIX}/"),
    "uninstalled": failed("NotInstalled", "name slack in --integrations", "install the integration"),
    "no-sha": failed("MissingAnnotation", f"{PREFIX}/sha is missing", "Add it."),
    "a-branch": failed("InvalidAnnotation", "not a branch", "Correct it as the message says."),
    "wrong-key": failed("UnknownAnnotation", "did you mean 'owner'?", "Correct or remove it."),
    "too-long": failed("AnnotationTooLong", "at most 4096 characters", "Shorten it."),
    "old-version": failed("UnsupportedVersion", "understands v1", "Use one that is."),
    "inherited": failed("InheritedAnnotationIgnored", "came with a remotely resolved", "Set it on the run itself."),
    "no-provider": failed("NoProvider", "named 'nobody'", "Create one"),
    "not-granted": failed("NotGranted", "no grant in Provider", "Extend `spec.grants`"),
    "ambiguous": failed("AmbiguousProvider", "more than one Provider grants this", "Name one in the annotation"),
    "unknown-commit": failed("UnknownCommit", "check sha, and that it was pushed", "Check `sha`"),
    "not-visible": failed("NotVisible", "select the repository", "install the App on the repository"),
    "forbidden": failed("Forbidden", "lacks the permission `Checks: write`", "As the message says"),
    "missing": stuck("CredentialUnavailable", "missing", "As the message says"),
    "refused": stuck("CredentialRefused", "GitHub", "Put a valid one into the Secret"),
    "unoffered": stuck("SecretNotOffered", "unoffered", "Give it the type or the label"),
    "invalid": stuck("InvalidProvider", "caBundle", "Correct it as the message says"),
}
RECORDED = {
    name: case.reason
    for name, case in CASES.items()
    if case.verdict in ("shown", "failed", "stuck", "going-on") or name in ("throttled", "unreachable")
}


async def asked(bed: TestBed, *arguments: str, kubeconfig: str = "") -> tuple[int, str]:
    """The command's exit code, and what it printed."""
    access = ["--kubeconfig", kubeconfig or str(bed.admin_kubeconfig)]
    done = await asyncio.to_thread(CliRunner().invoke, app, ["why", *arguments, *access])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


async def told(bed: TestBed, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """The stories of the only run."""
    code, text = await asked(bed, *arguments, "-o", "json")
    [run] = json.loads(text)["runs"]
    return code, run["stories"]


async def annotated(causes: Causes) -> None:
    """Runs that say something themselves."""
    run = causes.run
    await run("shown", asking("shown"))
    await run("red", asking("red"), RED)
    await run("going", asking("going"), GOING)
    await run("unresolved", asking("unresolved", sha=None), None, spec={"pipelineRef": {"name": "later"}})
    await run("early", asking("early"), at=LONG_AGO)
    await run("throttled", asking("throttled", owner="slow", provider="slow"))
    await run("unreachable", asking("unreachable", owner="down", provider="down"))
    await run("suspended", asking("suspended", suspend="true"))
    await run("all-suspended", {**asking("all-suspended"), f"{OURS}/suspend": "true"})
    await run("misspelt-name", {"githbu.integrations.tekton.dev/owner": "acme"})
    await run("uninstalled", {f"slack.{OURS}/channel": "builds"})
    await run("no-sha", asking("no-sha", sha=None))
    await run("a-branch", asking("a-branch", sha="main"))
    await run("wrong-key", asking("wrong-key", onwer="acme"))
    await run("too-long", asking("too-long", name="x" * 5000))
    await run("old-version", asking("old-version", version="v9"))
    await run("no-provider", asking("no-provider", provider="nobody"))
    await run("not-granted", asking("not-granted", owner="stranger"))
    await run("ambiguous", asking("ambiguous", owner="twice"))
    await run("unknown-commit", asking("unknown-commit", repo="empty"))
    await run("not-visible", asking("not-visible", repo="secret"))
    await run("forbidden", asking("forbidden", owner="forbidden"))
    for name in (*TOKENS, "invalid"):
        await run(name, asking(name, owner=name, provider=name))


async def not_asking(causes: Causes) -> None:
    """Runs that ask in vain, or that others answer for."""
    run, bed = causes.run, causes.stage.bed
    await run("nothing")
    await run("misspelt-domain", {"github.integration.tekton.dev/owner": "acme"})
    await run("half-a-domain", {"github.tekton.dev/sha": "main"})
    await run("labelled", labels={f"{PREFIX}/owner": "acme"})
    task = {"metadata": {"annotations": {f"{PREFIX}/owner": "acme"}}, "steps": []}
    await run("in-a-task", spec={"pipelineSpec": {"tasks": [{"name": "unit", "taskSpec": task}]}})
    await run("on-a-pod")
    label = {"tekton.dev/pipelineRun": "on-a-pod"}
    pod = {"name": "on-a-pod-pod", "labels": label, "annotations": {f"{PREFIX}/owner": "acme"}}
    container = {"name": "step", "image": "none"}
    body = {"metadata": pod, "spec": {"containers": [container]}}
    await bed.request("POST", f"/api/v1/namespaces/{causes.namespace}/pods", body)
    await parent(causes, "parent", "part", asking("parent"), {})
    await parent(causes, "below", "below-unit", {}, asking("below"))
    remote = {"pipelineRef": {"resolver": "git", "params": []}}
    await run("inherited", status=None, spec=remote)
    path = f"/apis/tekton.dev/v1/namespaces/{causes.namespace}/pipelineruns/inherited"
    await causes.take(path, {"conditions": []})
    patch = {"metadata": {"annotations": asking("inherited")}}
    await bed.api.patch(f"{path}?fieldManager={TEKTON}", patch, "merge")


async def parent(causes: Causes, name: str, child: str, own: dict[str, str], of_child: dict[str, str]) -> None:
    """A PipelineRun and its only TaskRun, which has what its parent says and more."""
    made = await causes.run(name, own, None)
    path = f"/apis/tekton.dev/v1/namespaces/{causes.namespace}/pipelineruns/{name}"
    await causes.take(path, {"childReferences": [{"kind": "TaskRun", "name": child, "apiVersion": "tekton.dev/v1"}]})
    owner = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": name, "uid": made["metadata"]["uid"]}
    await causes.run(
        child,
        {**own, **of_child},
        kind="TaskRun",
        labels={"tekton.dev/pipelineRun": name},
        ownerReferences=[{**owner, "controller": True}],
    )


async def notified(causes: Causes) -> None:
    """Runs that a Notification is about."""
    place = {"owner": "acme", "repo": "api", "sha": "$(labels.sha)"}
    await causes.notify("opted-out", options=place)
    await causes.notify("paused", options={**place, "sha": "0" * 40}, suspend=True)
    await causes.notify("targetless", options=place)
    await causes.notify("wrong-option", options=place)
    await causes.notify("unsound", options=place, filter={"expression": "state"})
    await causes.notify("unprovided", options=place, providerRef={"name": "nobody"})
    await causes.notify("not-now", options=place, filter={"states": ["Failed"]})
    await causes.notify("crowded", namespace=causes.crowd, options=place)
    for name in ("paused", "targetless", "unsound", "unprovided", "not-now"):
        await causes.run(name, labels={"why": name})
    await causes.run("wrong-option", labels={"why": "wrong-option", "sha": "main"})
    await causes.run("opted-out", {f"{PREFIX}/suspend": "true"}, labels={"why": "opted-out"})
    for number in range(CAP + 1):
        labels = {"why": "crowded", "sha": f"{number:040x}"}
        await causes.run(f"crowd-{number}", status=GOING, namespace=causes.crowd, labels=labels)


@pytest.fixture(scope="module")
async def causes(bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Causes]:
    folder: Path = tmp_path_factory.mktemp("why")
    async with Stage.set(bed, folder) as stage, Causes.made(stage) as causes:
        # Of controllers of other tests: an end before their first start is none before ours.
        await bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/integrations")
        stage.github.add_repository("acme/empty", installation_of=stage.app, permissions={"checks": "write"})
        stage.github.add_repository("forbidden/api", installation_of=stage.app, permissions={"checks": "read"})
        stage.github.accept_any_commit("forbidden/api")
        await stage.provide(objects.grant("*", targets=["acme/*", "forbidden/*"]))
        await causes.providers()
        async with stage.controller("--integrations", "github", "--notified", str(CAP)):
            await asyncio.gather(annotated(causes), not_asking(causes), notified(causes))
            await causes.until(RECORDED)
            yield causes


@pytest.mark.parametrize("name", CASES)
async def test_each_cause_is_named_with_its_cure(causes: Causes, name: str) -> None:
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
    assert all(
        len(line) <= 80
        for line in text.splitlines()
        if "://" not in line and max(map(len, line.split()), default=0) < 70
    )
    assert " ".join(story["sentence"].split()) in " ".join(text.split())
