"""The data of a CloudEvent: the run, in no more bytes than every intermediary has to pass on. Pure.

That is 64 KiB for the whole of it: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#size-limits.
What is left out can be read in the cluster, and the attribute `trimmed` names it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tekton_integrations import Run, rfc3339
from tekton_integrations.text import cut
from tekton_integrations_cloudevent.attributes import About

# Attributes, headers, a long URL and a token have the rest of 64 KiB.
ROOM = 56 * 1024
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KEPT = {
    "metadata": {"name", "namespace", "uid", "creationTimestamp", "generation"},
    "spec": set[str](),
    "status": {"conditions", "startTime", "completionTime"},
}
# What stands in the cluster besides, or can be found there by its name.
_FIRST = (
    ("status", "pipelineSpec"),
    ("status", "taskSpec"),
    ("spec", "pipelineSpec"),
    ("spec", "taskSpec"),
    ("status", "provenance"),
)
# In letters, of which each may take six bytes.
_MESSAGE, _REASON = 4096, 256
_MOST_NAMED = 24
_FIELD = re.compile(r"[A-Za-z0-9]{1,40}")

Object = dict[str, Any]


def thin(run: Run) -> Object:
    """What is known of a run without asking: as it is sent where it is gone, or where nothing else is wanted."""
    metadata = {"uid": run.uid, "generation": run.generation, "creationTimestamp": rfc3339(run.created, precise=False)}
    times = {"startTime": run.started, "completionTime": run.finished}
    status: Object = {name: rfc3339(time, precise=False) for name, time in times.items() if time is not None}
    if run.reason:
        reason, message = cut(run.reason, _REASON), cut(run.message, _MESSAGE)
        status["conditions"] = [_condition(_status(run), reason, message, run.finished)]
    return _object(About.run(run), metadata, status)


def ended(about: About, at: float) -> Object:
    """A run of which nothing is known any more but that it is not to be waited for."""
    message = "Outcome unknown: the run was deleted, or does not ask any more to be reported here."
    conditions = [_condition("False", "Cancelled", message, at)]
    return _object(about, {"uid": about.uid}, {"completionTime": rfc3339(at, precise=False), "conditions": conditions})


def within(manifest: Mapping[str, Any], shortest: Object, room: int = ROOM) -> tuple[Object, str]:
    """The run in at most `room` bytes of JSON, and what was left out to get there; `shortest` where that is all of it.

    What kubectl keeps there for itself is never in.
    """
    found = {section: dict(value) if isinstance(value, dict) else value for section, value in manifest.items()}
    metadata = found["metadata"]
    if annotations := metadata.get("annotations"):
        metadata["annotations"] = {key: value for key, value in annotations.items() if key != _LAST_APPLIED}
    trimmed: list[str] = []
    size = _size(found)
    for section, name in _order(found):
        if size <= room:
            break
        size -= _size(found[section].pop(name))  # and some bytes more, for its name
        trimmed.append(f"{section}.{name}")
    if size <= room:
        return found, _named(trimmed)
    return shortest, _named([*trimmed, "status.conditions"])


def _named(trimmed: list[str]) -> str:
    """What is missing, short and in plain letters whatever the fields are called."""
    named = [path for path in trimmed if all(_FIELD.fullmatch(part) for part in path.split("."))][:_MOST_NAMED]
    rest = len(trimmed) - len(named)
    return ",".join([*named, f"+{rest}"] if rest else named)


def _order(run: Object) -> Iterator[tuple[str, str]]:
    """What may be left out: first what is named, then the largest."""
    yield from ((section, name) for section, name in _FIRST if name in run.get(section, {}))
    others = [
        (_size(value), section, name)
        for section, kept in _KEPT.items()
        for name, value in run.get(section, {}).items()
        if name not in kept
    ]
    yield from ((section, name) for _, section, name in sorted(others, reverse=True))


def _size(value: object) -> int:
    return len(msgspec.json.encode(value))


def _object(about: About, metadata: Object, status: Object) -> Object:
    named = {"name": about.name, "namespace": about.namespace}
    return {"apiVersion": about.api_version, "kind": about.kind, "metadata": named | metadata, "status": status}


def _condition(status: str, reason: str, message: str, at: float | None) -> Object:
    made = {"type": "Succeeded", "status": status, "reason": reason, "message": message}
    return made if at is None else made | {"lastTransitionTime": rfc3339(at, precise=False)}


def _status(run: Run) -> str:
    if not run.final:
        return "Unknown"
    return "True" if run.state in ("Succeeded", "Skipped") else "False"
