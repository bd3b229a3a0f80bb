"""Reads and writes records: every write is guarded by its resourceVersion and is in the cache when it returns.

What is settled, and most of all records are, is kept as three integers and a string that they share: 50,000 whole
ones would take 140 MiB.
"""

import re
import sys
from collections.abc import Callable, Iterator

import msgspec

from tekton_integrations import metrics
from tekton_integrations.annotations import DOMAIN
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.informer import Handler, Informer
from tekton_integrations.kube.lister import Lister, remember
from tekton_integrations.kube.records_json import decode_record, to_object
from tekton_integrations.kube.source import Source
from tekton_integrations.record import API_VERSION, KIND, Record
from tekton_integrations.requests import Request, for_record

PLURAL = "integrationstatuses"
# So many settled ones that somebody else deleted are remembered: that their runs are gone may be told later.
_COLLECTED = 4096
# Of those that share a label, so many are looked at.
_MANY = 500
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
_LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


class _Metadata(msgspec.Struct, rename="camel"):
    uid: str
    resource_version: str
    generation: int = 0


class _Object(msgspec.Struct):
    metadata: _Metadata


class _Settled(msgspec.Struct, frozen=True, gc=False):
    """`digest`: the digest's hash. `version`: the watch may yet tell of states before this one, which are no news."""

    digest: int
    provider: str
    version: int


