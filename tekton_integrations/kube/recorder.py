"""Core Events on runs, so that `kubectl describe` tells what was reported, and what failed and why."""

import hashlib
import time
from typing import Any, NamedTuple

from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.log import logger
from tekton_integrations.record import RunRef, rfc3339

COMPONENT = "tekton-integrations"
# https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/: a note has up to 1 kB.
MAX_MESSAGE = 1024


class Note(NamedTuple):
    """`kind` is Normal or Warning."""

    kind: str
    reason: str
    message: str


class EventRecorder:
    def __init__(self, client: KubeClient, instance: str) -> None:
        self._client = client
        self._instance = instance

    async def record(self, namespace: str, run: RunRef, note: Note) -> None:
        """Never fails: an Event is a courtesy, the record holds the truth."""
        try:
            await self._client.post(
                collection("v1", "events", namespace),
                self._event(namespace, run, note),
            )
        except ApiError as error:
            # 409: the same Event from before a restart. 403 and 404: the namespace is going away.
            if error.status not in (403, 404, 409):
                logger.warning("event not recorded", reason=note.reason, error=str(error))

    def _event(self, namespace: str, run: RunRef, note: Note) -> dict[str, Any]:
        # The name follows from the content, so that telling the same thing again after a crash makes no second one.
        digest = hashlib.sha256("\0".join((run.uid, *note)).encode()).hexdigest()[:16]
        now = rfc3339(time.time(), precise=False)
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{run.name}.{digest}", "namespace": namespace},
            "involvedObject": {
                "apiVersion": run.api_version,
                "kind": run.kind,
                "namespace": namespace,
                "name": run.name,
                "uid": run.uid,
            },
            "type": note.kind,
            "reason": note.reason,
            "message": note.message.encode()[:MAX_MESSAGE].decode(errors="ignore"),
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "reportingInstance": self._instance,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
