"""Whatever comes over a watch, cut wherever it may be: the informer goes on, holds no more than there is, and in the
end knows what the API server has."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.source import Source
from tests.fuzz.runs import encoded
from tests.fuzz.shapes import ANYTHING, FUZZ, fields
from tests.kube.watched import Thing, decode, no_authorization
from tests.loopback import serving

PATH = "/apis/example.dev/v1/things"
# Seconds until the informer must know what there is; it waits for less than a second after so few failures.
PATIENCE = 20.0
TRUTH = {"a": "1", "b": "2"}
_VERSIONS = st.one_of(st.integers(1, 9).map(str), st.sampled_from(["", "0", "-1", "x", "9" * 5000, "\u0663"]))
_METADATA = fields(
    name=st.sampled_from(["a", "b", "c"]),
    namespace=st.just("n"),
    uid=st.sampled_from(["u1", "u2"]),
    resourceVersion=_VERSIONS,
    annotations=st.just({"k8s.io/initial-events-end": "true"}),
)
_OBJECTS = fields(metadata=_METADATA, value=st.sampled_from(["1", "old"]))
_ERRORS = fields(kind=st.just("Status"), code=st.sampled_from([410, 500, 429, 0]), message=ANYTHING)
_CHANGES = fields(
    type=st.sampled_from(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "PERHAPS"]),
    object=st.one_of(_OBJECTS, _OBJECTS, _ERRORS),
)
# Lines, garbage, one that is too long, and any of them cut anywhere.
_LINE = _CHANGES.map(lambda change: encoded(change) + b"\n")
_PIECES = st.one_of(
    _LINE,
    _LINE,
    st.tuples(_LINE, st.integers(0, 80)).map(lambda pair: pair[0][: pair[1]]),
    st.binary(max_size=40),
    st.sampled_from(
        [b"\n", b"\r\n", b"null\n", b"[]\n", b"[" * 20_000 + b"\n", b'{"type":"' + b"x" * 9_000_000 + b'"}\n']
    ),
)
_WATCHES = st.lists(st.lists(_PIECES, max_size=4).map(b"".join), min_size=1, max_size=3)


def truth(version: int) -> list[dict[str, Any]]:
    return [
        {
            "metadata": {"name": name, "namespace": "n", "uid": "u1", "resourceVersion": str(version + at)},
            "value": value,
        }
        for at, (name, value) in enumerate(TRUTH.items())
    ]


class Server:
    """Says what is odd first, a piece for each watch, and then what is true."""

    def __init__(self) -> None:
        self.odd: list[bytes] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if "watch" not in request.query:
            page = {"metadata": {"resourceVersion": "200"}, "items": truth(100)}
            return web.json_response(page)
        if not self.odd and request.query.get("resourceVersion", "200") != "200":
            return web.json_response({"kind": "Status", "reason": "Expired", "code": 410}, status=410)
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):  # it may have heard enough
            await self._say(response)
        return response

    async def _say(self, response: web.StreamResponse) -> None:
        if self.odd:
            await response.write(self.odd.pop(0))
            return
        for thing in truth(100):
            await response.write(json.dumps({"type": "ADDED", "object": thing}).encode() + b"\n")
        ends = {"resourceVersion": "200", "annotations": {"k8s.io/initial-events-end": "true"}}
        await response.write(json.dumps({"type": "BOOKMARK", "object": {"metadata": ends}}).encode() + b"\n")
        await asyncio.sleep(PATIENCE)  # a watch is open until somebody ends it


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[tuple[Server, str]]:
    server = Server()
    async with serving(server.answer) as url:
        yield server, url


@asynccontextmanager
async def informed(url: str) -> AsyncIterator[tuple[Informer[Thing], asyncio.Task[None]]]:
    async with KubeClient(ClusterConfig(url, None, no_authorization)) as client:
        informer = Informer(client, Source("Thing", PATH, decode, 30.0, patience=0.1), Lister[Thing]())
        task = asyncio.create_task(informer.run())
        try:
            yield informer, task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def change(version: str, value: str = "old", kind: str = "MODIFIED") -> bytes:
    metadata = {"name": "a", "namespace": "n", "uid": "u1", "resourceVersion": version}
    return encoded({"type": kind, "object": {"metadata": metadata, "value": value}}) + b"\n"


@FUZZ
@given(watches=_WATCHES)
# Found: a version that is no number ended the informer, and with it the controller.
@example(watches=[change("1") + change("x")])
@example(watches=[change("1") + change("9" * 5000)])
@example(watches=[change("") + change("2")])
@example(watches=[encoded({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "x"}}}) + b"\n"])
async def test_the_informer_ends_with_the_truth_whatever_it_was_told(
    server: tuple[Server, str], watches: list[bytes]
) -> None:
    serves, url = server
    serves.odd = list(watches)
    async with informed(url) as (informer, task):
        await knows(informer, task, serves)
        assert len(informer.lister) <= 3
        assert isinstance(informer.version, int)


async def knows(informer: Informer[Thing], task: asyncio.Task[None], serves: Server) -> None:
    async with asyncio.timeout(PATIENCE):
        while (
            serves.odd or {each.name: each.value for each in informer.lister} != TRUTH or not informer.synced.is_set()
        ):
            if task.done():
                task.result()
            await asyncio.sleep(0.005)
