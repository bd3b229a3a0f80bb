"""A receiver, and the integration with what the core would lend it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from msgspec.structs import replace
from tekton_integrations_cloudevent.integration import CloudEvent
from tekton_integrations_cloudevent.options import CloudEventOptions, CloudEventsSettings

from integrations.cloudevent.tests.runs import milestone
from tekton_integrations import Credential, PermanentError, Record, Result, Run, TemporaryError
from tekton_integrations.testing import Workbench, make_record
from tests.fakes.cloudevent import Receiver


@dataclass(kw_only=True)
class Scene:
    """`memory` is what the record of the run keeps from one call to the next."""

    receiver: Receiver
    bench: Workbench
    integration: CloudEvent = field(default_factory=CloudEvent)
    memory: dict[str, str] = field(default_factory=dict)

    def options(self, **changes: Any) -> CloudEventOptions:
        return CloudEventOptions(**{"target": f"{self.receiver.url}/hook", **changes})

    def lend(self, **secrets: bytes) -> None:
        self.bench.use(secrets=secrets)

    async def tell(self, run: Run, name: str = "finished", number: int = 1, **options: Any) -> Result:
        """Delivers a milestone, and keeps what the core would."""
        chosen = self.options(**options)
        record = make_record(self.integration, chosen, run=run, memory=self.memory)
        self._aim(record)
        context = self.bench.context(milestone=milestone(name, number))
        result = await self.integration.reconcile(run, chosen, record, context)
        self.memory = dict(result.memory or {})
        return result

    async def failure(self, run: Run, **options: Any) -> PermanentError | TemporaryError:
        """What the delivery raises; the memory is as the core would keep it."""
        try:
            await self.tell(run, **options)
        except (PermanentError, TemporaryError) as error:
            self.memory = dict(self.bench.remembered or self.memory)
            return error
        raise AssertionError("it was delivered")

    async def settle(self, run: Run, name: str | None = "finished", **options: Any) -> None:
        """As when the run is gone; `name` is the milestone that is left to tell, if there is one."""
        record = make_record(self.integration, self.options(**options), run=run, memory=self.memory)
        self._aim(record)
        last = milestone(name, 3) if name else None
        await self.integration.settle(record, self.bench.context(milestone=last))

    def _aim(self, record: Record) -> None:
        assert record.target is not None
        self.bench.use(endpoint=record.target.endpoint)


@asynccontextmanager
async def scene(**receiver: Any) -> AsyncIterator[Scene]:
    credential = Credential(
        type="CloudEvents", endpoint="https://nowhere.example", settings=CloudEventsSettings(), secrets={}, version="1"
    )
    async with Receiver.started(**receiver) as started, aiohttp.ClientSession() as session:
        yield Scene(receiver=started, bench=Workbench(session=session, credential=replace(credential)))


def body(scene: Scene, key: str = "pipelineRun") -> Mapping[str, Any]:
    """The run in the last CloudEvent."""
    found: Mapping[str, Any] = scene.receiver.received[-1].data[key]
    return found
