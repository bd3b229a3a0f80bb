"""The API server's store: objects by path, versions that conflict, watches. No time passes here."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from tekton_integrations.kube.client import ApiError
from tekton_integrations.kube.watch_json import INITIAL_EVENTS_END

Object = dict[str, Any]
_encode = msgspec.json.encode


class Path(NamedTuple):
    """`collection` is that of all namespaces."""

    collection: str
    namespace: str
    name: str

    @classmethod
    def of(cls, path: str) -> "Path":
        parts = path.split("/")[1:]
        root, rest = (parts[:2], parts[2:]) if parts[0] == "api" else (parts[:3], parts[3:])
        namespace, rest = (rest[1], rest[2:]) if rest[0] == "namespaces" and len(rest) > 2 else ("", rest)
        return cls("/".join([*root, rest[0]]), namespace, rest[1] if len(rest) > 1 else "")


class Stored(NamedTuple):
    thing: Object
    raw: bytes

    @property
    def metadata(self) -> Object:
        metadata: Object = self.thing["metadata"]
        return metadata


@dataclass(eq=False)
class Watch:
    """`lines` are what it is to be sent."""

    namespace: str
    selects: Callable[[Object], bool]
    lines: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    def wants(self, metadata: Object) -> bool:
        return self.namespace in ("", metadata.get("namespace")) and self.selects(metadata)

    def send(self, kind: str, raw: bytes) -> None:
        self.lines.put_nowait(b'{"type":"%s","object":%s}\n' % (kind.encode(), raw))


class Store:
    """`written` hears of each write."""

    def __init__(self, stamp: Callable[[], str]) -> None:
        self.written: Callable[[Path, Object], None] = lambda path, thing: None
        self._stamp = stamp
        self._version = 1
        self._objects: defaultdict[str, dict[tuple[str, str], Stored]] = defaultdict(dict)
        self._watches: defaultdict[str, list[Watch]] = defaultdict(list)
        # Collection, label and value → keys, in the order in which they came.
        self._labelled: defaultdict[tuple[str, str, str], dict[tuple[str, str], None]] = defaultdict(dict)

    def get(self, path: Path) -> bytes:
        return self._known(path).raw

    def listed(self, path: Path, params: Mapping[str, str]) -> bytes:
        """All at once, or as many as `limit` says."""
        objects, selects = self._objects[path.collection], selector(params)
        near = (objects[key] for key in self._candidates(path, params))
        found = [each.raw for each in near if Watch(path.namespace, selects).wants(each.metadata)]
        items = b",".join(found[: int(params.get("limit", len(found)))])
        return b'{"metadata":{"resourceVersion":"%d"},"items":[%s]}' % (self._version, items)

    def create(self, path: Path, thing: Object) -> bytes:
        name = thing["metadata"]["name"]
        if (path.namespace, name) in self._objects[path.collection]:
            raise ApiError(409, "AlreadyExists", "it is there already")
        return self.put(path._replace(name=name), thing)

    def replace(self, path: Path, thing: Object) -> bytes:
        self._guard(path, thing)
        return self.put(path, thing)

    def patch(self, path: Path, change: Object) -> bytes:
        self._guard(path, change)
        return self.put(path, _merged(self._known(path).thing, change))

    def delete(self, path: Path) -> bytes:
        gone = self._known(path)
        del self._objects[path.collection][path.namespace, path.name]
        self._index(path, gone.metadata, {})
        self._version += 1
        raw = _encode(gone.thing | {"metadata": gone.metadata | {"resourceVersion": str(self._version)}})
        self._tell("DELETED", path, gone.metadata, raw)
        return raw

    def clear(self, plural: str) -> None:
        """Deletes all of this kind."""
        for collection in [name for name in self._objects if name.endswith(f"/{plural}")]:
            for namespace, name in list(self._objects[collection]):
                self.delete(Path(collection, namespace, name))

    def put(self, path: Path, thing: Object) -> bytes:
        """Whatever is there already."""
        key = (path.namespace, path.name)
        known = self._objects[path.collection].get(key)
        self._version += 1
        given = {name: value for name, value in thing.get("metadata", {}).items() if value}
        made = {"uid": f"uid-{self._version}", "creationTimestamp": self._stamp(), "generation": 1}
        kept = {name: known.metadata[name] for name in made} if known else made
        identity = {"namespace": path.namespace, "name": path.name, "resourceVersion": str(self._version)}
        whole = {**thing, "metadata": {**kept, **given, **identity}}
        stored = self._objects[path.collection][key] = Stored(whole, _encode(whole))
        self._index(path, known.metadata if known else {}, stored.metadata)
        self._tell("MODIFIED" if known else "ADDED", path, stored.metadata, stored.raw)
        self.written(path, whole)
        return stored.raw

    def watch(self, path: Path, params: Mapping[str, str]) -> Watch:
        watch = Watch(path.namespace, selector(params))
        if "sendInitialEvents" not in params:
            raise ApiError(410, "Expired", "no history is kept")
        for stored in self._of(path.collection, watch):
            watch.send("ADDED", stored.raw)
        watch.send("BOOKMARK", self._bookmark({INITIAL_EVENTS_END: "true"}))
        self._watches[path.collection].append(watch)
        return watch

    def unwatch(self, path: Path, watch: Watch) -> None:
        self._watches[path.collection].remove(watch)

    def bookmark(self) -> None:
        """Tells all watches how far they have come."""
        for watches in self._watches.values():
            for watch in watches:
                watch.send("BOOKMARK", self._bookmark({}))

    def _of(self, collection: str, watch: Watch) -> Iterator[Stored]:
        return (stored for stored in self._objects[collection].values() if watch.wants(stored.metadata))

    def _candidates(self, path: Path, params: Mapping[str, str]) -> list[tuple[str, str]]:
        """A few that are sure to have among them what has these labels."""
        parts = [part.partition("=") for part in params.get("labelSelector", "").split(",")]
        sets = [self._labelled.get((path.collection, key, value), {}) for key, equals, value in parts if equals]
        return list(min(sets, key=len) if sets else self._objects[path.collection])

    def _index(self, path: Path, before: Object, after: Object) -> None:
        old, new = before.get("labels", {}).items(), after.get("labels", {}).items()
        if old == new:
            return
        for key, value in old:
            self._labelled[path.collection, key, value].pop((path.namespace, path.name), None)
        for key, value in new:
            self._labelled[path.collection, key, value][path.namespace, path.name] = None

    def _known(self, path: Path) -> Stored:
        stored = self._objects[path.collection].get((path.namespace, path.name))
        if stored is None:
            raise ApiError(404, "NotFound", "not found")
        return stored

    def _guard(self, path: Path, thing: Object) -> None:
        version = thing.get("metadata", {}).get("resourceVersion")
        if version and version != self._known(path).metadata["resourceVersion"]:
            raise ApiError(409, "Conflict", "it was changed")

    def _tell(self, kind: str, path: Path, metadata: Object, raw: bytes) -> None:
        for watch in self._watches[path.collection]:
            if watch.wants(metadata):
                watch.send(kind, raw)

    def _bookmark(self, annotations: Mapping[str, str]) -> bytes:
        return _encode({"metadata": {"resourceVersion": str(self._version), "annotations": annotations}})


def selector(params: Mapping[str, str]) -> Callable[[Object], bool]:
    """By labels (`a=b`, `a`, `!a`), or by the field metadata.name."""
    parts = [part for part in params.get("labelSelector", "").split(",") if part]
    name = params.get("fieldSelector", "").removeprefix("metadata.name=")

    def selects(metadata: Object) -> bool:
        labels = metadata.get("labels", {})
        return name in ("", metadata["name"]) and all(_fits(part, labels) for part in parts)

    return selects


def _fits(part: str, labels: Mapping[str, str]) -> bool:
    key, equals, value = part.partition("=")
    if key.startswith("!"):
        return key[1:] not in labels
    return labels.get(key) == value if equals else key in labels


def _merged(thing: Any, change: Any) -> Any:
    """A JSON merge patch: https://www.rfc-editor.org/rfc/rfc7396"""
    if not isinstance(change, dict):
        return change
    merged = dict(thing) if isinstance(thing, dict) else {}
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged
