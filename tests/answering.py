"""An endpoint that answers as it is told, and one who delivers to it; time moves when the test says so."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from msgspec.structs import replace

from tekton_integrations import Credential, Milestone, PermanentError, Record, TemporaryError
from tekton_integrations.posting import Message, Poster
from tekton_integrations.record import RunRef
from tekton_integrations.testing import Workbench
from tests.loopback import serving

NOW = 1_800_000_000.0
RUN = RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name="build-1", uid="uid-1")
RECORD = Record(namespace="team-a", name="build-1-toy-0f0f0f0f", run=RUN, integration="toy")
MESSAGE = Message(headers={"content-type": "text/plain"}, body=b"hello", media="set `format` to another one")


def milestone(number: int = 1) -> Milestone:
    return Milestone(key=f"retried/{number}", name="retried", sequence=number, id=f"id-{number}", time=NOW)


@dataclass(kw_only=True)
class Endpoint:
    """Answers as it is told; `bodies` is what it got."""

    url: str
    bench: Workbench
    clock: list[float]
    poster: Poster = field(default_factory=Poster)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    bodies: list[bytes] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(status=self.status, headers=self.headers, body=self.body)

    async def post(self, record: Record = RECORD, number: int = 1) -> dict[str, str]:
        return await self.poster.post(record, self.bench.context(milestone=milestone(number)), MESSAGE)

    async def failure(self, record: Record = RECORD, number: int = 1) -> PermanentError | TemporaryError:
        with pytest.raises((PermanentError, TemporaryError)) as caught:
            await self.post(record, number)
        assert isinstance(caught.value, PermanentError | TemporaryError)
        return caught.value

    async def delayed(self, record: Record = RECORD) -> float:
        error = await self.failure(record)
        assert isinstance(error, TemporaryError)
        assert error.delay is not None
        return error.delay

    @property
    def failed(self) -> Record:
        """The record as it is stored after a failure."""
        return replace(RECORD, memory=self.bench.remembered)


@asynccontextmanager
async def bench(url: str, clock: list[float]) -> AsyncIterator[Workbench]:
    credential = Credential(type="Toy", endpoint=url, settings=None, secrets={}, version="v1")
    async with aiohttp.ClientSession() as session:
        yield Workbench(session=session, credential=credential, clock=lambda: clock[0])


@asynccontextmanager
async def answering() -> AsyncIterator[Endpoint]:
    """Named by a URL with a secret in its path and one in its query."""
    found: list[Endpoint] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await found[0].answer(request)

    clock = [NOW]
    async with serving(answer) as url, bench(f"{url}/hook?key=secret", clock) as made:
        found.append(Endpoint(url=url, bench=made, clock=clock))
        yield found[0]
