"""Where a case is played: look-alikes of all services, each behind a way that can be cut, and the Providers that lead
there. A tenant for each 60 runs, with an account at GitHub and a workspace in Slack of its own: limits are theirs."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha1
from typing import Any, Self
from urllib.parse import urlsplit

from hack import objects
from hack.controller import NAMESPACE
from hack.recording import SHA
from hack.testbed import ApiError, TestBed
from tekton_integrations.addresses import place
from tests.fakes import cloudevent, slack, webhook
from tests.fakes.cuts import Cuts
from tests.fakes.github import GitHub
from tests.fakes.slack.objects import TOKEN

from .acts import Act
from .driver import Life
from .sky import GitHubFaults, OtherFaults, Sky

SERVICES = ("github", "slack", "webhook", "cloudevent")
_OWNER = "acme-{}"
_TENANT = 60
# A channel takes one message a second.
_CHANNELS = 10


@dataclass(kw_only=True, eq=False)
class World:
    """`ways`: by service, those to its look-alikes. `lives`: by number, all runs that there have been."""

    bed: TestBed
    namespace: str
    sky: Sky
    tenants: int
    github: GitHub
    webhook: webhook.Receiver
    cloudevent: cloudevent.Receiver
    slacks: list[slack.Slack] = field(default_factory=list)
    ways: dict[str, list[Cuts]] = field(default_factory=dict)
    lives: dict[str, Life] = field(default_factory=dict)
    _stack: AsyncExitStack

    @classmethod
    @asynccontextmanager
    async def made(cls, bed: TestBed, sky: Sky, runs: int) -> AsyncIterator[Self]:
        """In a namespace of its own. Its runs, records and Providers are gone afterwards."""
        async with AsyncExitStack() as stack:
            github = await stack.enter_async_context(GitHub.started(limits=False))
            hooks = await stack.enter_async_context(webhook.Receiver.started())
            sink = await stack.enter_async_context(cloudevent.Receiver.started())
            github.faults = GitHubFaults(sky)
            hooks.faults, sink.faults = OtherFaults(sky, "webhook"), OtherFaults(sky, "cloudevent")
            space = await bed.request("POST", "/api/v1/namespaces", {"metadata": {"generateName": "chaos-"}})
            world = cls(
                bed=bed,
                namespace=space["metadata"]["name"],
                sky=sky,
                tenants=-(-runs // _TENANT),
                github=github,
                webhook=hooks,
                cloudevent=sink,
                _stack=stack,
            )
            stack.push_async_callback(world._clear)
            await world._furnish()
            yield world

    async def _furnish(self) -> None:
        app, made = self.github.add_app(7), list[dict[str, Any]]()
        for tenant in range(self.tenants):
            name = f"{_OWNER.format(tenant)}/api"
            self.github.add_repository(name, installation_of=app, permissions={"checks": "write"})
            self.github.accept_any_commit(name)
            made.append(await self._workspace(tenant))
        url = await self._way("github", self.github.url)
        grants = [objects.grant("*")]
        github = objects.github_app(
            NAMESPACE, "chaos-github", app_id=7, secret="chaos-github", endpoint=url, grants=grants
        )
        await self.bed.apply(
            objects.github_app_secret(NAMESPACE, "chaos-github", app.private_key_pem),
            slack.secret(NAMESPACE, "chaos-slack"),
            github,
            self._receiver("Webhook", "webhook", await self._way("webhook", self.webhook.url)),
            self._receiver("CloudEvents", "cloudevent", await self._way("cloudevent", self.cloudevent.url)),
            *made,
        )

    async def _workspace(self, tenant: int) -> dict[str, Any]:
        """The Provider that leads to a new one."""
        host = f"team{tenant}.slack.com"
        new = await self._stack.enter_async_context(slack.Slack.started(url=f"https://{host}/"))
        new.faults = OtherFaults(self.sky, f"slack-{tenant}")
        new.on_write = partial(self._on_write, f"slack-{tenant}")
        new.world.add_token(TOKEN)
        for number in range(_CHANNELS):
            new.world.add_channel(f"builds-{number}")
        self.slacks.append(new)
        grants = [objects.grant("*", targets=[host])]
        url = await self._way("slack", new.url)
        return slack.provider(NAMESPACE, f"chaos-slack-{tenant}", endpoint=url, grants=grants, secret="chaos-slack")

    async def _on_write(self, service: str, call: slack.Call) -> None:
        """No other service leaves so little to tell afterwards why something stands twice."""
        text = call.arguments.get("text", "")
        self.sky.tell(f"{service} did {call.method}: {text}")

    def _receiver(self, kind: str, name: str, url: str) -> dict[str, Any]:
        grants = [objects.grant("*", targets=[place(url)])]
        spec = {"type": kind, "endpoint": url, "grants": grants}
        return objects.provider(NAMESPACE, f"chaos-{name}", spec)

    async def _way(self, service: str, url: str) -> str:
        """The URL of the same place by a way that can be cut."""
        parts = urlsplit(url)
        assert parts.port is not None
        way = await self._stack.enter_async_context(Cuts.before("127.0.0.1", parts.port))
        self.ways.setdefault(service, []).append(way)
        return f"http://127.0.0.1:{way.port}{parts.path}"

    async def _clear(self) -> None:
        """Leaves nothing to the next case's controllers."""
        for path in (
            f"/apis/tekton.dev/v1/namespaces/{self.namespace}/pipelineruns",
            objects.RECORDS.format(self.namespace),
            f"/api/v1/namespaces/{self.namespace}",
            f"{objects.PATH}/namespaces/{NAMESPACE}/providers",
            f"{objects.PATH}/namespaces/{NAMESPACE}/integrations",
            f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases",
        ):
            with suppress(ApiError):  # a namespace that goes takes what is in it along
                await self.bed.request("DELETE", path)

    # --- runs

    def born(self, act: Act) -> Life:
        """The run that this act is to create."""
        name, recording = act.value.split()
        life = Life(number=act.on, name=name, recording=recording, annotations=self._asking(act.on))
        self.lives[act.on] = life
        return life

    def _asking(self, number: str) -> dict[str, str]:
        """For all four; each life has a commit of its own."""
        at = int(number.rstrip("b"))
        tenant = at // _TENANT % self.tenants
        github = {"owner": _OWNER.format(tenant), "repo": "api"}
        sha = f"{at:06x}{sha1(f'{self.namespace} {number}'.encode(), usedforsecurity=False).hexdigest()[:34]}"
        hook = f"http://127.0.0.1:{self.ways['webhook'][0].port}/hook"
        target = f"http://127.0.0.1:{self.ways['cloudevent'][0].port}/sink"
        return {
            SHA: sha,
            **{f"github.{objects.GROUP}/{key}": value for key, value in github.items()},
            **slack.asking(f"builds-{at % _CHANNELS}", url=f"https://team{tenant}.slack.com"),
            **webhook.asking(hook),
            f"cloudevent.{objects.GROUP}/target": target,
        }

    def repository(self, life: Life) -> str:
        return f"{life.annotations[f'github.{objects.GROUP}/owner']}/api"

    # --- ways

    def ways_to(self, name: str) -> Iterator[Cuts]:
        for service in SERVICES if name == "services" else (name,):
            yield from self.ways[service]

    @property
    def calm(self) -> bool:
        """Nothing that was asked is still to take effect."""
        return not (self.sky.pending or self.github.late)
