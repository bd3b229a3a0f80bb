"""Makes recorded objects those of a replay: other names, uids, times, annotations and commit; nothing else changes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from .recording import Object, parse_time

NOT_COPIED = "chains.tekton.dev/"  # Tekton copies a run's other annotations to its children
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


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
            return (parse_time(text) + self.shift).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
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
