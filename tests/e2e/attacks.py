"""Where attacks are tried: one controller with all that can be told a URL, receivers that tell what they heard, and a
DNS that says what an attacker's would.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from hack import objects
from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Controller, Place
from hack.testbed import TestBed
from hack.testbed.api import polled
from tekton_integrations.addresses import place
from tests.e2e.kinds import Made, Wanted
from tests.e2e.stage import GROUP, Stage, condition
from tests.fakes.webhook import Receiver, provider, secret

Object = dict[str, Any]
TOKEN = "s3cr3t-s3cr3t-s3cr3t"
RBAC = "rbac.authorization.k8s.io"
# One of the Internet's, to which there is no way here.
NOWHERE = "2a0f:ffff::1"
INSIDE = {
    "loopback.attacker.example": ["127.0.0.1"],
    "metadata.attacker.example": ["169.254.169.254"],
    "mapped.attacker.example": ["::ffff:127.0.0.1"],
}
REBINDING = "rebind.attacker.example"
# One answer after the other; the last one holds.
# The API server's: where it is when the controller asks first, and where it is to be had.
API, API_AT = "kubernetes.default", "2a0f:ffff::2"
NAMES = {**INSIDE, REBINDING: [NOWHERE, "127.0.0.1"], API: [API_AT, "127.0.0.1"]}
# The system as an attacker's DNS makes it, and without any way but loopback: what is tried besides is noted, and leaves
# the machine in no case. Nothing of ours is replaced but uvloop, which would ask the system past Python.
_SYSTEM = """\
import errno, ipaddress, socket, sys
sys.modules["uvloop"] = None
answers, real, connected = {names!r}, socket.getaddrinfo, socket.socket.connect
def getaddrinfo(host, *arguments, **named):
    listed = answers.get(host)
    if listed:
        host = listed.pop(0) if len(listed) > 1 else listed[0]
    return real(host, *arguments, **named)
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0].partition("%")[0]
        if not ipaddress.ip_address(host).is_loopback:
            with open({strayed!r}, "a") as file:
                print(host, file=file)
            raise OSError(errno.ENETUNREACH, "there is no way but loopback")
    return connected(self, address)
socket.getaddrinfo, socket.socket.connect = getaddrinfo, connect
"""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`mine` is the endpoint of the shared Providers, `tenant` is granted besides, `inside` is named by nobody."""

    stage: Stage
    controller: Controller
    mine: Receiver
    tenant: Receiver
    inside: Receiver
    log: Path

    @classmethod
    @asynccontextmanager
    async def set(cls, bed: TestBed, folder: Path) -> AsyncIterator[Self]:
        strayed = folder / "strayed"
        strayed.touch()
        (folder / "sitecustomize.py").write_text(_SYSTEM.format(names=NAMES, strayed=str(strayed)))
        async with AsyncExitStack() as stack:
            stage = await stack.enter_async_context(Stage.set(bed, folder))
            mine, tenant, inside = [await stack.enter_async_context(Receiver.started()) for _ in range(3)]
            await bed.apply(secret(NAMESPACE, "hooks-key"), secret(NAMESPACE, "hooks-token", TOKEN))
            grants = [objects.grant("*", targets=["*", place(mine.url), place(tenant.url)])]
            named = {"signingKey": "hooks-key", "token": "hooks-token"}
            await bed.apply(provider(NAMESPACE, "hooks", endpoint=f"{mine.url}/hook", grants=grants, **named))
            await bed.apply(objects.provider(NAMESPACE, "sink", {"type": "CloudEvents", "grants": grants}))
            stack.push_async_callback(stage.forget, "webhook", "cloudevent")
            arguments = ("--integrations", "github,webhook,cloudevent", "--infer", "github")
            there = Place(environment={"PYTHONPATH": str(folder), "KUBERNETES_SERVICE_HOST": API})
            controller = await stack.enter_async_context(stage.controller(*arguments, place=there))
            try:
                yield cls(stage=stage, controller=controller, mine=mine, tenant=tenant, inside=inside, log=strayed)
            finally:
                for name in ("hooks", "sink"):
                    await bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/{name}")

    @property
    def strayed(self) -> list[str]:
        """Addresses other than loopback to which the controller wanted to connect."""
        return self.log.read_text().split()

    @property
    def port(self) -> int:
        return urlsplit(self.inside.url).port or 0

    async def asks(self, namespace: str, name: str, annotations: Mapping[str, str], **more: Any) -> Made:
        """A TaskRun that has started."""
        run = await Made.create(
            self.stage.bed, Wanted(namespace=namespace, name=name, annotations=dict(annotations), **more)
        )
        await run.says("Unknown", "Running")
        return run

    async def refused(self, namespace: str, count: int) -> dict[tuple[str, str], Object]:
        """The conditions of so many records, by the run's name and the integration, once each was given up."""

        found: dict[tuple[str, str], Object] = {}

        async def probe() -> bool:
            for each in await self.stage.records(namespace):
                found[each["spec"]["runRef"]["name"], each["spec"]["integration"]] = condition(each)
            return len(found) == count and all(each["status"] == "False" for each in found.values())

        try:
            await polled(probe)
        except TimeoutError:
            raise AssertionError({key: each for key, each in found.items() if each["status"] != "False"}) from None
        return found

    async def lend_secrets(self, namespace: str) -> None:
        """As a team does that has a Provider of its own."""
        subject = {"kind": "ServiceAccount", "name": SERVICE_ACCOUNT, "namespace": NAMESPACE}
        role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "tekton-integrations-secrets"}
        binding = {"metadata": {"name": "secrets"}, "roleRef": role, "subjects": [subject]}
        await self.stage.bed.request("POST", f"/apis/{RBAC}/v1/namespaces/{namespace}/rolebindings", binding)


def hook(url: str, **more: str) -> dict[str, str]:
    return {f"webhook.integrations.tekton.dev/{key}": value for key, value in {"url": url, **more}.items()}


def cloud_event(url: str, **more: str) -> dict[str, str]:
    return {f"cloudevent.integrations.tekton.dev/{key}": value for key, value in {"target": url, **more}.items()}
