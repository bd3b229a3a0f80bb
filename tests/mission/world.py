"""What all that was asked for is tried on: one installation with all integrations, before look-alikes of the services.

Hosts have the names that people write: a proxy leads the controller from these to servers on loopback, and an authority
of the test vouches for them. So no Provider needs an endpoint.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hack import objects
from hack.controller import NAMESPACE, Place
from hack.testbed import TestBed
from tests.e2e.stage import GROUP, Stage
from tests.fakes.proxy import Proxy
from tests.fakes.slack import Slack, secret
from tests.fakes.slack.objects import TOKEN
from tests.fakes.webhook import Receiver, provider
from tests.tls import authority, fronting

INTEGRATIONS = ("github", "slack", "webhook", "cloudevent")
Object = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class World:
    """`receiver` is at https://example.com:8080, GitHub at api.github.com, and Slack is the workspace `tektoncd`."""

    stage: Stage
    slack: Slack
    receiver: Receiver

    @property
    def bed(self) -> TestBed:
        return self.stage.bed

    @classmethod
    @asynccontextmanager
    async def made(cls, bed: TestBed, folder: Path) -> AsyncIterator["World"]:
        async with Stage.set(bed, folder) as stage, Slack.started() as slack, Receiver.started() as receiver:
            world = cls(stage=stage, slack=slack, receiver=receiver)
            await world._provide()
            servers = {
                "api.github.com:443": stage.github.url,
                "slack.com:443": f"http://127.0.0.1:{slack.port}",
                "example.com:8080": receiver.url,
            }
            names = ",".join(INTEGRATIONS)
            async with _internet(folder, servers) as place, stage.controller("--integrations", names, place=place):
                yield world
            await world._clear()

    async def _provide(self) -> None:
        self.stage.github.add_repository("wlynch/test", installation_of=self.stage.app, permissions={"checks": "write"})
        self.stage.github.accept_any_commit("wlynch/test")
        self.slack.world.add_token(TOKEN)
        self.slack.world.add_channel("build-cop")
        await self.stage.provide(objects.grant("*", targets=["acme/*", "wlynch/test"]))
        slack = {
            "type": "Slack",
            "slack": {"token": {"secretRef": {"name": "slack"}}},
            "grants": [objects.grant("*", targets=["tektoncd.slack.com"], names=["build-cop"])],
        }
        hooks = provider(NAMESPACE, "hooks", grants=[objects.grant("*", targets=["example.com:8080"])])
        await self.bed.apply(secret(NAMESPACE), objects.provider(NAMESPACE, "slack", slack), hooks)

    async def _clear(self) -> None:
        """To the tests that come next, only GitHub is installed."""
        await self.stage.forget(*INTEGRATIONS[1:])
        for name in ("slack", "hooks"):
            await self.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/{name}")

    async def end(self, path: str) -> None:
        """The run at this path succeeds, in Tekton's words."""
        condition = {"type": "Succeeded", "status": "True", "reason": "Succeeded"}
        await self.bed.api.patch(
            f"{path}/status?fieldManager=controller", {"status": {"conditions": [condition]}}, "merge"
        )


@asynccontextmanager
async def _internet(folder: Path, servers: Mapping[str, str]) -> AsyncIterator[Place]:
    """Where a process finds each `host:port` of `servers`, by TLS, to be the plain server at the URL beside it."""
    ca = authority(folder)
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(Proxy.started())
        for place, url in servers.items():
            host = place.partition(":")[0]
            front = await stack.enter_async_context(fronting(ca.issue(host, host), url))
            proxy.hosts[place] = urlsplit(front).netloc
        yield Place(environment={"HTTPS_PROXY": proxy.url, "NO_PROXY": "", "SSL_CERT_FILE": str(ca.file)})
        assert set(proxy.tunnels) <= servers.keys()
