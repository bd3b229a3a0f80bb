"""Secrets of every kind, written into a log in every way, echoed by a service and raised in a bug: none is to be found
anywhere that the controller writes.
"""

import base64
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from hack import objects
from hack.controller import NAMESPACE, Controller, Place
from hack.testbed import Kubelet, TestBed
from hack.testbed.api import polled
from tests.e2e.attacks import hook
from tests.e2e.builds import Build
from tests.e2e.stage import GROUP, REPOSITORY, SHA, Stage, condition
from tests.e2e.test_excerpts import bind
from tests.fakes import slack as slacks
from tests.fakes.github import Refusal
from tests.fakes.slack import Slack
from tests.fakes.slack.objects import TOKEN
from tests.fakes.webhook import KEY, Receiver, provider, secret

Object = dict[str, Any]
PULL = 12
# Of no shape that is known for a credential: only who knows the value finds it.
CANARIES = {
    place: f"{place.capitalize()}/Kanarien+{number}vogel&{number * 7919}?"
    for number, place in enumerate(("env", "envfrom", "volume", "projected", "pull", "account", "hooks"), 11)
}
LEAKY = '''
import msgspec
from tekton_integrations import Integration, ProviderType, Result, SecretSource, Target

class Options(msgspec.Struct, frozen=True):
    word: str = ""

class Settings(msgspec.Struct, frozen=True):
    token: SecretSource | None = None

class Leaky(Integration):
    name = "leaky"
    Options = Options
    provider_types = (ProviderType(name="Leaky", block="leaky", settings=Settings, endpoint="http://127.0.0.1:9"),)

    def target(self, run, options):
        return Target(resource="all", name=run.pipeline)

    async def reconcile(self, run, options, record, context):
        token = context.credential.secrets["token"].decode()
        try:
            {}[token]
        except KeyError as error:
            raise ValueError(f"no header can be {token!r}") from error

    async def settle(self, record, context):
        """Nothing was shown."""
'''


def leaky(folder: Path) -> Place:
    """An integration with a bug, as pip would have laid it out; where a process finds it."""
    package, info = folder / "tekton_integrations_leaky", folder / "tekton_integrations_leaky-0.dist-info"
    for each in (package, info):
        each.mkdir()
    (package / "__init__.py").write_text(LEAKY)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tekton-integrations-leaky\nVersion: 0\n")
    (info / "entry_points.txt").write_text("[tekton_integrations]\nleaky = tekton_integrations_leaky:Leaky\n")
    return Place(environment={"PYTHONPATH": str(folder)})


def spellings(value: str) -> Iterator[str]:
    """As jobs write what they should not, a line or more each."""
    data = value.encode()
    yield f"password {value}"
    yield base64.b64encode(data).decode()
    yield base64.b64encode(b"robot:" + data + b"\n").decode()
    yield base64.urlsafe_b64encode(b"x" + data).decode().rstrip("=")
    yield f"https://example.com/?p={quote(value, safe='')}"
    yield "".join(f"%{byte:02X}" for byte in data)
    yield data.hex()
    yield json.dumps({"config": json.dumps({"password": value})})
    yield f"set -x; login '{value}'"
    yield from (value[at : at + 7] for at in range(0, len(value), 7))
    yield f"\x1b[1m{value[:9]}\x1b[0m{value[9:]}"


