"""Pages that stay as the cluster is: one watch and one rendering for all who look at the same run.

Who reads too slowly misses states in between, and never the last one; so a reader costs one page, however it reads.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tekton_integrations.inquiry import Inquiry
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.records_json import decode_record
from tekton_integrations.kube.run_watches import RunName, RunWatches, Watched
from tekton_integrations.kube.source import Source
from tekton_integrations.log import logger
from tekton_integrations.record import API_VERSION, Record
from tekton_integrations.run import Run
from tekton_integrations.story import stories
from tekton_integrations.web.run_page import Page
from tekton_integrations.web.view import view

# Seconds between two looks at least, and at most: of what a story tells, not all is watched.
PACE = 0.5
REFRESH = 30.0
# Stories that are found out at a time: each takes some lists of the API server.
AT_ONCE = 8


class Busy(Exception):
    """So many runs are looked at that this one can't be, for now."""


class Feed:
    """The page about the run of a name; it stays that of the first run of this name that was there."""

    def __init__(self, key: RunName) -> None:
        self.key = key
        self.readers = 0
        self.page: Page | None = None
        self.failed: ApiError | None = None
        self.work: asyncio.Task[None] | None = None
        self._known = False
        self._changed = asyncio.Event()

    @property
    def over(self) -> bool:
        """Nothing more will come of it."""
        return self.failed is not None or (self._known and (self.page is None or self.page.gone))

    def tell(self, page: Page | None) -> None:
        self.page = page
        self._notify()

    def fail(self, error: ApiError) -> None:
        self.failed = error
        self._notify()

    async def after(self, seen: Page | None) -> Page | None:
        """The page as soon as it is another one than `seen`; None when no other will come. Raises ApiError."""
        while True:
            changed = self._changed
            if self.failed:
                raise self.failed
            if self.page is not None and self.page is not seen:
                return self.page
            if self.over:
                return None
            await changed.wait()

    def _notify(self) -> None:
        self._known = True
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`most`: runs that are looked at, at a time. `linger`: seconds that a feed outlives its last reader: a page is
    loaded, then streamed. `silence`: seconds without a byte after which a watch counts as dead."""

    most: int = 300
    linger: float = 5.0
    silence: float = 90.0


class Feeds:
    def __init__(self, client: KubeClient, watches: RunWatches, inquiry: Inquiry, limits: Limits) -> None:
        self._client, self._watches, self._inquiry, self._limits = client, watches, inquiry, limits
        self._open: dict[RunName, Feed] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    def __len__(self) -> int:
        return len(self._open)

    @asynccontextmanager
    async def of(self, key: RunName) -> AsyncIterator[Feed]:
        """Names must be such as an object can have. Raises Busy."""
        feed = self._open.get(key)
        if feed is None or feed.over:
            feed = self._begin(key)
        feed.readers += 1
        try:
            yield feed
        finally:
            feed.readers -= 1
            asyncio.get_running_loop().call_later(0 if feed.over else self._limits.linger, self._leave, feed)

    async def close(self) -> None:
        tasks = [feed.work for feed in self._open.values() if feed.work]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, key: RunName) -> Feed:
        if len(self._open) >= self._limits.most:
            raise Busy
        feed = self._open[key] = Feed(key)
        feed.work = asyncio.create_task(self._keep(feed))
        return feed

    def _leave(self, feed: Feed) -> None:
        if feed.readers:
            return
        if feed.work:
            feed.work.cancel()
        if self._open.get(feed.key) is feed:
            del self._open[feed.key]

    async def _keep(self, feed: Feed) -> None:
        try:
            async with AsyncExitStack() as stack:
                watched = await stack.enter_async_context(self._watches.of(feed.key))
                records = await stack.enter_async_context(self._records(feed.key))
                await self._follow(feed, watched, records)
        except ApiError as error:
            feed.fail(error)
        except Exception:
            logger.exception("bug", kind=feed.key.kind, namespace=feed.key.namespace, name=feed.key.name)
            feed.fail(ApiError(500, "Bug", "the page could not be made"))

    async def _follow(self, feed: Feed, watched: Watched, records: "Records") -> None:
        """Until the run is gone."""
        first: Run | None = None
        while True:
            changes = watched.next_change(), records.next_change()
            run = watched.run
            first = first or run
            if first is None:
                feed.tell(None)
                return
            if run is None or run.uid != first.uid:
                if feed.page:
                    feed.tell(Page(view=feed.page.view, stories=feed.page.stories, gone=True))
                return
            await self._look(feed, watched, run)
            await _any(*changes)

    async def _look(self, feed: Feed, watched: Watched, run: Run) -> None:
        seen = view(run, [task.child for task in watched.tasks])
        async with self._turns:
            facts = await self._inquiry.run(run.namespace, run.name, run.kind)
        page = Page(view=seen, stories=stories(facts))
        if feed.page is None or feed.page.version != page.version:
            feed.tell(page)

    @asynccontextmanager
    async def _records(self, key: RunName) -> AsyncIterator["Records"]:
        records = Records(self._client, key, self._limits.silence)
        work = asyncio.create_task(records.informer.run())
        try:
            yield records
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


class Records:
    """Tells when something happened to a run's records."""

    def __init__(self, client: KubeClient, key: RunName, silence: float) -> None:
        label = f"tekton.dev/{key.kind[0].lower()}{key.kind[1:]}={key.name}"
        path = collection(API_VERSION, "integrationstatuses", key.namespace)
        source = Source("IntegrationStatus (page)", path, decode_record, silence, selector={"labelSelector": label})
        self.informer: Informer[Record] = Informer(client, source, Lister())
        self.informer.add_handler(self._tell)
        self._changed = asyncio.Event()

    def next_change(self) -> Callable[[], object]:
        return self._changed.wait

    def _tell(self, *_: object) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def _any(*waits: Callable[[], object]) -> None:
    """Until one of them has happened, or it is time to look anyway; not sooner than PACE."""
    tasks = [asyncio.ensure_future(wait()) for wait in waits]  # type: ignore[call-overload]
    try:
        await asyncio.sleep(PACE)
        await asyncio.wait(tasks, timeout=REFRESH, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
