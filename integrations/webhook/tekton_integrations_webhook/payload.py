"""Bodies as Standard Webhooks has them, of `type`, `timestamp` and `data`: thin, or with the whole run. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tekton_integrations import Milestone
from tekton_integrations_webhook.facts import Facts, known, time, type_of

# Bytes. Receivers on queues and functions take 256 KiB and no more, such as Amazon's EventBridge.
LIMIT = 256 * 1024
# What is left out of a run that is too large, one after the other: what is said elsewhere first.
_LARGE = (
    ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"),
    ("status", "provenance"),
    ("status", "pipelineSpec"),
    ("status", "taskSpec"),
    ("spec", "pipelineSpec"),
    ("spec", "taskSpec"),
    ("status", "retriesStatus"),
    ("status", "skippedTasks"),
    ("status", "childReferences"),
    ("status",),
    (),
)


def thin(facts: Facts, milestone: Milestone) -> dict[str, Any]:
    run = {"apiVersion": facts.api_version, "kind": facts.kind, "namespace": facts.namespace, "name": facts.name}
    data = {
        "milestone": milestone.name,
        "sequence": milestone.sequence,
        "run": run | known({"uid": facts.uid, "pipeline": facts.pipeline}),
        "state": str(facts.state),
        "final": facts.state.final,
        "reason": facts.reason,
        "message": facts.message,
        "title": facts.title,
        "failures": facts.failures,
        "created": time(facts.created),
        "started": time(facts.started),
        "finished": time(facts.finished),
        "url": facts.url,
    }
    return {"type": type_of(facts, milestone), "timestamp": time(milestone.time), "data": known(data)}


def full(body: dict[str, Any], manifest: Mapping[str, Any] | None, limit: int = LIMIT) -> bytes:
    """`body` with the run's manifest as `data.object`. What makes it larger than `limit` bytes is left out, and
    `data.omitted` says what."""
    if manifest is None:
        return encoded(_with(body, omitted=["object"]))
    left, omitted = dict(manifest), list[str]()
    found = encoded(_with(body, object=left))
    for path in _LARGE:
        if len(found) <= limit:
            break
        if not path:
            return encoded(_with(body, omitted=["object"]))
        if _has(left, path):
            left = _without(left, path)
            omitted.append(".".join(("object", *path)))
            found = encoded(_with(body, object=left, omitted=omitted))
    return found


def encoded(body: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(body)


def _with(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return body | {"data": body["data"] | more}


def _has(thing: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not (isinstance(thing, Mapping) and name in thing):
            return False
        thing = thing[name]
    return True


def _without(thing: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {name: value for name, value in thing.items() if name != first}
    return {**thing, first: _without(thing[first], tuple(rest))}
