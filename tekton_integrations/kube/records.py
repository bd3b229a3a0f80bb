"""Reads and writes records: every write is guarded by its resourceVersion and is in the cache when it returns."""

from collections.abc import Callable, Iterator

import msgspec

from tekton_integrations import metrics
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.informer import Informer, Source
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.records_json import decode_record, to_object
from tekton_integrations.record import API_VERSION, KIND, Record

PLURAL = "integrationstatuses"


class _Metadata(msgspec.Struct, rename="camel"):
    uid: str
    resource_version: str
    generation: int = 0


class _Object(msgspec.Struct):
    metadata: _Metadata


class Records:
    """The records in the cluster, and the last state of those that somebody else deleted too early."""

    def __init__(self, client: KubeClient, silence: float, namespace: str = "") -> None:
        self._client = client
        self._lost: dict[tuple[str, str], Record] = {}
        self._deleting: set[str] = set()
        self._lister: Lister[Record] = Lister({"run": lambda record: record.run.uid})
        source = Source(KIND, collection(API_VERSION, PLURAL, namespace), decode_record, silence)
        self.informer = Informer(client, source, self._lister)
        self.informer.add_handler(self._on_change)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._lister)

    def get(self, namespace: str, name: str) -> Record | None:
        """The record; a lost one has an empty resourceVersion and is made anew by the next write."""
        return self._lister.get(namespace, name) or self._lost.get((namespace, name))

    def of_run(self, uid: str) -> list[Record]:
        lost = [record for record in self._lost.values() if record.run.uid == uid]
        return self._lister.by("run", uid) + lost

    def on_foreign_change(self, handler: Callable[[Record], None]) -> None:
        """Calls `handler` with each record that somebody else wrote or deleted."""
        self.informer.add_handler(lambda before, now: handler(now or before))  # type: ignore[arg-type]

    async def write(self, record: Record) -> Record:
        """Creates or replaces it. Raises ApiError; 409 means that our cache is behind."""
        body = to_object(record)
        if record.resource_version:
            answer = await self._client.put(_path(record), body)
        else:
            answer = await self._client.post(collection(API_VERSION, PLURAL, record.namespace), body)
        metrics.record_writes.labels(record.integration, "update" if record.resource_version else "create").inc()
        metadata = msgspec.json.decode(answer, type=_Object).metadata
        written = msgspec.structs.replace(
            record,
            uid=metadata.uid,
            resource_version=metadata.resource_version,
            generation=metadata.generation,
        )
        self._lost.pop((record.namespace, record.name), None)
        self.informer.observe(written)
        return written

    async def refresh(self, record: Record) -> None:
        """After a conflict: reads what is there now."""
        try:
            self.informer.observe(decode_record(await self._client.get(_path(record))))
        except ApiError as error:
            if error.status != 404:
                raise

    async def delete(self, record: Record) -> None:
        """One that is gone already is fine. The cache follows with the watch."""
        self._lost.pop((record.namespace, record.name), None)
        if not record.resource_version:
            return
        self._deleting.add(record.uid)
        try:
            await self._client.delete(_path(record), {"preconditions": {"uid": record.uid}})
        except ApiError as error:
            if error.status not in (404, 409):
                self._deleting.discard(record.uid)
                raise
        metrics.record_writes.labels(record.integration, "delete").inc()

    def forget_lost(self, namespace: str, name: str) -> None:
        """The run is gone and nothing of it is left at the remote."""
        self._lost.pop((namespace, name), None)

    def _on_change(self, before: Record | None, now: Record | None) -> None:
        if now is not None or before is None:
            return
        if before.uid in self._deleting:
            self._deleting.discard(before.uid)
        else:
            # Usually the run goes too; if it stays, what the record knew is still needed.
            self._lost[(before.namespace, before.name)] = msgspec.structs.replace(before, uid="", resource_version="")


def _path(record: Record) -> str:
    return f"{collection(API_VERSION, PLURAL, record.namespace)}/{record.name}"
