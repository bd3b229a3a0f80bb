"""Keeps a Lister equal to what the API server has, through whatever happens to the connection.

Handlers hear of a change after the cache has it. Nobody relies on hearing every change: after a gap the
difference between cache and cluster is handed on, deletions included.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Generic

import aiohttp
import msgspec
from aiohttp.http_exceptions import HttpProcessingError

from tekton_integrations import metrics
from tekton_integrations.kube.client import METADATA_ONLY, METADATA_ONLY_LIST, ApiError, KubeClient
from tekton_integrations.kube.lister import Lister, newer
from tekton_integrations.kube.source import Source, T
from tekton_integrations.kube.watch_json import (
    INITIAL_EVENTS_END,
    Bookmark,
    Error,
    Expired,
    Meta,
    Named,
    Page,
    TooDeep,
    Unreadable,
    Watch,
    decoded,
    numbered,
)
from tekton_integrations.log import logger
from tekton_integrations.slices import Slices

# (before, now): before is None for a new object; now is None for a deleted one, `before` is its last state then.
Handler = Callable[[T | None, T | None], None]

PAGE = 500


class Informer(Generic[T]):
    def __init__(self, client: KubeClient, source: Source[T], lister: Lister[T]) -> None:
        self.kind = source.kind
        self.lister = lister
        self.synced = asyncio.Event()
        self.connected = False
        self._client = client
        self._source = source
        self._handlers: list[Handler[T]] = []
        self._list_handlers: list[Callable[[set[int]], None]] = []
        self._version = ""
        # Hashes of the keys in the list that is being read: 50,000 tuples of strings would be felt.
        self._seen: set[int] | None = None
        self._watch_list = True
        self._again = False
        metrics.cached_objects.labels(self.kind).set_function(lister.__len__)

    def add_handler(self, handler: Handler[T]) -> None:
        self._handlers.append(handler)

    def relist(self) -> None:
        """Reads everything anew, at the next event or bookmark (the API server sends one about each minute)."""
        self._version = ""
        self._again = self._seen is not None

    def on_list(self, handler: Callable[[set[int]], None]) -> None:
        """Calls `handler` after each whole list with the hashes of (namespace, name) of all that there is."""
        self._list_handlers.append(handler)

    @property
    def version(self) -> int:
        """The cache is at least as new as this resourceVersion; 0 while that is not known."""
        return int(self._version or 0)

    def observe(self, item: T) -> None:
        """Takes in the answer to a call of our own, so that nobody reads an older state after it."""
        if self._seen is not None:
            self._seen.add(hash((item.namespace, item.name)))  # younger than the list that is being read
        if self._source.keep(item):
            self.lister.put(item)
        else:
            self.lister.remove(item.namespace, item.name)

    async def run(self) -> None:
        """Until cancelled."""
        failures, clock = 0, asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                await self._session()
                # A server that hangs up at once, time and again, is not to be hammered.
                failures = 0 if clock() - began > 1.0 else failures + 1
            except Unreadable as error:
                failures += 1
                metrics.watch_restarts.labels(self.kind, "unreadable").inc()
                logger.warning("unreadable answer", kind=self.kind, error=str(error)[:200], failures=failures)
            except Expired:
                metrics.watch_restarts.labels(self.kind, "expired").inc()
                self._version = ""
                failures = 0 if clock() - began > 1.0 else failures + 1
            except ApiError as error:
                failures = 1 if clock() - began > 1.0 else failures + 1
                metrics.watch_restarts.labels(self.kind, error.reason or str(error.status)).inc()
                log = logger.warning if failures == 3 else logger.debug
                log("watch interrupted", kind=self.kind, error=str(error), failures=failures)
            finally:
                self.connected = False
            if failures:
                delay = min(self._source.patience, 0.05 * 2 ** min(failures, 16))
                await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, not a secret)

    async def _session(self) -> None:
        """One connection, from list or last version to its end."""
        if not self._version and not self._watch_list:
            await self._list()
        try:
            await self._follow()
        except ApiError as error:
            if error.status == 410:
                raise Expired from error
            if not self._version and self._watch_list and error.status in (400, 403, 422):
                # Servers before WatchList refuse sendInitialEvents; a real 403 comes again from the list.
                self._watch_list = False
                return
            raise

    async def _follow(self) -> None:
        params = {
            **self._source.selector,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(random.randint(300, 600)),  # noqa: S311
        }
        if self._version:
            params["resourceVersion"] = self._version
        else:
            params |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
            self._seen = set()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=self._source.silence)
        accept = METADATA_ONLY if self._source.metadata_only else ""
        async with self._client.stream(self._source.path, params, timeout, accept) as lines:
            self.connected = True
            # A long initial list is read from a full buffer without ever waiting: let others have their turn.
            slices = Slices()
            while True:
                try:
                    line = await lines.readline()
                except (ValueError, HttpProcessingError) as error:
                    raise Unreadable(str(error)) from error  # a line that is too long
                if not line.endswith(b"\n"):
                    return  # the end, or an event cut in the middle: the next connection brings it whole
                if not self._version and self._seen is None:
                    return  # relist
                try:
                    self._take(line)
                except TooDeep as error:
                    logger.error("unreadable object", kind=self.kind, error=str(error))
                await slices.breathe()

    def _take(self, line: bytes) -> None:
        event = decoded(line, Watch)
        if event.type == "BOOKMARK":
            self._bookmark(decoded(event.object, Bookmark).metadata)
        elif event.type == "ERROR":
            status = decoded(event.object, Error)
            if status.code == 410:
                raise Expired
            raise ApiError(status.code, "WatchError", status.message)
        else:
            self._object(event.type, event.object)

    def _bookmark(self, metadata: Meta) -> None:
        if self._seen is not None:
            if metadata.annotations.get(INITIAL_EVENTS_END) != "true":
                return
            self._end_of_list(metadata.resource_version)
        else:
            self._version = numbered(metadata.resource_version)

    def _end_of_list(self, reached: str) -> None:
        numbered(reached)
        seen, self._seen = self._seen or set(), None
        # Who asked for another list in the midst of this one gets it.
        self._version, self._again = "" if self._again else reached, False
        for item in self.lister.missing(seen, self._source.scope):
            self._delete(item)
        for handler in self._list_handlers:
            handler(seen)
        self.synced.set()

    async def _list(self) -> None:
        self._seen = set()
        params = {**self._source.selector, "limit": str(PAGE)}
        accept = METADATA_ONLY_LIST if self._source.metadata_only else ""
        while True:
            page = decoded(await self._client.get(self._source.path, params, accept), Page)
            for raw in page.items:
                self._object("ADDED", raw)
            if not page.metadata.continue_:
                break
            params["continue"] = page.metadata.continue_
        self._end_of_list(page.metadata.resource_version)

    def _object(self, kind: str, raw: msgspec.Raw) -> None:
        try:
            item = self._source.decode(raw)
            numbered(item.resource_version)
        except Exception as error:
            # Whatever is wrong with one object, all others are still to be seen.
            self._odd(kind, raw, error)
            return
        self._apply(kind, item)
        if self._seen is None:
            self._version = item.resource_version

    def _odd(self, kind: str, raw: msgspec.Raw, error: Exception) -> None:
        """One unreadable object must not blind us to all others; what is known of it stays until it is deleted."""
        logger.error("unreadable object", kind=self.kind, error=str(error)[:200])
        try:
            identity = decoded(raw, Named).metadata
        except Unreadable:
            return
        if kind != "DELETED" and self._seen is not None:
            self._seen.add(hash((identity.namespace, identity.name)))
        if kind == "DELETED" and (known := self.lister.get(identity.namespace, identity.name)):
            self._delete(known)

    def _apply(self, kind: str, item: T) -> None:
        known = self.lister.get(item.namespace, item.name)
        if kind == "DELETED":
            if known is None or known.uid == item.uid:
                self._delete(item)
            return
        if self._seen is not None:
            self._seen.add(hash((item.namespace, item.name)))
        if known is not None and known.uid != item.uid:
            if newer(known.resource_version, item.resource_version):
                return  # a late word of a former object of that name
            # Deleted and made anew while nobody looked.
            self._delete(known)
            known = None
        if not self._source.keep(item):
            if known is not None and newer(item.resource_version, known.resource_version):
                self.lister.remove(item.namespace, item.name)
                self._tell(known, item)
        elif self.lister.put(item):
            self._tell(known, item)

    def _delete(self, item: T) -> None:
        self.lister.remove(item.namespace, item.name)
        self._tell(item, None)

    def _tell(self, before: T | None, now: T | None) -> None:
        for handler in self._handlers:
            handler(before, now)
