"""The status of Notifications: whether each is in order, and what it did."""

from collections.abc import Callable
from typing import Any

from tekton_integrations.kube.client import KubeClient, collection
from tekton_integrations.notification import Notification
from tekton_integrations.record import API_VERSION, rfc3339

PLURAL = "notifications"


class NotificationStatus:
    """`now`: seconds since the epoch."""

    def __init__(self, client: KubeClient, now: Callable[[], float]) -> None:
        self._client = client
        self._now = now
        # What was written last, and since when the condition is as it is, by path.
        self._told: dict[str, dict[str, Any]] = {}
        self._since: dict[str, tuple[str, str]] = {}

    async def tell(self, notification: Notification, ready: tuple[str, str, str], counts: dict[str, Any]) -> None:
        """`ready`: status, reason and message of the condition. Writes only what has changed. Raises ApiError."""
        path = notification.path
        told = {"observedGeneration": notification.generation, "ready": ready, **counts}
        if self._told.get(path) == told:
            return
        self._told.pop(path, None)
        status, reason, message = ready
        before, since = self._since.get(path, ("", ""))
        if before != status:
            since = rfc3339(self._now(), precise=False)
            self._since[path] = status, since
        condition = {
            "type": "Ready",
            "status": status,
            "reason": reason,
            "message": message,
            "observedGeneration": notification.generation,
            "lastTransitionTime": since,
        }
        body = {"observedGeneration": notification.generation, "conditions": [condition], **counts}
        where = collection(API_VERSION, PLURAL, notification.namespace)
        await self._client.patch(f"{where}/{notification.name}/status", {"status": body})
        self._told[path] = told

    def forget(self, path: str) -> None:
        self._told.pop(path, None)
        self._since.pop(path, None)
