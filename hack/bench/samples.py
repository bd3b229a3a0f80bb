"""What the controller sent in one round, as patterns for the bare loop: the same objects, so the same sizes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from hack.objects import RECORDS

from .bare import NAME, SHA, VERSION, Report
from .lookalike import Call
from .place import Place

_SET_BY_SERVER = ("uid", "creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink")
# What a record does not have yet when it announces its first call.
_LATER = ("annotations", "observedState", "inputDigest", "url")

Object = dict[str, Any]


async def stored(place: Place, namespace: str, run: str) -> tuple[Object, Object]:
    """The run's record as it is now, and one of the Events on it."""
    records = f"{RECORDS.format(namespace)}?labelSelector=tekton.dev/pipelineRun={run}"
    kube_events = f"/api/v1/namespaces/{namespace}/events?fieldSelector=involvedObject.name={run}"
    found = [await place.bed.request("GET", path) for path in (records, kube_events)]
    record, kube_event = (each["items"][-1] for each in found)
    return _sendable(record), _sendable(kube_event)


class Made(NamedTuple):
    """Besides the call, for one report: writes of the record, and lists of the run's TaskRuns."""

    writes: int
    lists: int


def first(calls: Sequence[Call], in_progress: Object, kube_event: Object, made: Made) -> Report:
    """Creates the check run; all writes of the record but the last before the call."""
    created = next(call for call in calls if call.accepted and call.method == "POST")
    announced = in_progress | {"status": _announcing(in_progress["status"])}
    before = [_text(announced, update=number > 0) for number in range(made.writes - 1)]
    return Report(
        lists=made.lists,
        before=before,
        call=_text(created.body | {"head_sha": SHA}),
        after=[_text(in_progress, update=bool(before))],
        event=_text(kube_event),
    )


def last(calls: Sequence[Call], final: Object, kube_event: Object, made: Made) -> Report:
    """Concludes it; the writes of the record all after the call."""
    concluded = next(call for call in reversed(calls) if call.accepted and call.method == "PATCH")
    return Report(
        lists=made.lists,
        before=[],
        call=_text(concluded.body),
        after=[_text(final, update=True)] * made.writes,
        event=_text(kube_event),
    )


def _announcing(status: Object) -> Object:
    time = "2026-01-01T00:00:00.000Z"
    intent = {"id": "00000000", "holder": "controller-0_00000000", "startTime": time, "deadline": time}
    return {key: value for key, value in status.items() if key not in _LATER} | {"intent": intent}


def _sendable(found: Object) -> Object:
    metadata = {key: value for key, value in found["metadata"].items() if key not in _SET_BY_SERVER}
    return found | {"metadata": metadata | {"name": NAME}}


def _text(body: Object, *, update: bool = False) -> str:
    if update:
        body = body | {"metadata": body["metadata"] | {"resourceVersion": VERSION}}
    return msgspec.json.encode(body).decode()
