"""What pages are made of: one watch for all who look at a run, until the last has gone; and lists, newest first."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from hack.testbed import Kubelet, TestBed
from hack.testbed.api import polled
from tekton_integrations.inquiry import Inquiry
from tekton_integrations.kube.run_watches import RunName, RunWatches
from tekton_integrations.run import State
from tekton_integrations.web.feeds import Busy, Feeds, Limits
from tekton_integrations.web.listing import PAGE
from tests.e2e.handmade import Handmade
from tests.e2e.served import ACCOUNT, HOME, MANIFEST, acting, served
from tests.e2e.stage import run_path

USER = f"system:serviceaccount:{HOME}:{ACCOUNT}"
HTML = {"Accept": "text/html"}
GONE = 'event: end\ndata: {"words":"The run was deleted","gone":true}\n\n'


@pytest.fixture(scope="module")
async def kubelet(bed: TestBed) -> AsyncIterator[Kubelet]:
    async with Kubelet.started(bed, "feeds") as started:
        yield started


@pytest.fixture
async def run(bed: TestBed, kubelet: Kubelet, namespace: str) -> Handmade:
    await (run := Handmade(bed, kubelet, namespace, "demo")).create()
    return run


@asynccontextmanager
async def feeding(bed: TestBed, **limits: float) -> AsyncIterator[Feeds]:
    await bed.apply(MANIFEST)
    async with acting(bed, HOME, ACCOUNT) as client:
        feeds = Feeds(client, RunWatches(client), Inquiry(client, HOME), Limits(**limits))  # type: ignore[arg-type]
        yield feeds
        await feeds.close()


def key(run: Handmade) -> RunName:
    return RunName("PipelineRun", run.namespace, run.name)


def watches(bed: TestBed, namespace: str) -> int:
    entries = bed.audit(user=USER, verbs=["watch"])
    return len({each["auditID"] for each in entries if each["objectRef"].get("namespace") == namespace})


async def test_all_who_look_at_a_run_share_one_watch_of_each_kind_and_with_the_last_it_ends(
    bed: TestBed, run: Handmade
) -> None:
    async with feeding(bed, linger=0.0) as feeds:
        async with AsyncExitStack() as stack:
            joined = [await stack.enter_async_context(feeds.of(key(run))) for _ in range(100)]
            before = await asyncio.gather(*(feed.after(None) for feed in joined))
            await run.finish("False")
            after = await asyncio.gather(*(feed.after(page) for feed, page in zip(joined, before, strict=True)))
            assert len({id(page) for page in after}) == 1
            assert after[0] is not None
            assert after[0].run.state is State.FAILED
        await polled(lambda: nobody(feeds))

        async def told() -> bool:
            return watches(bed, run.namespace) > 0

        await polled(told)  # the audit log tells of a watch when it has ended
        assert watches(bed, run.namespace) <= 5  # itself, three kinds below it, and its records


async def nobody(feeds: Feeds) -> bool:
    return len(feeds) == 0


async def test_who_reads_slowly_misses_states_between_and_never_the_last(bed: TestBed, run: Handmade) -> None:
    async with feeding(bed) as feeds, feeds.of(key(run)) as feed:
        seen = await feed.after(None)
        for task in ("a", "b", "c"):
            await run.task(task, pod=False)
        await run.finish()
        page = seen
        while page is not None and page.run.state is not State.SUCCEEDED:
            page = await feed.after(page)
        assert page is not None
        assert [row.name for row in page.view.rows] == ["a", "b", "c"]


async def test_a_page_stays_that_of_the_run_that_was_there_first(bed: TestBed, kubelet: Kubelet, run: Handmade) -> None:
    async with feeding(bed) as feeds, feeds.of(key(run)) as feed:
        seen = await feed.after(None)
        await bed.request("DELETE", run_path(run.namespace, run.name))
        await Handmade(bed, kubelet, run.namespace, run.name).create()
        last = await feed.after(seen)
        assert last is not None
        assert (last.gone, last.run.uid) == (True, run.uid)
        assert await feed.after(last) is None
        async with feeds.of(key(run)) as newer:
            page = await newer.after(None)
            assert page is not None
            assert page.run.uid != run.uid


async def test_who_comes_again_for_a_run_that_is_gone_is_told_and_gets_no_other(
    bed: TestBed, namespace: str, kubelet: Kubelet, run: Handmade
) -> None:
    async with served(bed) as url, aiohttp.ClientSession() as session:
        events = f"{url}/runs/{namespace}/demo/events?uid={run.uid}"
        await bed.request("DELETE", run_path(namespace, "demo"))
        assert await text(session, events) == GONE
        await Handmade(bed, kubelet, namespace, "demo").create()
        assert await text(session, events) == GONE


async def text(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url) as answer:
        return await answer.text()


async def test_a_task_run_and_a_custom_run_have_pages_as_well(bed: TestBed, namespace: str, run: Handmade) -> None:
    await run.task("build", pod=False)
    ref = {"apiVersion": "example.dev/v1", "kind": "Approval", "name": "ask"}
    custom = {"apiVersion": "tekton.dev/v1beta1", "kind": "CustomRun", "metadata": {"name": "approve"}}
    path = f"/apis/tekton.dev/v1beta1/namespaces/{namespace}/customruns"
    await bed.request("POST", path, custom | {"spec": {"customRef": ref}})
    async with feeding(bed) as feeds:
        async with feeds.of(RunName("TaskRun", namespace, run.task_run("build"))) as feed:
            page = await feed.after(None)
            assert page is not None
            assert [step.name for step in page.view.rows[0].steps] == ["run"]
            assert "PartOfAnother" in {story.reason for story in page.stories}
        async with feeds.of(RunName("CustomRun", namespace, "approve")) as feed:
            page = await feed.after(None)
            assert page is not None
            assert (page.run.pipeline, page.path, page.query) == (
                "ask",
                f"/runs/{namespace}/approve",
                "?kind=CustomRun",
            )


async def test_of_a_run_that_is_not_there_nothing_comes(bed: TestBed, namespace: str) -> None:
    async with feeding(bed) as feeds, feeds.of(RunName("PipelineRun", namespace, "none")) as feed:
        assert await feed.after(None) is None


async def test_no_more_runs_are_looked_at_than_there_is_room_for(bed: TestBed, namespace: str) -> None:
    async with feeding(bed, most=1) as feeds, feeds.of(RunName("PipelineRun", namespace, "one")):
        with pytest.raises(Busy):
            async with feeds.of(RunName("PipelineRun", namespace, "two")):
                pass


async def test_a_namespace_lists_its_runs_newest_first_page_by_page(
    bed: TestBed, namespace: str, kubelet: Kubelet, run: Handmade
) -> None:
    await run.task("below", pod=False)
    task = {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": {"name": "single"}}
    steps = {"spec": {"taskSpec": {"steps": [{"name": "run", "image": "x"}]}}}
    await bed.request("POST", f"/apis/tekton.dev/v1/namespaces/{namespace}/taskruns", task | steps)
    for number in range(PAGE):
        await Handmade(bed, kubelet, namespace, f"run-{number:02}").create()
    async with served(bed) as url, aiohttp.ClientSession(headers=HTML) as session:
        first = await listed(session, f"{url}/runs/{namespace}")
        assert len(first.names) == PAGE
        assert "27 runs in all" in first.html
        rest = await listed(session, url + first.older)
        assert sorted(first.names + rest.names) == sorted(
            ["demo", "single?kind=TaskRun", *(f"run-{number:02}" for number in range(PAGE))]
        )
        assert rest.older == ""
        assert set(rest.names) <= {"demo", "single?kind=TaskRun", "run-00", "run-01", "run-02"}


class Listed:
    def __init__(self, html: str) -> None:
        self.html = html
        self.names = re.findall(r'class="line" href="/runs/[^/"]+/([^"]+)"', html)
        self.older = next(iter(re.findall(r'href="([^"]*before=[^"]*)"', html)), "")


async def listed(session: aiohttp.ClientSession, url: str) -> Listed:
    return Listed(await text(session, url))
