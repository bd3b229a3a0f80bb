"""The integration against Slack's look-alike: a real Context, with a clock that Slack and the quotas share."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from msgspec.structs import replace
from tekton_integrations_slack.integration import Slack as Integration
from tekton_integrations_slack.options import BotSettings, SlackOptions, WebhookSettings

from tekton_integrations import Child, Credential, Excerpt, Record, Result, Run, State, Step, Target
from tekton_integrations.record import Attempt
from tekton_integrations.testing import RUN, SECRET, Workbench, make_child, make_record, make_run
from tests.fakes.slack import Channel, Message, Slack

TOKEN = "xoxb-mine"
URL = "https://tektoncd.slack.com"
OPTIONS = SlackOptions(channel="build-cop", url=URL)
LOG = Excerpt(step="unit", lines=("collecting ...", "1 failed, 6 passed"), omitted=3)


class Clock:
    """Time that passes only when told."""

    def __init__(self) -> None:
        self.time = 1_800_000_100.0

    def __call__(self) -> float:
        return self.time


@dataclass(kw_only=True)
class Stage(Workbench):
    """A workspace with the channel build-cop, and one run that is shown there; `memory` is its record's."""

    slack: Slack
    time: Clock
    integration: Integration = field(default_factory=Integration)
    memory: dict[str, str] = field(default_factory=dict)
    options: SlackOptions = OPTIONS
    observed: str = ""
    intent: Attempt | None = None  # as the record has it

    @property
    def channel(self) -> Channel:
        return self.slack.channel("build-cop")

    @property
    def card(self) -> Message:
        """The only one."""
        [card] = self.channel.cards
        return card

    @property
    def reply(self) -> Message:
        """The only one."""
        [reply] = self.channel.replies(self.card.ts)
        return reply

    def ask(self, **changes: Any) -> None:
        self.options = replace(self.options, **changes)

    def record(self) -> Record:
        return make_record(
            self.integration, self.options, memory=self.memory, observed_state=self.observed, intent=self.intent
        )

    async def show(self, state: State | Run = State.RUNNING, *, search: bool = False) -> Result:
        """As the core does; what is remembered is kept, also where it fails. Time passes before."""
        self.time.time += 5.0
        run = state if isinstance(state, Run) else make_run(state)
        try:
            result = await self.integration.reconcile(run, self.options, self.record(), self.context(search=search))
        except Exception:
            self.memory = self.remembered or self.memory
            raise
        self.memory = dict(self.memory if result.memory is None else result.memory)
        self.observed = str(run.state)
        return result

    async def settle(self) -> None:
        await self.integration.settle(self.record(), self.context(search=True))

    def grant(self, *names: str) -> None:
        """These names, at this workspace."""
        self.grants = lambda target: target.name in names and target.resource == "tektoncd.slack.com"

    def fails(self) -> Child:
        """The run's only task is one that failed, with a log."""
        child = make_child("test", State.FAILED, Step(name="unit", exit_code=1, reason="Error", started=1.0))
        self.children, self.logs = [child], {child.name: LOG}
        return child

    def use_webhook(self, path: str = "T1/B1/x") -> str:
        """Gives its URL."""
        self.slack.world.add_hook(path, self.channel)
        url = f"{self.slack.hooks}/{path}"
        endpoint = self.slack.hooks.removesuffix("/services")
        self.use(
            type="SlackWebhook",
            endpoint=endpoint,
            settings=WebhookSettings(url=SECRET),
            secrets={"url": url.encode()},
        )
        return url


@asynccontextmanager
async def stage(**facts: Any) -> AsyncIterator[Stage]:
    clock = Clock()
    async with Slack.started(clock=clock, **facts) as slack, aiohttp.ClientSession() as session:
        slack.world.add_token(TOKEN)
        slack.world.add_channel("build-cop")
        credential = Credential(
            type="Slack",
            endpoint=slack.url,
            settings=BotSettings(token=SECRET),
            secrets={"token": TOKEN.encode()},
            version="v1",
        )
        yield Stage(slack=slack, session=session, credential=credential, clock=clock, time=clock)


def target(name: str = "build-cop", resource: str = "tektoncd.slack.com") -> Target:
    return Target(resource=resource, name=name)


def annotated(annotations: Mapping[str, str], **changes: Any) -> Run:
    return replace(RUN, annotations=dict(annotations), **changes)
