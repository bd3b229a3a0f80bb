"""What somebody tries who may make runs and Notifications in a namespace: to hide from an audit, and to have more
shown by a Notification than by an annotation.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hack import objects
from hack.controller import NAMESPACE
from hack.testbed import ApiError, TestBed
from hack.testbed.api import polled
from tests.e2e.attacks import TOKEN, Scene, hook
from tests.e2e.kinds import Made, Wanted, asking
from tests.e2e.notices import PLACE, Board, ready
from tests.e2e.stage import SHA, condition
from tests.fakes.webhook import provider

OTHER = "4d2f673c600a0f08c3f6737bc3f5c6a6a15d62e6"
GITHUB = "github.integrations.tekton.dev"
# What is written on a run so that an audit does not see it, or sees something else. That it is a child: see
# test_notifications.py.
HIDING: dict[str, dict[str, Any]] = {
    "suspends-all": {"annotations": {"integrations.tekton.dev/suspend": "true"}},
    "suspends-github": {"annotations": asking(suspend="true")},
    "no-such-key": {"annotations": {f"{GITHUB}/nope": "x"}},
    "no-such-version": {"annotations": {f"{GITHUB}/version": "v99"}},
    "no-commit": {"annotations": {f"{GITHUB}/sha": "main"}},
    "another-commit": {"annotations": {f"{GITHUB}/sha": OTHER}},
    "another-repository": {"annotations": {f"{GITHUB}/owner": "somebody-else"}},
    "another-name": {"annotations": {f"{GITHUB}/name": "nothing to see"}},
    "its-own-provider": {"annotations": {f"{GITHUB}/provider": "mine"}},
    "the-same-by-its-own": {"annotations": asking(name="audit / the-same-by-its-own", provider="mine")},
    "too-much": {"annotations": {f"{GITHUB}/environment": "x" * 5000}},
    "says-to-be-others": {
        "annotations": {"pipelinesascode.tekton.dev/sha": SHA, "pipelinesascode.tekton.dev/repo-url": "https://x.example"},
        "labels": {"app.kubernetes.io/managed-by": "pipelinesascode.tekton.dev"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
async def scene(bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with Scene.set(bed, Path(tmp_path_factory.mktemp("scene"))) as scene:
        yield scene


@pytest.fixture
async def board(scene: Scene) -> AsyncIterator[Board]:
    """Whatever was tried: nothing inside heard of it, and the controller is well."""
    board = Board(scene.stage)
    yield board
    await board.clear()
    assert (scene.inside.calls, scene.strayed) == ([], [])
    scene.controller.child.check()


async def test_no_run_hides_from_an_audit(scene: Scene, board: Board, namespace: str) -> None:
    options = PLACE | {"name": "audit / $(name)", "beside-pipelines-as-code": "true"}
    here = {"namespaces": [namespace]}
    await board.put(NAMESPACE, "an-offer", filter=here, options=options)  # which listens, and would take the place
    await board.put(NAMESPACE, "audit", allowOptOut=False, filter=here, options=options)
    await scene.lend_secrets(namespace)
    grants = [objects.grant(namespace)]
    mine = objects.github_token(namespace, "mine", secret="mine", endpoint=scene.tenant.url, grants=grants)
    await scene.stage.bed.apply(objects.github_token_secret(namespace, "mine", "ghp_mine"), mine)
    for name, said in HIDING.items():
        run = await Made.create(scene.stage.bed, Wanted(namespace=namespace, name=name, **said))
        await run.says("True", "Succeeded")

    async def seen() -> bool:
        return {c.name for c in scene.stage.checks() if c.conclusion == "success"} >= {f"audit / {x}" for x in HIDING}

    await polled(seen, 40)
    by_audit = [r for r in await scene.stage.records(namespace) if r["spec"]["notification"] == f"{NAMESPACE}/audit"]
    assert {r["spec"]["runRef"]["name"] for r in by_audit} == HIDING.keys()
    assert {r["status"]["provider"] for r in by_audit} == {f"{NAMESPACE}/github"}


async def refused(scene: Scene, namespace: str, **spec: Any) -> str:
    with pytest.raises(ApiError) as caught:
        await scene.stage.bed.apply(
            objects.notification(namespace, "refused", {"providerRef": {"name": "hooks"}, **spec})
        )
    return str(caught.value)


async def test_a_notification_of_a_tenant_says_no_more_than_an_annotation_may(
    scene: Scene, board: Board, namespace: str
) -> None:
    hooks = {"providerRef": {"name": "hooks"}}
    asked: dict[str, tuple[dict[str, Any], str]] = {
        "inside": ({"url": f"{scene.inside.url}/x"}, "EgressRefused"),
        "metadata": ({"url": "http://169.254.169.254/latest"}, "EgressRefused"),
        "metadata-by-a-parameter": ({"url": "http://$(params.host)/latest"}, "EgressRefused"),
        "up": ({"url": f"{scene.mine.url}/hook/../admin"}, ""),
        "credential": ({"url": f"{scene.tenant.url}/collect"}, "Reported"),
    }
    for name, (options, _) in asked.items():
        await board.put(namespace, name, **hooks, options=options)
    await board.put(namespace, "elsewhere", options=PLACE | {"owner": "somebody-else"})
    spec = {"params": [{"name": "host", "value": "[::ffff:169.254.169.254]"}]}
    run = await Made.create(scene.stage.bed, Wanted(namespace=namespace, annotations={}, spec=spec))
    await run.says("True", "Succeeded")
    wanted = {f"{namespace}/{name}": reason for name, (_, reason) in asked.items() if reason}
    wanted[f"{namespace}/elsewhere"] = "NotGranted"

    async def told() -> bool:
        records = await scene.stage.records(namespace)
        return {each["spec"]["notification"]: condition(each)["reason"] for each in records} == wanted

    await polled(told)
    assert {call.authorization for call in scene.tenant.calls if call.path == "/collect"} == {""}
    assert TOKEN not in str(scene.tenant.received)
    assert "admin" not in str(scene.mine.calls)
    assert ready(await board.status(namespace, "up")) == ("False", "InvalidOption")


async def test_what_a_notification_may_not_say_is_refused_when_it_is_written(
    scene: Scene, board: Board, namespace: str
) -> None:
    assert "name the Provider in spec.providerRef" in await refused(scene, namespace, options={"provider": "x"})
    assert "put the template into spec.template" in await refused(scene, namespace, options={"template": "x"})
    assert "providerRef.name" in await refused(scene, namespace, providerRef={"name": "team-b/theirs"})
    assert "expression" in await refused(scene, namespace, filter={"expression": "x" * 513})
    hooks = {"providerRef": {"name": "hooks"}}
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "header": (hooks | {"options": {"content-type": "a/b\r\nx-evil: 1"}}, "InvalidOption"),
        "result": (hooks | {"options": {"url": "$(results.url)"}}, "InvalidOption"),
        "words": (hooks | {"template": '{"token": "$(secrets.token)"}'}, "InvalidTemplate"),
        "nested": ({"filter": {"expression": "labels.all(a, labels.all(b, a != b))"}}, "InvalidExpression"),
        "pattern": ({"filter": {"expression": "name.matches('(a|aa)+b')"}}, "InvalidExpression"),
        "growing": ({"filter": {"expression": "size(name + name) > 1"}}, "InvalidExpression"),
    }
    for name, (spec, _) in wrong.items():
        await board.put(namespace, name, **spec)
    found = {name: ready(await board.status(namespace, name)) for name in wrong}
    assert found == {name: ("False", reason) for name, (_, reason) in wrong.items()}


async def test_a_notification_reaches_neither_anothers_provider_nor_anothers_runs(
    scene: Scene, board: Board, namespace: str
) -> None:
    bed = scene.stage.bed
    other = (await bed.request("POST", "/api/v1/namespaces", {"metadata": {"generateName": "victim-"}}))["metadata"][
        "name"
    ]
    theirs = [objects.grant("*", targets=["*"])]
    await bed.apply(provider(other, "theirs", endpoint=f"{scene.tenant.url}/theirs", grants=theirs))
    status = await board.put(namespace, "borrowed", providerRef={"name": "theirs"})
    assert ready(status) == ("False", "NoProvider")
    reaching = {"namespaces": ["*", other]}
    options = {"url": f"{scene.tenant.url}/spied"}
    await board.put(namespace, "spy", providerRef={"name": "hooks"}, filter=reaching, options=options)
    for where in (other, namespace):
        said = hook(f"{scene.tenant.url}/own")
        run = await Made.create(bed, Wanted(namespace=where, name=f"in-{where}", annotations=said))
        await run.says("True", "Succeeded")

    async def told() -> bool:
        heard = {
            (call.path, each.run) for call in scene.tenant.calls for each in scene.tenant.received if each.id == call.id
        }
        return {("/own", f"in-{other}"), ("/own", f"in-{namespace}"), ("/spied", f"in-{namespace}")} <= heard

    await polled(told)
    await board.counted(namespace, "spy", matched=1)
    assert scene.tenant.of(f"in-{other}", "/spied") == []
    assert [r["spec"]["notification"] for r in await scene.stage.records(other)] == [""]
    await bed.request("DELETE", f"/api/v1/namespaces/{other}")
