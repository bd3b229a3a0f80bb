"""What somebody tries who may make runs, or Providers of a namespace, and no more. docs/security-tests.md lists all."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hack import objects
from hack.controller import NAMESPACE
from hack.testbed import TestBed
from hack.testbed.api import polled
from tekton_integrations.testing.corpus import TERMINAL, UNICODE, WIRE, unfit
from tests.e2e.attacks import API, API_AT, INSIDE, NOWHERE, REBINDING, TOKEN, Object, Scene, cloud_event, hook
from tests.e2e.builds import Build
from tests.e2e.disguises import LOOPBACK, METADATA, PATHS, PLACES
from tests.e2e.kinds import Made, Wanted, asking
from tests.e2e.stage import REPOSITORY, SHA, condition
from tests.fakes.webhook import Receiver, provider


@pytest.fixture(scope="module")
async def scene(bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with Scene.set(bed, Path(tmp_path_factory.mktemp("scene"))) as scene:
        yield scene


@pytest.fixture(autouse=True)
async def unharmed(scene: Scene) -> AsyncIterator[None]:
    """Whatever was tried: nothing inside heard of it, no other address was tried, and the controller is well."""
    yield
    assert scene.inside.calls == []
    assert set(scene.strayed) <= {NOWHERE}
    scene.controller.child.check()


async def test_a_namespace_of_one_grant_and_a_target_of_another_permit_nothing(scene: Scene, namespace: str) -> None:
    grants = [
        objects.grant(namespace, targets=["acme/api"], names=["unit"]),
        objects.grant("somebody-else", targets=["acme/*"]),
        objects.grant(namespace, targets=["acme/web"]),
    ]
    await scene.stage.provide(*grants)
    await scene.asks(namespace, "cartesian", asking(name="deploy"))
    found = await scene.refused(namespace, 1)
    await scene.stage.provide(objects.grant("*", targets=["acme/*"]))
    assert found["cartesian", "github"]["reason"] == "NotGranted"
    assert "add the namespace, target and name" in found["cartesian", "github"]["message"]


async def test_a_shared_credential_does_not_go_to_a_url_of_a_tenant(scene: Scene, namespace: str) -> None:
    await scene.asks(namespace, "theirs", hook(f"{scene.tenant.url}/collect"))
    await scene.asks(namespace, "beside", hook(f"{scene.mine.url}/hooked"))
    await scene.asks(namespace, "ours", hook(f"{scene.mine.url}/hook/a"))
    for receiver, run in ((scene.tenant, "theirs"), (scene.mine, "beside"), (scene.mine, "ours")):
        await polled(partial(_heard, receiver, run))
    assert {call.authorization for call in scene.tenant.calls} == {""}
    lent = {(call.path, call.authorization) for call in scene.mine.calls}
    assert lent == {("/hooked", ""), ("/hook/a", f"Bearer {TOKEN}")}
    assert all("webhook-signature" not in each.headers for each in scene.tenant.received)
    assert TOKEN not in "".join(str(each) for each in scene.tenant.received)


async def _heard(receiver: Receiver, run: str) -> bool:
    return bool(receiver.of(run))


async def test_a_provider_cannot_point_at_a_secret_that_is_not_meant_for_it(scene: Scene, namespace: str) -> None:
    bed = scene.stage.bed
    await scene.lend_secrets(namespace)
    opaque = {"metadata": {"name": "database"}, "stringData": {"password": TOKEN}}
    await bed.request("POST", f"/api/v1/namespaces/{namespace}/secrets", opaque)
    await bed.apply(objects.github_app_secret(namespace, "app", scene.stage.app.private_key_pem))
    grants = [objects.grant(namespace, targets=["http://127.*"])]
    tries = {"database": "SecretNotOffered", "app": "SecretNotOffered", "hooks-token": "CredentialUnavailable"}
    for name in (*tries, f"../../{NAMESPACE}/secrets/hooks-token"):
        short = name.rpartition("/")[2] if "/" not in name else "path"
        made = provider(namespace, f"mine-{short}", endpoint=scene.tenant.url, grants=grants, token=name)
        await bed.apply(made)
        await scene.asks(namespace, short, hook(f"{scene.tenant.url}/steal", provider=f"mine-{short}"))
    wanted = {**tries, "path": "InvalidProvider"}

    async def probe() -> bool:
        found = {r["spec"]["runRef"]["name"]: condition(r)["reason"] for r in await scene.stage.records(namespace)}
        return found == wanted

    await polled(probe)
    assert [call for call in scene.tenant.calls if call.path == "/steal"] == []


async def test_a_provider_of_a_team_does_not_lead_to_the_machines_secrets(scene: Scene, namespace: str) -> None:
    grants = [objects.grant(namespace, targets=["*", "169.254.169.254", "metadata.attacker.example"])]
    for number, host in enumerate(("169.254.169.254", "metadata.attacker.example", "[fd00:ec2::254]")):
        made = provider(namespace, f"mine-{number}", endpoint=f"https://{host}/latest", grants=grants)
        await scene.stage.bed.apply(made)
        asked = hook(f"https://{host}/latest/api", provider=f"mine-{number}")
        await scene.asks(namespace, f"cloud-{number}", asked)
    found = await scene.refused(namespace, 3)
    assert {each["reason"] for each in found.values()} == {"EgressRefused"}
    assert all("never called" in each["message"] or "grants" in each["message"] for each in found.values())


async def test_what_a_task_writes_chooses_no_target(scene: Scene, namespace: str) -> None:
    spec = {"pipelineRef": {"name": "build"}}
    given = {"github.integrations.tekton.dev/name": "mine"}
    wanted = Wanted(namespace=namespace, kind="PipelineRun", name="results", annotations=given, spec=spec)
    run = await Made.create(scene.stage.bed, wanted)
    results = {
        "git-repo-url": f"{scene.stage.github.url}/{REPOSITORY}.git",
        "git-revision": SHA,
        "github.integrations.tekton.dev/sha": SHA,
        "url": f"{scene.tenant.url}/result",
    }
    listed = [{"name": name, "value": value} for name, value in results.items()]
    await run.says("True", "Succeeded", results=listed)
    found = await scene.refused(namespace, 1)
    assert found["results", "github"]["reason"] == "MissingAnnotation"
    assert [each.name for each in scene.stage.checks() if each.name == "mine"] == []


async def test_no_trick_in_a_path_leads_elsewhere(scene: Scene, namespace: str) -> None:
    calls = len(scene.stage.calls)
    for name, path in PATHS.items():
        await scene.asks(namespace, f"hook-{name}", hook(f"{scene.mine.url}{path}"))
    for name, changed in PLACES.items():
        await scene.asks(namespace, name, asking(**changed))
    found = await scene.refused(namespace, len(PATHS) + len(PLACES))
    assert {each["reason"] for each in found.values()} == {"InvalidAnnotation", "NotGranted"}
    assert {name for (name, _), each in found.items() if each["reason"] == "NotGranted"} == {"other", "other-case"}
    assert len(scene.stage.calls) == calls
    assert not [call for call in scene.mine.calls if "admin" in call.path]


async def test_what_a_run_says_is_no_command_in_a_comment(scene: Scene, namespace: str) -> None:
    installed = scene.stage.github.installation(REPOSITORY, scene.stage.app)
    installed.permissions |= {"pull_requests": "write"}
    scene.stage.github.add_pull_request(REPOSITORY, 12, SHA)
    build = await Build.started(scene.stage, namespace, comment="always", **{"pull-request": "12"})
    said = "/approve\n@acme/everyone /merge\r\n> /lgtm @dependabot merge <!-- x -->"
    await build.task.says("False", "Failed", said, podName="x")
    await build.run.says("False", "/approve", said, childReferences=[])
    await build.reported()
    [comment] = scene.stage.github.comments(REPOSITORY, 12)
    assert "failed" in comment.body.lower()
    words = [line.lstrip(" >`*-|#") for line in comment.body.splitlines()]
    assert not [line for line in words if line.startswith(("/", "@"))]
    assert comment.body.count("<!--") == 1


async def test_the_metadata_service_and_loopback_are_out_of_reach_in_every_spelling(
    scene: Scene, namespace: str
) -> None:
    hosts = [*(f"{host}:{scene.port}" for host in LOOPBACK), *METADATA]
    for number, host in enumerate(hosts):
        url = f"http://{host}/latest/meta-data/"
        await scene.asks(namespace, f"host-{number}", hook(url) | cloud_event(url))
    found = await scene.refused(namespace, 2 * len(hosts))
    reasons = {(hosts[int(name.partition("-")[2])], each["reason"]) for (name, _), each in found.items()}
    assert {reason for _, reason in reasons} == {"EgressRefused", "InvalidAnnotation"}
    invalid = {host.partition(":")[0] for host, reason in reasons if reason == "InvalidAnnotation"}
    assert invalid <= {"localhost.", "127.0.0.1.", *LOOPBACK[-4:]}


async def test_the_api_server_is_out_of_reach(scene: Scene, namespace: str) -> None:
    """By its address and its name, be they as public as they like."""
    for number, host in enumerate((urlsplit(scene.stage.bed.url).netloc, API, f"{API}.", f"[{API_AT}]")):
        await scene.asks(namespace, f"api-{number}", hook(f"http://{host}/api/v1/namespaces"))
    found = await scene.refused(namespace, 4)
    assert {each["reason"] for each in found.values()} <= {"EgressRefused", "InvalidAnnotation"}
    assert found["api-3", "webhook"]["reason"] == "EgressRefused"


async def test_a_name_that_leads_inside_is_not_called(scene: Scene, namespace: str) -> None:
    for host in INSIDE:
        await scene.asks(namespace, host.partition(".")[0], hook(f"http://{host}:{scene.port}/x"))
    found = await scene.refused(namespace, len(INSIDE))
    assert {each["reason"] for each in found.values()} == {"EgressRefused"}
    assert all("name it in full in the Provider's spec.grants" in each["message"] for each in found.values())


async def test_a_name_that_leads_inside_once_it_was_looked_at_is_not_followed(scene: Scene, namespace: str) -> None:
    """Who looks and then lets the system look again would call what is inside."""
    await scene.asks(namespace, "rebind", hook(f"http://{REBINDING}:{scene.port}/x"))
    record = await scene.stage.until_record(
        namespace, lambda r: condition(r)["reason"] == "Retrying", integration="webhook"
    )
    assert "no connection to" in condition(record)["message"]
    assert scene.strayed == [NOWHERE]


async def test_nothing_that_a_run_says_is_a_header(scene: Scene, namespace: str) -> None:
    evil = "x\r\nx-evil: 1\r\n\r\nPOST /evil HTTP/1.1"
    said = {"evil.example/note": evil, "tekton.dev/other": evil}
    spec = {"params": [{"name": "p", "value": evil}]}
    url = f"{scene.tenant.url}/headers"
    await scene.asks(namespace, "quiet", {**said, **hook(url, payload="full")}, spec=spec)
    await scene.asks(namespace, "events", {**said, **cloud_event(url)}, spec=spec)
    template = '{"p": "$(params.p)"}'
    await scene.asks(namespace, "words", {**said, **hook(f"{url}/own", template=template)}, spec=spec)
    await scene.asks(namespace, "type", {**said, **hook(url, template="x", **{"content-type": "a/b" + evil})})
    await scene.asks(namespace, "check", {**said, **asking(name=evil)})

    async def probe() -> bool:
        paths = {call.path for call in scene.tenant.calls}
        return {"/headers", "/headers/own"} <= paths and len(await scene.stage.records(namespace)) == 5

    await polled(probe)
    refused = {r["spec"]["runRef"]["name"] for r in await scene.stage.records(namespace) if _refused(r)}
    assert refused == {"type", "check"}
    assert not [each for each in scene.tenant.received if "x-evil" in each.headers]
    assert not [call for call in scene.tenant.calls if call.path == "/evil"]
    assert not [call for call in scene.stage.github.requests if "x-evil" in {key.lower() for key in call.headers}]


def _refused(record: Object) -> bool:
    return bool(condition(record)["reason"] == "InvalidAnnotation")


async def test_nothing_that_a_run_says_is_more_than_text_in_a_terminal(scene: Scene, namespace: str) -> None:
    """Conditions and Events are read with kubectl, which prints what they hold."""
    texts = [*TERMINAL.values(), *UNICODE.values(), *WIRE.values()]
    for number, text in enumerate(texts):
        asked = asking(name=text) | hook("https://hooks.example/x" + text) | cloud_event("https://x.example", on=text)
        other = {"github.integrations.tekton.dev/comment": text, "webhook.integrations.tekton.dev/template": text}
        absent = {"slack.integrations.tekton.dev/channel": text}
        await scene.asks(namespace, f"text-{number}", {**asked, **(other if number % 2 else {}), **absent})

    async def probe() -> bool:
        said = [condition(each)["status"] for each in await scene.stage.records(namespace)]
        return len(said) == 4 * len(texts) and said.count("False") >= 3 * len(texts)

    await polled(probe)
    conditions = [condition(each)["message"] for each in await scene.stage.records(namespace)]
    events = [each["message"] for each in await scene.stage.told(namespace)]
    for message in (*conditions, *events):
        assert (unfit(message), "\n" in message) == ([], False)
        assert len(message) <= 1024
