"""Watches Notifications: takes each in, looks anew at the runs that one concerns, and tells in its status what it does.

No run is looked at because a Notification is new: it counts for each from the run's next change on.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from tekton_integrations.cluster import Cluster
from tekton_integrations.event_loop import happened
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.notification_status import PLURAL, NotificationStatus
from tekton_integrations.kube.source import Source
from tekton_integrations.log import logger
from tekton_integrations.notices import REASONS, Notices
from tekton_integrations.notification import Notification, decode_notification
from tekton_integrations.provider import Provider
from tekton_integrations.record import API_VERSION, rfc3339
from tekton_integrations.registry import CORE

# Seconds between two writes of what one Notification did, and those in which what is new gathers before the first.
PERIOD = 10.0
SOON = 2.0
TICK = 1.0
# Runs that are read at a time, and seconds before one is read again where that failed.
READERS = 4
AGAIN = 1.0


class Turn(Protocol):
    """Whether an integration is worked here: a Serving."""

    @property
    def holds(self) -> bool: ...


class Noticeboard:
    """`brought` gives the integrations that some Deployment brings; `turns` are those of this process, by name;
    `scopes` are those of the Settings."""

    def __init__(
        self,
        client: KubeClient,
        cluster: Cluster,
        notices: Notices,
        silence: float,
        *,
        brought: Callable[[], frozenset[str]],
        scopes: Sequence[str] = ("",),
    ) -> None:
        self._lister: Lister[Notification] = Lister({"provider": lambda each: each.provider})
        source = Source("Notification", collection(API_VERSION, PLURAL), decode_notification, silence)
        self.informers = [Informer(client, each, self._lister) for each in source.within(scopes)]
        for informer in self.informers:
            informer.add_handler(self._on_change)
        self.turns: Mapping[str, Turn] = {}
        self._cluster = cluster
        self._notices = notices
        self._brought = brought
        self._status = NotificationStatus(client, cluster.now)
        self._since = rfc3339(cluster.now(), precise=False)
        # When the status of which Notification is to be written, on a steady clock; when its counts last were.
        self._due: dict[str, float] = {}
        self._counted: dict[str, float] = {}
        self._held: set[str] = set()
        self._news = asyncio.Event()
        self._stale: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue()
        self._queued: set[tuple[str, str, str]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_all())
            for _ in range(READERS):
                group.create_task(self._renew())

    def on_provider(self, provider: Provider) -> None:
        """It came, went, or is of another type: that may change what a Notification is for."""
        for notification in self._lister.by("provider", provider.name):
            self._take(notification)

    def _on_change(self, before: Notification | None, now: Notification | None) -> None:
        if before is not None and now is not None and before.same_spec(now):
            return  # its status only, which is our own word
        if now is not None:
            self._take(now)
        elif before is not None:
            self._notices.remove(before.path)
            self._status.forget(before.path)
            self._due.pop(before.path, None)
            self._counted.pop(before.path, None)
            self._look_at(self._notices.matching(before.path))

    def _take(self, notification: Notification) -> None:
        if self._notices.put(notification):
            self._look_at(self._notices.matching(notification.path))
        self._due[notification.path] = 0.0
        self._news.set()

    def _look_at(self, runs: Iterable[tuple[str, str, str]]) -> None:
        for key in runs:
            if key not in self._queued:
                self._queued.add(key)
                self._stale.put_nowait(key)

    async def _renew(self) -> None:
        while True:
            key = await self._stale.get()
            self._queued.discard(key)
            try:
                await self._cluster.runs.renew(*key)
            except ApiError as error:
                logger.debug("run not read", error=str(error), kind=key[0], namespace=key[1], run=key[2])
                asyncio.get_running_loop().call_later(AGAIN, self._look_at, [key])
            except Exception:
                logger.exception("bug", kind=key[0], namespace=key[1], run=key[2])

    async def _tell_all(self) -> None:
        while True:
            self._news.clear()
            self._gather()
            now = self._cluster.clock()
            for path in [path for path, due in self._due.items() if due <= now]:
                del self._due[path]
                if notification := self._lister.get(*path.split("/")):
                    await self._tell(notification)
            await happened(self._news, TICK)

    def _gather(self) -> None:
        """What has to be told since the last look: new counts, and all of an integration that is ours from now on."""
        now, tallies = self._cluster.clock(), self._notices.tallies
        for path in tallies.changed:
            self._due.setdefault(path, max(now + SOON, self._counted.get(path, 0.0) + PERIOD))
        tallies.changed.clear()
        held = {name for name, turn in self.turns.items() if turn.holds}
        if held - self._held:
            self._due |= {notification.path: 0.0 for notification in self._lister}
        self._held = held

    async def _tell(self, notification: Notification) -> None:
        path = notification.path
        if not self._ours(notification):
            self._status.forget(path)  # whoever holds it later writes in any case
            return
        counts = self._counts(path)
        if counts["matched"]:
            self._counted[path] = self._cluster.clock()
        try:
            await self._status.tell(notification, self._ready(notification), counts)
        except ApiError as error:
            self._due.setdefault(path, self._cluster.clock() + PERIOD)
            logger.debug("Notification's status not written", error=str(error), notification=path)

    def _ours(self, notification: Notification) -> bool:
        """Its integration's holder tells; of one that leads to none, the core's, if no other Deployment may know it."""
        integration = self._notices.integration(notification)
        if integration is None and self._notices.typed(notification) and self._brought() - self.turns.keys():
            return False
        turn = self.turns.get(integration.name if integration else CORE)
        return turn is not None and turn.holds

    def _ready(self, notification: Notification) -> tuple[str, str, str]:
        if problem := self._notices.problem(notification.path):
            return "False", problem.reason, str(problem)
        if notification.suspend:
            return "True", "Suspended", "spec.suspend is true: nothing is reported because of it"
        return "True", "Ready", "runs that match are reported"

    def _counts(self, path: str) -> dict[str, Any]:
        tally = self._notices.tallies.of(path)
        # null takes away what a merge patch would leave.
        suppressed = {reason: tally.suppressed[reason] or None for reason in REASONS}
        return {
            "matched": tally.matched,
            "reported": tally.reported,
            "suppressed": suppressed,
            "countedSince": self._since,
        }
