"""Reads a recording of a real Tekton run and rewrites its objects for a replay: names, uids, times, annotations.

A recording (`tests/data/*.ndjson`) holds one watch event a line, in order; each is one write by one client.
No I/O but reading the file: `player.py` writes the objects.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

Object = dict[str, Any]

DATA = Path(__file__).parent.parent / "tests" / "data"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SHA = "github.integrations.tekton.dev/sha"
NOT_COPIED = "chains.tekton.dev/"  # Tekton copies a run's other annotations to its children
METADATA = ("labels", "annotations", "finalizers", "ownerReferences")
_NOBODY = ("", frozenset[str]())
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass(frozen=True, kw_only=True, repr=False)
class Step:
    """One recorded write: the object after it, the object before it (None for a creation), and who wrote it."""

    index: int
    type: str  # ADDED, MODIFIED or DELETED
    at: float  # seconds since the run was created
    object: Object
    previous: Object | None
    manager: str
    subresource: str | None

    def __repr__(self) -> str:
        return f"<{self.index} {self.type} {self.kind} {self.name} {self.status} {self.reason}>"

    @property
    def kind(self) -> str:
        return str(self.object["kind"])

    @property
    def name(self) -> str:
        """The recorded name, whatever the replay calls it."""
        return str(self.object["metadata"]["name"])

    @property
    def uid(self) -> str:
        """The recorded uid."""
        return str(self.object["metadata"]["uid"])

    @property
    def about(self) -> str:
        """The recorded uid of the run that this step is about: of an Event, that of the object it tells of."""
        return str(self.object["involvedObject"]["uid"]) if self.kind == "Event" else self.uid

    @property
    def status(self) -> str | None:
        """That of the condition `Succeeded` after this step: "Unknown", "True", "False", or None."""
        return self._condition.get("status")

    @property
    def reason(self) -> str | None:
        """The reason of the condition `Succeeded` after this step (of an Event: its reason)."""
        return self.object.get("reason") or self._condition.get("reason")

    @property
    def _condition(self) -> Object:
        conditions = self.object.get("status", {}).get("conditions", ())
        return next((each for each in conditions if each["type"] == "Succeeded"), {})


@cache
def load(recording: str | Path) -> tuple[Step, ...]:
    """The steps of a recording, by name (`success`) or path. The first creates the run itself."""
    path = DATA / f"{recording}.ndjson" if isinstance(recording, str) else recording
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    latest: dict[tuple[str, str], Object] = {}
    steps = []
    for index, (line, at) in enumerate(zip(lines, _times(lines), strict=True)):
        found = line["object"]
        found["metadata"].get("annotations", {}).pop(LAST_APPLIED, None)
        key = (found["kind"], found["metadata"]["name"])
        previous = latest.get(key)
        manager, subresource = _writer(previous, found)
        step = Step(
            index=index,
            type=line["type"],
            at=at,
            object=found,
            previous=previous,
            manager=manager,
            subresource=subresource,
        )
        steps.append(step)
        latest[key] = found
    return tuple(steps)


def created(steps: tuple[Step, ...]) -> datetime:
    return parse_time(steps[0].object["metadata"]["creationTimestamp"])


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def format_time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _times(lines: list[Object]) -> Iterator[float]:
    """Seconds since the first line. Recorded times are whole seconds: those of the same one are spread over it."""
    stamps: list[float] = []
    for line in lines:
        stamps.append(max(_stamp(line["object"]), stamps[-1] if stamps else 0.0))
    for index, stamp in enumerate(stamps):
        begin = stamps.index(stamp)
        yield stamp - stamps[0] + (index - begin) / stamps.count(stamp)


def _stamp(found: Object) -> float:
    metadata = found["metadata"]
    texts = [metadata["creationTimestamp"], *(entry["time"] for entry in metadata["managedFields"])]
    return max(parse_time(text).timestamp() for text in texts)


def _writer(previous: Object | None, found: Object) -> tuple[str, str | None]:
    """Who made this change, and to which part: whoever owns more, or something later, than before.

    Who owns less was only overwritten by the other (Tekton drops kubectl's last-applied annotation).
    """
    subresource = "status" if previous and previous.get("status") != found.get("status") else None
    before = _owners(previous, subresource)
    after = _owners(found, subresource)
    gained = {manager: time for manager, (time, fields) in after.items() if fields - before.get(manager, _NOBODY)[1]}
    later = {manager: time for manager, (time, _) in after.items() if time != before.get(manager, _NOBODY)[0]}
    latest = {manager: time for manager, (time, _) in after.items()}
    return max(candidates := gained or later or latest, key=lambda each: candidates[each]), subresource


def _owners(found: Object | None, subresource: str | None) -> dict[str, tuple[str, frozenset[str]]]:
    """By manager: the time of the last write, and what is owned."""
    entries = found["metadata"]["managedFields"] if found else ()
    return {
        entry["manager"]: (entry["time"], frozenset(paths(entry["fieldsV1"])))
        for entry in entries
        if entry.get("subresource") == subresource
    }


def paths(fields: Object, prefix: str = "") -> Iterator[str]:
    """The leaves of a managedFields entry, as `f:metadata/f:labels/f:team`."""
    for key, nested in fields.items():
        yield from paths(nested, f"{prefix}{key}/") if nested else (prefix + key,)


@dataclass(frozen=True, kw_only=True)
class Rewrite:
    """What a replay changes in each recorded object."""

    recorded: str  # the run's recorded name
    name: str
    namespace: str
    annotations: Mapping[str, str | None]  # of the run as its creator wrote it; None takes one away
    uids: Mapping[str, str]  # recorded to real; grows as objects are created
    shift: timedelta
    fraction: int  # nanoseconds, so that Events of two replays in one second have names of their own
    sha: tuple[str, str] | None  # recorded, wanted

    def __call__(self, found: Object) -> Object:
        """A rewritten copy, without what the API server sets itself."""
        rewritten: Object = self._value(found)
        metadata = rewritten["metadata"]
        for field in ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"):
            metadata.pop(field, None)
        metadata["namespace"] = self.namespace
        metadata["name"] = self._name(metadata["name"])
        for owner in metadata.get("ownerReferences", ()):
            owner["name"] = self._name(owner["name"])
        self._rename_labels(metadata.get("labels", {}))
        if found["kind"] == "Event":
            self._finish_event(rewritten)
        else:
            self._annotate(metadata)
            self._rename_children(rewritten.get("status", {}))
        return rewritten

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._field(key, each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._value(each) for each in value]
        return self._text(value) if isinstance(value, str) else value

    def _field(self, key: str, value: Any) -> Any:
        if isinstance(value, str) and key == "podName":
            return self._name(value)
        if isinstance(value, str) and key == "message":
            return self._message(self._text(value))
        return self._value(value)

    def _text(self, text: str) -> str:
        if _TIME.fullmatch(text):
            return format_time(parse_time(text) + self.shift)
        if self.sha:
            text = text.replace(*self.sha)
        return self.uids.get(text, text)

    def _name(self, text: str) -> str:
        """The run's name, or that of a child, pod or Event that begins with it."""
        found = re.fullmatch(re.escape(self.recorded) + r"([-.].*)?", text)
        return self.name + (found[1] or "") if found else text

    def _message(self, text: str) -> str:
        """Tekton names objects in quotes, after the namespace, after the kind and before a colon, or as a pod."""
        run = re.escape(self.recorded)
        text = re.sub(rf"\bdefault/{run}\b", f"{self.namespace}/{self.name}", text)
        return re.sub(rf'("|\bpod |Run (?={run}:)){run}(?=["\s:-])', rf"\g<1>{self.name}", text)

    def _rename_labels(self, labels: Object) -> None:
        for label in ("tekton.dev/pipelineRun", "tekton.dev/taskRun", "tekton.dev/customRun"):
            if label in labels:
                labels[label] = self._name(labels[label])
        if labels.get("tekton.dev/pipeline") == self.recorded:  # an embedded pipeline is called like its run
            labels["tekton.dev/pipeline"] = self.name

    def _rename_children(self, status: Object) -> None:
        for child in status.get("childReferences", ()):
            child["name"] = self._name(child["name"])

    def _annotate(self, metadata: Object) -> None:
        if not self.annotations:
            return
        child = bool(metadata.get("ownerReferences"))
        annotations = metadata.setdefault("annotations", {})
        for key, value in self.annotations.items():
            if child and key.startswith(NOT_COPIED):
                continue
            annotations.pop(key, None)
            if value is not None:
                annotations[key] = value

    def _finish_event(self, event: Object) -> None:
        name, _, nanoseconds = event["metadata"]["name"].rpartition(".")
        shifted = int(nanoseconds, 16) + round(self.shift.total_seconds()) * 10**9 + self.fraction
        event["metadata"]["name"] = f"{name}.{shifted:x}"
        involved = event["involvedObject"]
        involved.update(name=self._name(involved["name"]), namespace=self.namespace)
        involved.pop("resourceVersion", None)