class Records:
    """The open records in the cluster, what of the settled ones matters, and the last state of those that somebody
    else deleted too early. `vanished` is called when settled ones went while nobody looked."""

    def __init__(self, client: KubeClient, silence: float, namespace: str = "") -> None:
        self._client = client
        self.vanished: Callable[[], None] = lambda: None
        self._lost: Lister[Record] = Lister({"run": _run_uid})
        self._deleting: set[str] = set()
        self._writing: set[tuple[str, str]] = set()
        # By the hash of namespace and name.
        self._settled: dict[int, _Settled] = {}
        self._collected: dict[int, _Settled] = {}
        self._lister: Lister[Record] = Lister({"run": _run_uid, "waiting": _waiting_in})
        self._path = collection(API_VERSION, PLURAL, namespace)
        source = Source(KIND, self._path, decode_record, silence, keep=self._keep)
        self.informer = Informer(client, source, self._lister)
        self.informer.add_handler(self._on_change)
        self.informer.on_list(self._on_list)
        metrics.settled_records.set_function(lambda: len(self._settled))

    def __iter__(self) -> Iterator[Record]:
        """The open ones."""
        return iter(self._lister)

    def get(self, namespace: str, name: str) -> Record | None:
        """An open record; a lost one has an empty resourceVersion and is made anew by the next write."""
        return self._lister.get(namespace, name) or self._lost.get(namespace, name)

    async def find(self, request: Request, fence: int = 0) -> Record | None:
        """The record, read from the API server where the cache has only its digest, or may be older than `fence`."""
        key = (request.namespace, request.record_name)
        known = self.get(*key)
        if known is not None and not known.resource_version:
            return known
        if known is not None and max(int(known.resource_version), self.informer.version) >= fence:
            return known
        if known is None and hash(key) not in self._settled and self.informer.version >= fence:
            return None
        return await self._read(*key)

    def settled(self, namespace: str, name: str, digest: str, *, gone: bool = False) -> str | None:
        """The path of the Provider by which all is done for this digest (empty: for any); None where no record says
        so. `gone`: the run was deleted, and what its record said until it was collected counts, too."""
        key = hash((namespace, name))
        known = self._settled.get(key) or (self._collected.get(key) if gone else None)
        return known.provider if known is not None and (not digest or known.digest == hash(digest)) else None

    def has_settled(self, namespace: str, name: str, *, gone: bool = False) -> bool:
        key = hash((namespace, name))
        return key in self._settled or (gone and key in self._collected)

    def of_run(self, uid: str) -> list[Record]:
        """The open and the lost ones."""
        return self._lister.by("run", uid) + self._lost.by("run", uid)

    def waiting(self, namespace: str = "") -> list[Record]:
        """Those whose report is not accepted yet: in one namespace, or all."""
        return self._lister.by("waiting", namespace) if namespace else [r for r in self if not r.reported]

    def on_foreign_change(self, handler: Handler[Record]) -> None:
        """Calls `handler` with each record that somebody else wrote or deleted."""

        def filtered(before: Record | None, now: Record | None) -> None:
            # The watch may be faster than the answer to a write of ours.
            ours = now is not None and (now.namespace, now.name) in self._writing
            if not (ours or any(each and each.open for each in (before, now))):
                handler(before, now)

        self.informer.add_handler(filtered)

    async def fence(self) -> int:
        """A resourceVersion of this moment: whatever was written before has a lower one. Raises ApiError."""
        page = await self._client.get(self._path, {"limit": "1"})
        return int(msgspec.json.decode(page, type=_Fence).metadata.resource_version)

    async def labelled(self, namespace: str, integration: str, key: str, value: str) -> list[Record]:
        """Up to `_MANY` records of the integration with this label of ours, read live. Raises ApiError."""
        if not (_LABEL.fullmatch(key) and _LABEL.fullmatch(value)):
            return []  # nothing can have it, and a comma would ask for something else
        selector = f"{DOMAIN}/integration={integration},{DOMAIN}/{key}={value}"
        query = {"labelSelector": selector, "limit": str(_MANY)}
        raw = await self._client.get(collection(API_VERSION, PLURAL, namespace), query)
        found = [decode_record(item) for item in msgspec.json.decode(raw, type=_List).items]
        return [record for record in found if record.readable and _says(record, integration, key, value)]

    async def write(self, record: Record) -> Record:
        """Creates or replaces it. Raises ApiError; 409 means that our cache is behind."""
        key = (record.namespace, record.name)
        self._writing.add(key)
        try:
            return await self._write(record)
        finally:
            self._writing.discard(key)

    async def _write(self, record: Record) -> Record:
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
        self._lost.remove(record.namespace, record.name)
        self.informer.observe(written)
        return written

    async def refresh(self, request: Request) -> None:
        """After a conflict: reads what is there now."""
        await self._read(request.namespace, request.record_name)

    async def _read(self, namespace: str, name: str) -> Record | None:
        try:
            raw = await self._client.get(f"{collection(API_VERSION, PLURAL, namespace)}/{name}")
        except ApiError as error:
            if error.status != 404:
                raise
            return self._lost.get(namespace, name)
        record = decode_record(raw)
        self.informer.observe(record)
        return record

    async def delete(self, record: Record) -> None:
        """One that is gone already is fine. The cache follows with the watch."""
        self._lost.remove(record.namespace, record.name)
        if not record.resource_version:
            return
        self._deleting.add(record.uid)
        try:
            await self._client.delete(_path(record), {"preconditions": {"uid": record.uid}})
        except ApiError as error:
            self._deleting.discard(record.uid)
            if error.status not in (404, 409):
                raise
        metrics.record_writes.labels(record.integration, "delete").inc()

    def forget_lost(self, namespace: str, name: str) -> None:
        """The run is gone and nothing of it is left at the remote."""
        self._lost.remove(namespace, name)

    def _keep(self, record: Record) -> bool:
        if record.open:
            return False
        key, version = hash((record.namespace, record.name)), int(record.resource_version)
        known = self._settled.get(key)
        if known is not None and version < known.version:
            return False
        self._lost.remove(record.namespace, record.name)  # there it is again
        self._collected.pop(key, None)
        if record.settled:
            self._settled[key] = _settled(record, version)
            return False
        self._settled.pop(key, None)
        return True

    def _on_change(self, before: Record | None, now: Record | None) -> None:
        if now is not None or before is None or before.open:
            return
        key = hash((before.namespace, before.name))
        self._settled.pop(key, None)
        if before.uid in self._deleting:
            self._deleting.discard(before.uid)
        else:
            if before.settled:
                remember(self._collected, key, _settled(before, int(before.resource_version)), _COLLECTED)
            # Usually the run goes too; if it stays, what the record knew is still needed.
            self._lost.remove(before.namespace, before.name)
            self._lost.put(msgspec.structs.replace(before, uid="", resource_version=""))

    def _on_list(self, seen: set[int]) -> None:
        gone = self._settled.keys() - seen
        for key in gone:
            del self._settled[key]
        if gone:
            self.vanished()


class _List(msgspec.Struct):
    items: list[msgspec.Raw]


class _ListMetadata(msgspec.Struct, rename="camel"):
    resource_version: str


class _Fence(msgspec.Struct):
    metadata: _ListMetadata


def _settled(record: Record, version: int) -> _Settled:
    return _Settled(hash(record.input_digest), sys.intern(record.provider), version)


def _says(record: Record, integration: str, key: str, value: str) -> bool:
    """What the record says counts, not the label on it; and one that nobody asked for says nothing."""
    own = record.integration == integration and record.name == for_record(record).record_name
    return own and record.target is not None and record.target.labels.get(key) == value


def _run_uid(record: Record) -> str:
    return record.run.uid


def _waiting_in(record: Record) -> str | None:
    return None if record.reported else record.namespace


def _path(record: Record) -> str:
    return f"{collection(API_VERSION, PLURAL, record.namespace)}/{record.name}"
