"""What is below a run, and what it costs to know."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import web

from tekton_integrations.kube.below import AT_HAND, AT_ONCE, MOST, PAGE, PAGES, Below
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.run import KINDS, Child, Run
from tests.fakes.object_server import ObjectServer
from tests.kube.watched import no_authorization
from tests.loopback import serving

ENDED = [{"type": "Succeeded", "status": "True", "reason": "Succeeded"}]
CREATED = "2026-11-21T09:00:00Z"


@pytest.fixture
async def server() -> AsyncIterator[ObjectServer]:
    async with ObjectServer.started() as server:
        yield server


def path(kind: str, name: str = "") -> str:
    version, plural = KINDS[kind]
    return f"/apis/{version}/namespaces/n/{plural}" + (f"/{name}" if name else "")


def put(server: ObjectServer, kind: str, name: str, *, parent: str = "u", **status: Any) -> None:
    owner = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": "a", "uid": parent, "controller": True}
    labels = {"tekton.dev/pipelineRun": "a", "tekton.dev/pipelineTask": f"{name}-task"}
    metadata = {"creationTimestamp": CREATED, "ownerReferences": [owner], "labels": labels}
    server.put(path(kind, name), {"apiVersion": KINDS[kind][0], "kind": kind, "metadata": metadata, "status": status})


def run(*kinds: str, ended: Sequence[str] | None = None) -> Run:
    """With a child of each kind; or one that has `ended`, with TaskRuns of these names."""
    metadata = {"name": "a", "namespace": "n", "uid": "u", "resourceVersion": "7", "creationTimestamp": CREATED}
    children = [(each, f"a-{each}") for each in kinds] + [("TaskRun", name) for name in ended or ()]
    status: dict[str, Any] = {"childReferences": [{"kind": kind, "name": name} for kind, name in children]}
    if ended is not None:
        status["conditions"] = ENDED
    thing = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": metadata, "status": status}
    return decode_run(msgspec.json.encode(thing))


async def children(server: ObjectServer, run: Run) -> list[Child]:
    async with KubeClient(ClusterConfig(server.url, None, no_authorization)) as client:
        return await Below(client).children(run)


async def test_runs_of_all_kinds_that_a_run_lists_are_below_it_in_order_of_their_start(server: ObjectServer) -> None:
    put(server, "TaskRun", "late", startTime="2026-11-21T09:00:03Z")
    put(server, "TaskRun", "waiting")
    put(server, "CustomRun", "approval", startTime="2026-11-21T09:00:02Z", retriesStatus=[{}, {}])
    put(server, "PipelineRun", "inner", startTime="2026-11-21T09:00:01Z")
    found = await children(server, run("TaskRun", "CustomRun", "PipelineRun"))
    assert [(child.name, child.kind, child.task) for child in found] == [
        ("inner", "PipelineRun", "inner-task"),
        ("approval", "CustomRun", "approval-task"),
        ("late", "TaskRun", "late-task"),
        ("waiting", "TaskRun", "waiting-task"),
    ]
    assert [child.retries for child in found] == [0, 2, 0, 0]


async def test_only_kinds_that_are_there_are_asked_for(server: ObjectServer) -> None:
    put(server, "TaskRun", "one")
    put(server, "CustomRun", "other")
    assert [child.name for child in await children(server, run("TaskRun"))] == ["one"]
    assert server.requests == [("GET", path("TaskRun"))]
    assert await children(server, run()) == []
    assert len(server.requests) == 1


async def test_who_only_says_to_be_a_child_is_none(server: ObjectServer) -> None:
    put(server, "TaskRun", "forged", parent="another")
    assert await children(server, run("TaskRun")) == []


class Paged:
    """Of TaskRuns of one namespace, each with so many bytes of spec; in pages, as asked for."""

    def __init__(self, count: int, size: int = 0, *, ended: bool = False) -> None:
        owner = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": "a", "uid": "u", "controller": True}
        metadata = {"namespace": "n", "uid": "c", "resourceVersion": "7", "creationTimestamp": CREATED}
        self._metadata = metadata | {"ownerReferences": [owner]}
        self._count = count
        self._rest = {
            "spec": {"params": [{"name": "filling", "value": "x" * size}]},
            "status": {"conditions": ENDED} if ended else {},
        }
        self.served = self.unpaged = 0
        self.under_way = self.most_at_once = 0

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        begin, end = int(request.query.get("continue") or 0), self._count
        if request.query.get("resourceVersion") == "0":
            self.unpaged += 1
        else:
            end = min(end, begin + int(request.query["limit"]))
            self.served += end - begin
        items = [
            {"kind": "TaskRun", "metadata": self._metadata | {"name": f"t-{number:04}"}} | self._rest
            for number in range(begin, end)
        ]
        await asyncio.sleep(0)
        self.under_way -= 1
        return web.json_response({"metadata": {"continue": str(end) if end < self._count else ""}, "items": items})


@asynccontextmanager
async def below(paged: Paged) -> AsyncIterator[Below]:
    async with serving(paged.answer) as url, KubeClient(ClusterConfig(url, None, no_authorization)) as client:
        yield Below(client)


@pytest.mark.parametrize("count", [1, PAGE, PAGE + 1, 5 * PAGE])
async def test_children_come_in_pages_and_none_is_missing(count: int) -> None:
    async with below(Paged(count)) as reading:
        found = await reading.children(run("TaskRun"))
    assert [child.name for child in found] == [f"t-{number:04}" for number in range(count)]


async def test_of_countless_ones_the_first_are_taken() -> None:
    paged = Paged(PAGE * PAGES + 1)
    async with below(paged) as reading:
        assert len(await reading.children(run("TaskRun"))) == paged.served == PAGE * PAGES


async def test_huge_ones_do_not_fill_the_memory() -> None:
    size = 1_000_000
    paged = Paged(PAGE * PAGES, size)
    async with below(paged) as reading:
        found = await reading.children(run("TaskRun"))
    assert len(found) == paged.served
    assert MOST <= paged.served * size <= MOST + PAGE * size


async def test_few_pages_are_read_at_once_whoever_asks() -> None:
    paged = Paged(3 * PAGE)
    async with below(paged) as reading:
        await asyncio.gather(*(reading.children(run("TaskRun")) for _ in range(20)))
    assert paged.most_at_once <= AT_ONCE


async def test_what_the_cache_of_the_api_server_has_is_enough_when_all_have_ended() -> None:
    paged = Paged(2 * PAGE, ended=True)
    names = [f"t-{number:04}" for number in range(2 * PAGE)]
    async with below(paged) as reading:
        found = await reading.children(run(ended=names))
    assert [child.name for child in found] == names
    assert (paged.unpaged, paged.served) == (1, 0)


@pytest.mark.parametrize(
    ("paged", "names"),
    [
        pytest.param(Paged(1), ["t-0000"], id="one-goes-on"),
        pytest.param(Paged(1, ended=True), ["t-0000", "t-0001"], id="one-is-missing"),
        pytest.param(Paged(5, AT_HAND // 4, ended=True), ["t-0000"], id="too-much"),
    ],
)
async def test_it_is_not_believed_where_it_may_be_old_or_is_too_much(paged: Paged, names: list[str]) -> None:
    async with below(paged) as reading:
        found = await reading.children(run(ended=names))
    assert len(found) == paged.served > 0
    assert paged.unpaged == 1


async def test_an_api_server_without_a_cache_is_asked_the_other_way() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        if "resourceVersion" in request.query:
            return web.json_response({"code": 429, "reason": "TooManyRequests"}, status=429)
        return await paged.answer(request)

    paged = Paged(1, ended=True)
    async with serving(answer) as url, KubeClient(ClusterConfig(url, None, no_authorization)) as client:
        assert len(await Below(client).children(run(ended=["t-0000"]))) == 1


async def test_of_a_run_that_goes_on_the_newest_is_read() -> None:
    paged = Paged(1)
    async with below(paged) as reading:
        await reading.children(run("TaskRun"))
    assert (paged.unpaged, paged.served) == (0, 1)
