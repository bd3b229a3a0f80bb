"""All that runs are told to: look-alikes in this process, which forget a run once it was judged."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

from aiohttp import web

from hack import objects
from hack.controller import NAMESPACE
from hack.simulation import cloudevent, webhook
from hack.simulation.sink import Read, Told
from hack.testbed import TestBed
from tekton_integrations.addresses import place
from tests.fakes.github import CheckRun, GitHub
from tests.fakes.slack import Message, Slack, asking, provider, secret
from tests.fakes.slack.objects import TOKEN
from tests.loopback import serving

from .fates import asks, name, sha

REPOSITORY = "acme/api"
WORKSPACE = "https://tektoncd.slack.com"
# A channel takes a message a second, and nobody is to wait here.
CHANNELS = 40
_TEAMS = 10
_APP = 7
_GITHUB = tuple(f"github.integrations.tekton.dev/{key}" for key in ("owner", "repo", "sha"))
_LOG = 100  # calls that the look-alikes remember


class Inbox:
    """Keeps each message once by its id, and counts those that come again."""

    def __init__(self, read: Read) -> None:
        self.told: defaultdict[str, list[Told]] = defaultdict(list)  # by run
        self.repeats = 0
        self._read = read

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await request.read()
        except (ConnectionError, web.RequestPayloadError):
            return web.Response()  # the client went in the middle of its request
        told = self._read({key.lower(): value for key, value in request.headers.items()}, body)
        known = self.told[told.run]
        if any(each.id == told.id for each in known):
            self.repeats += 1
        else:
            known.append(told)
        return web.Response(status=204)


class Services:
    """Without limits: 20 transitions a second are more than one account may do at GitHub or Slack."""

    def __init__(self, github: GitHub, slack: Slack, inboxes: Mapping[str, Inbox], urls: Mapping[str, str]) -> None:
        self.github, self.slack, self.inboxes, self._urls = github, slack, inboxes, urls
        self._repository = github.add_repository(REPOSITORY, installation_of=github.add_app(_APP))
        github.accept_any_commit(REPOSITORY)
        slack.world.add_token(TOKEN)
        for number in range(CHANNELS):
            slack.world.add_channel(_channel(number))

    @classmethod
    @asynccontextmanager
    async def started(cls, bed: TestBed) -> AsyncIterator[Self]:
        """With a Provider for each, granted to all namespaces; they are gone afterwards."""
        inboxes = {"webhook": Inbox(webhook.read), "cloudevent": Inbox(cloudevent.read)}
        async with AsyncExitStack() as stack:
            github = await stack.enter_async_context(GitHub.started(limits=False, log_size=_LOG))
            slack = await stack.enter_async_context(Slack.started(limits=False))
            urls = {each: await stack.enter_async_context(serving(inboxes[each].take)) for each in inboxes}
            services = cls(github, slack, inboxes, urls)
            made = services._providers()
            await bed.apply(*services._secrets(), *made)
            try:
                yield services
            finally:
                for each in made:
                    await bed.request("DELETE", objects.PROVIDER.format(NAMESPACE, each["metadata"]["name"]))

    def _secrets(self) -> list[dict[str, Any]]:
        key = self.github.world.apps[_APP].private_key_pem
        return [objects.github_app_secret(NAMESPACE, "github-app", key), secret(NAMESPACE)]

    def _providers(self) -> list[dict[str, Any]]:
        def all_of(*targets: str) -> list[dict[str, Any]]:
            return [objects.grant("*", targets=targets)]

        app = {"app_id": _APP, "secret": "github-app", "endpoint": self.github.url}
        hooks = {"type": "Webhook", "webhook": {}, "grants": all_of(place(self._urls["webhook"]))}
        sink = {"type": "CloudEvents", "grants": all_of(place(self._urls["cloudevent"]))}
        return [
            objects.github_app(NAMESPACE, "github", **app, grants=all_of("acme/*")),  # type: ignore[arg-type]
            provider(NAMESPACE, endpoint=self.slack.url, grants=all_of("tektoncd.slack.com")),
            objects.provider(NAMESPACE, "hooks", hooks),
            objects.provider(NAMESPACE, "sink", sink),
        ]

    def asked(self, number: int) -> dict[str, str | None]:
        """The annotations of a run; those for GitHub are in the recordings, and are taken away if it does not ask."""
        team, chosen = f"team-{number % _TEAMS}", asks(number)
        found: dict[str, dict[str, str]] = {
            "slack": asking(_channel(number), url=WORKSPACE),
            "webhook": {"webhook.integrations.tekton.dev/url": f"{self._urls['webhook']}/{team}"},
            "cloudevent": {"cloudevent.integrations.tekton.dev/target": f"{self._urls['cloudevent']}/{team}"},
        }
        asked: dict[str, str | None] = {} if "github" in chosen else dict.fromkeys(_GITHUB)
        for integration in chosen:
            asked |= found.get(integration, {})
        return asked

    def checks(self, number: int) -> list[CheckRun]:
        return self.github.check_runs(REPOSITORY, sha(number))

    def cards(self, number: int) -> list[Message]:
        words = f" {name(number)} in namespace "
        return [each for each in self.slack.cards(_channel(number)) if words in each.shown]

    def told(self, integration: str, number: int) -> list[Told]:
        return self.inboxes[integration].told.get(name(number), [])

    def forget(self, number: int) -> None:
        if self.checks(number):
            self.github.remove_commit(REPOSITORY, sha(number))
            self.github.accept_any_commit(REPOSITORY)
        channel, cards = self.slack.channel(_channel(number)), {each.ts for each in self.cards(number)}
        channel.messages = [each for each in channel.messages if not cards & {each.ts, each.thread_ts}]
        self.slack.calls.clear()
        for inbox in self.inboxes.values():
            inbox.told.pop(name(number), None)

    def left(self) -> Counter[str]:
        """What is there of runs that were forgotten, or never were: by integration."""
        found = Counter(github=len(self.github.all_check_runs()))
        found["slack"] = sum(len(each.messages) for each in self.slack.world.channels.values())
        for integration, inbox in self.inboxes.items():
            found[integration] = sum(map(len, inbox.told.values()))
        return found


def _channel(number: int) -> str:
    return f"builds-{number % CHANNELS}"
