"""The runs of causes.py: what asks well, in vain, or not at all."""

from hack.controller import NAMESPACE
from tests.e2e.causes import CAP, GOING, LONG_AGO, OURS, PREFIX, RED, TEKTON, TOKENS, Causes, asking, sha


async def annotated(causes: Causes) -> None:
    """Runs that say something themselves."""
    run = causes.run
    await run("shown", asking("shown"))
    await run("red", asking("red"), RED)
    await run("going", asking("going"), GOING)
    await run("pulled", asking("pulled", pull_request="7"))
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
    await causes.notify("noticed", options=place)
    await causes.run("noticed", {}, RED, labels={"why": "noticed", "sha": sha("noticed")})
    await causes.notify("opted-out", options=place)
    await causes.notify("paused", options={**place, "sha": "0" * 40}, suspend=True)
    await causes.notify("targetless", options=place)
    await causes.notify("wrong-option", options=place)
    await causes.notify("unsound", options=place, filter={"expression": "state"})
    await causes.notify("unprovided", options=place, providerRef={"name": "nobody"})
    await causes.notify("not-now", options=place, filter={"states": ["Failed"]})
    await causes.notify("audited", namespace=NAMESPACE, options={**place, "sha": "1" * 40}, suspend=True)
    await causes.run("audited", labels={"why": "audited"})
    await causes.notify("crowded", namespace=causes.crowd, options=place)
    for name in ("paused", "targetless", "unsound", "unprovided", "not-now"):
        await causes.run(name, labels={"why": name})
    await causes.run("wrong-option", labels={"why": "wrong-option", "sha": "main"})
    await causes.run("opted-out", {f"{PREFIX}/suspend": "true"}, labels={"why": "opted-out"})
    for number in range(CAP + 1):
        labels = {"why": "crowded", "sha": f"{number:040x}"}
        await causes.run(f"crowd-{number}", status=GOING, namespace=causes.crowd, labels=labels)