async def plant(bed: TestBed, namespace: str, kubelet: Kubelet) -> None:
    """A pod that reaches a Secret in every way, and has written them all, and ours."""
    for place, value in CANARIES.items():
        body: Object = {"metadata": {"name": f"the-{place}"}, "stringData": {"value": value}}
        if place == "pull":
            auths = {
                "auths": {"ghcr.io": {"auth": base64.b64encode(f"robot:{value}".encode()).decode(), "password": value}}
            }
            body |= {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": json.dumps(auths)}}
        await bed.request("POST", f"/api/v1/namespaces/{namespace}/secrets", body)
    account = {"metadata": {"name": "builder"}, "secrets": [{"name": "the-account"}]}
    await bed.request("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", account)
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "the-env", "key": "value"}}}]
    env_from = [{"secretRef": {"name": "the-envfrom"}}]
    volumes = [
        {"name": "v", "secret": {"secretName": "the-volume"}},
        {"name": "p", "projected": {"sources": [{"secret": {"name": "the-projected"}}]}},
    ]
    await kubelet.create_pod(
        namespace,
        "build-test-pod",
        ["step-test"],
        initContainers=[{"name": "prepare", "image": "none.invalid/none", "env": env, "envFrom": env_from}],
        volumes=volumes,
        imagePullSecrets=[{"name": "the-pull"}],
        serviceAccountName="builder",
    )
    reached = [value for place, value in CANARIES.items() if place != "hooks"]
    for value in reached:
        for line in spellings(value):
            kubelet.write(namespace, "build-test-pod", "step-test", line)
        kubelet.write(namespace, "build-test-pod", "step-test", "visible line")
    await bind(bed, namespace, "ClusterRole", "tekton-integrations-logs")


class Nest:
    """All that the controller wrote, wherever."""

    def __init__(self, stage: Stage, controller: Controller, slack: Slack, hooks: Receiver) -> None:
        self.stage = stage
        self.controller = controller
        self.slack = slack
        self.hooks = hooks

    async def everything(self, namespace: str) -> dict[str, str]:
        bed = self.stage.bed
        github = [call for call in self.stage.github.requests if call.method != "GET"]
        async with aiohttp.ClientSession() as session, session.get(f"{self.controller.url}/metrics") as answer:
            metrics = await answer.text()
        return {
            "github": "\n".join(call.raw.decode() for call in github),
            "slack": json.dumps([call.arguments for call in self.slack.calls]),
            "webhook": "\n".join(each.body.decode() for each in self.hooks.received),
            "events": json.dumps(await self.stage.events(namespace)),
            "records": json.dumps(await self.stage.records(namespace)),
            "providers": json.dumps(await bed.request("GET", f"{GROUP}/providers")),
            "integrations": json.dumps(await bed.request("GET", f"{GROUP}/integrations")),
            "metrics": metrics,
            "log": self.stage.log.read_text(),
        }


@pytest.fixture
async def nest(bed: TestBed, stage: Stage, tmp_path: Path) -> AsyncIterator[Nest]:
    installed = stage.github.installation(REPOSITORY, stage.app)
    installed.permissions |= {"pull_requests": "write", "deployments": "write"}
    stage.github.add_pull_request(REPOSITORY, PULL, SHA)
    async with Slack.started() as slack, Receiver.started(KEY) as hooks:
        slack.world.add_token(TOKEN)
        slack.world.add_channel("builds")
        everybody = [objects.grant("*")]
        await bed.apply(
            slacks.secret(NAMESPACE),
            slacks.provider(NAMESPACE, endpoint=slack.url, grants=everybody),
            secret(NAMESPACE, "hooks-key"),
            secret(NAMESPACE, "hooks-token", CANARIES["hooks"]),
            provider(
                NAMESPACE, "hooks", endpoint=hooks.url, grants=everybody, signingKey="hooks-key", token="hooks-token"
            ),
            objects.secret(NAMESPACE, "leaky", "Leaky", {"token": CANARIES["hooks"]}),
            objects.provider(
                NAMESPACE,
                "leaky",
                {"type": "Leaky", "grants": everybody, "leaky": {"token": {"secretRef": {"name": "leaky"}}}},
            ),
        )
        async with stage.controller(
            "--integrations", "github,slack,webhook,leaky", place=leaky(tmp_path)
        ) as controller:
            yield Nest(stage, controller, slack, hooks)
        await stage.forget("slack", "webhook", "leaky")
        for name in ("slack", "hooks", "leaky"):
            await bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/{name}")


