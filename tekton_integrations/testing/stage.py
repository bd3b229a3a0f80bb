"""An integration at the workbench, with one run that it shows: called as the core calls it, and remembering as the core
does. Before a service on loopback that notes what it is sent, and answers as the test says.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
from aiohttp import web
from msgspec.structs import replace

from tekton_integrations.errors import IntegrationError
from tekton_integrations.http import Response
from tekton_integrations.integration import Context, Credential, Delivery, Integration, ProviderType, Result
from tekton_integrations.milestones import Milestone, due, ending
from tekton_integrations.options import parse
from tekton_integrations.record import Record
from tekton_integrations.requests import Asked
from tekton_integrations.run import Run
from tekton_integrations.testing.values import RUN, make_record
from tekton_integrations.testing.wire import Answer, Call
from tekton_integrations.testing.workbench import Workbench

_ID = "ours"


def taken(_: Call) -> Response:
    return Response(200, {}, b"{}")


@dataclass(kw_only=True)
class Stage(Workbench):
    """`run` is the newest that was shown, `calls` what the service was sent. `reached` and `delivered`: the milestone
    that was delivered last, and how many were."""

    integration: Integration
    options: Any
    run: Run = RUN
    memory: dict[str, str] = field(default_factory=dict)
    reached: str = ""
    delivered: int = 0
    calls: list[Call] = field(default_factory=list)
    answer: Answer = taken

    @property
    def record(self) -> Record:
        made = make_record(self.integration, self.options, run=self.run, memory=self.memory)
        return replace(made, milestone=self.reached, delivered=self.delivered)

    async def show(self, run: Run) -> Result:
        """Has the run reported; with Delivery.MILESTONES, all of them that are due."""
        self.run, result = run, Result()
        if self.integration.delivery is Delivery.LATEST:
            return await self._reconcile(None)
        for milestone in due(run, self.reached, self.delivered, _ID):
            result = await self._reconcile(milestone)
            self.reached, self.delivered = milestone.key, milestone.sequence
        return result

    async def settle(self) -> None:
        """The run is gone."""
        last = None
        if self.integration.delivery is Delivery.MILESTONES:
            last = ending(self.reached, self.delivered, _ID, self.now())
        await self.integration.settle(self.record, self._context(last, search=True))

    async def _reconcile(self, milestone: Milestone | None) -> Result:
        self.remembered = {}
        try:
            result = await self.integration.reconcile(self.run, self.options, self.record, self._context(milestone))
        except IntegrationError:
            self.memory = self.remembered or self.memory
            raise
        if not isinstance(result, Result):
            raise TypeError(f"reconcile gave {result!r}; return a Result")
        self.memory = dict(self.memory if result.memory is None else result.memory)
        return result

    def _context(self, milestone: Milestone | None, *, search: bool = False) -> Context:
        """With the endpoint that the run names, where it names one."""
        target = self.record.target
        if target and target.endpoint:
            self.use(endpoint=target.endpoint)
        return self.context(_ID, search=search, milestone=milestone)


def credential(
    kind: ProviderType, endpoint: str, secrets: Mapping[str, bytes], settings: Mapping[str, Any]
) -> Credential:
    """Of a Provider that names a Secret for each of `secrets`, by the fields of its settings; `settings` are the
    others, as the Provider writes them. Raises msgspec.ValidationError for what the type does not take."""
    written = {each.name: each.encode_name for each in msgspec.structs.fields(kind.settings)}
    named = {written[name]: {"secretRef": {"name": "made-up"}} for name in secrets}
    made = msgspec.convert(named | dict(settings), kind.settings)
    return Credential(type=kind.name, endpoint=endpoint, settings=made, secrets=secrets, version="v1")


@asynccontextmanager
async def staged(
    integration: Integration,
    asked: Mapping[str, str],
    *,
    kind: str = "",
    secrets: Mapping[str, bytes] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[Stage]:
    """Before a service on loopback. `asked` is what the run's annotations say, where `{service}` stands for its URL;
    `kind` is the type of Provider, the integration's first unless it is named."""
    async with aiohttp.ClientSession() as session:

        async def serve(request: web.BaseRequest) -> web.StreamResponse:
            headers = {name.lower(): value for name, value in request.headers.items()}
            call = Call(method=request.method, path=request.path_qs, headers=headers, body=await request.read())
            stage.calls.append(call)
            said = stage.answer(call)
            return web.Response(status=said.status, headers=said.headers, body=said.body)

        runner = web.ServerRunner(web.Server(serve, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            chosen = next(each for each in integration.provider_types if kind in ("", each.name))
            stage = Stage(
                session=session,
                credential=credential(chosen, url, secrets or {}, settings or {}),
                integration=integration,
                options=parse(
                    integration, Asked({key: value.replace("{service}", url) for key, value in asked.items()}, ())
                ),
            )
            yield stage
        finally:
            await runner.cleanup()
