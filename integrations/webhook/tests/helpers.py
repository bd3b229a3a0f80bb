"""The integration before a receiver: what the core would lend, and a run with its record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace
from tekton_integrations_webhook.integration import Webhook
from tekton_integrations_webhook.options import WebhookOptions

from tekton_integrations import Milestone, Record, Result, Run, State
from tekton_integrations.testing import Workbench, make_record, make_run
from tests.fakes.webhook import Received, Receiver

NAMES = ("created", "started", "finished")
DONE = make_run(State.SUCCEEDED)


def milestone(name: str = "finished", sequence: int = 3) -> Milestone:
    return Milestone(key=name, name=name, sequence=sequence, id=f"id-of-{name}-{sequence}", time=1_800_000_064.0)


@dataclass(kw_only=True)
class Stage(Workbench):
    """`path` is that of the URL which the run names."""

    receiver: Receiver
    integration: Webhook = field(default_factory=Webhook)
    path: str = "/hook"

    def options(self, **changes: Any) -> WebhookOptions:
        return WebhookOptions(**{"url": f"{self.receiver.url}{self.path}", **changes})

    def record(self, options: WebhookOptions, memory: Mapping[str, str] | None = None) -> Record:
        return make_record(self.integration, options, memory=memory)

    async def tell(
        self, run: Run = DONE, told: Milestone | None = None, memory: Mapping[str, str] | None = None, **changes: Any
    ) -> Result:
        options = self.options(**changes)
        self.use(endpoint=options.url)
        context = self.context(milestone=told or milestone())
        return await self.integration.reconcile(run, options, self.record(options, memory), context)

    async def end(self, memory: Mapping[str, str] | None = None, told: Milestone | None = None, **target: Any) -> None:
        """Settles a run that was told of, and is gone."""
        record = self.record(self.options(), memory)
        assert record.target
        self.use(endpoint=self.options().url)
        record = replace(record, target=replace(record.target, **target))
        await self.integration.settle(record, self.context(milestone=told))

    @property
    def last(self) -> Received:
        return self.receiver.received[-1]