def forms(value: str) -> set[str]:
    data = value.encode()
    within = {base64.b64encode(pad + data).decode()[4:-4] for pad in (b"", b"x", b"xx")}
    return {value, quote(value, safe=""), "".join(f"%{byte:02X}" for byte in data), data.hex(), *within}


def found(text: str, value: str) -> list[str]:
    """In which forms it stands there, also broken over lines."""
    squeezed = re.sub(r"\\n|\x1b\[\d+m|[\s\"']", "", text)
    return [form for form in forms(value) if form in text or form in squeezed]


@pytest.mark.parametrize("value", CANARIES.values(), ids=CANARIES)
def test_what_is_planted_would_be_found(value: str) -> None:
    for broken, line in enumerate(spellings(value)):
        assert found(line, value) or (broken >= 9 and found("\n".join(spellings(value)), value))


async def test_no_secret_is_found_in_anything_that_the_controller_writes(
    nest: Nest, namespace: str, bed: TestBed
) -> None:
    stage = nest.stage
    async with Kubelet.started(bed) as kubelet:
        await plant(bed, namespace, kubelet)
        more = {"comment": "always", "pull-request": str(PULL), "checks": "tasks", "environment": "staging"}
        build = await Build.started(stage, namespace, logs="always", **more)
        others = slacks.asking("builds", logs="always") | hook(f"{nest.hooks.url}/x", payload="full")
        await build.run.patch({"metadata": {"annotations": {**others, "leaky.integrations.tekton.dev/word": "x"}}})
        await build.ends()
        done = {"github": "Reported", "slack": "Reported", "webhook": "Reported", "leaky": "InternalError"}
        await polled(lambda: _says(stage, namespace, build.run.uid, done), 60)
    minted = list(stage.github.world.tokens)
    key = [line for line in stage.app.private_key_pem.splitlines() if "-----" not in line]
    echo = Refusal(403, f"denied: {key[1]} {' '.join(minted)}, Authorization: Bearer {minted[-1]}")
    stage.github.faults.add("POST /repos/acme/api/check-runs", echo, times=None)
    echoed = await Build.started(stage, namespace, name="echoed")
    await polled(lambda: _says(stage, namespace, echoed.run.uid, {"github": "Forbidden"}), 60)
    await _retried(stage, Refusal(403, f"denied: {key[2]}"))
    written = await nest.everything(namespace)
    for place in ("github", "slack"):
        assert "visible line" in written[place]
        assert "***" in written[place]
    assert "denied: " in written["records"]
    assert "denied: " in written["providers"]
    assert "no header can be" in written["log"]
    assert "Traceback" in written["log"] or "exc_type" in written["log"]
    ours = [TOKEN, KEY, KEY.removeprefix("whsec_"), *minted, *key]
    leaks = {
        (where, value): forms
        for where, text in written.items()
        for value in (*CANARIES.values(), *ours)
        if (forms := found(text, value))
    }
    assert leaks == {}


async def _retried(stage: Stage, fault: Refusal) -> None:
    """The App's credential is tried again, as its Provider was edited, and GitHub answers so."""
    stage.github.faults.add("GET /app", fault, times=None)
    path = f"{GROUP}/namespaces/{NAMESPACE}/providers/github"
    await stage.bed.api.patch(path, {"spec": {"detailsUrl": "https://ci.example.com/$(name)"}}, "merge")

    async def refused() -> bool:
        conditions = (await stage.bed.request("GET", path)).get("status", {}).get("conditions", [])
        return [each["reason"] for each in conditions if each["type"] == "Ready"] == ["Forbidden"]

    await polled(refused, 60)


async def _says(stage: Stage, namespace: str, uid: str, wanted: dict[str, str]) -> bool:
    mine = [each for each in await stage.records(namespace) if each["spec"]["runRef"]["uid"] == uid]
    return {each["spec"]["integration"]: condition(each)["reason"] for each in mine} == wanted
