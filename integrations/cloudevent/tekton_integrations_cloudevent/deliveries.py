"""What older Tektons kept of the CloudEvents that they sent, in the form that TEP-0004 gives it: CloudEventDelivery to
IntegrationStatus (https://github.com/tektoncd/community/pull/147). Pure.

It stands in `status.cloudEvents` of a v1beta1 TaskRun; where that was converted to v1, in an annotation.
Names and states: pkg/apis/pipeline/v1beta1/taskrun_types.go and taskrun_conversion.go of
https://github.com/tektoncd/pipeline.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tekton_integrations import clean
from tekton_integrations_cloudevent.options import NAME

ANNOTATION = "tekton.dev/v1beta1CloudEvents"
_DOMAIN = "integrations.tekton.dev"
# What a condition's message may hold: manifests/crds/integrationstatuses.yaml.
_LONGEST = 1024
_STATUSES = {"Sent": "True", "Failed": "False"}

Object = dict[str, Any]


class _State(msgspec.Struct, rename="camel"):
    """`message` is what Go calls Error."""

    condition: Literal["Unknown", "Sent", "Failed", ""] = ""
    sent_at: Annotated[str, Meta(pattern=r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")] | None = None
    message: str = ""
    retry_count: Annotated[int, Meta(ge=0)] = 0


class _Delivery(msgspec.Struct):
    target: str = ""
    status: _State = msgspec.field(default_factory=_State)


class _Metadata(msgspec.Struct):
    name: Annotated[str, Meta(min_length=1)]
    uid: Annotated[str, Meta(min_length=1)]
    namespace: str = ""
    generation: int = 0


class Damaged(Exception):
    """Says which object, which of its fields, and what is wrong there."""


def converted(found: object) -> tuple[list[Object], list[str]]:
    """An IntegrationStatus for each delivery of each run in `found`, an object or a List of such; and what is wrong
    with those that can't be read."""
    records: list[Object] = []
    problems = []
    for each in _items(found):
        try:
            records += _of_run(each)
        except Damaged as error:
            problems.append(str(error))
    return records, problems


def _items(found: object) -> Iterator[object]:
    if isinstance(found, dict) and isinstance(found.get("items"), list):
        # Lists as the API server has them leave out what their items are.
        kind = str(found.get("kind", "")).removesuffix("List")
        for item in found["items"]:
            yield {"kind": kind, **item} if isinstance(item, dict) else item
    else:
        yield found


def _of_run(run: object) -> list[Object]:
    if not (isinstance(run, dict) and isinstance(run.get("kind"), str) and run["kind"]):
        raise Damaged("here is no Kubernetes object: `kind` is missing")
    about = clean(f"{run['kind']} {_section(run, 'metadata').get('name', '(without a name)')}")
    if not (deliveries := _deliveries(run, about)):
        return []
    metadata = _read(_section(run, "metadata"), _Metadata, f"{about}: metadata")
    read = _read(deliveries, list[_Delivery], f"{about}: deliveries")
    return [_record(run, metadata, each, number) for number, each in enumerate(read)]


def _deliveries(run: Mapping[str, Any], about: str) -> list[Any]:
    """From both places, what stands in both once."""
    noted = _section(_section(run, "metadata"), "annotations").get(ANNOTATION)
    try:
        kept = msgspec.json.decode(noted) if isinstance(noted, str) else []
    except msgspec.DecodeError as error:
        raise Damaged(f"{about}: the annotation {ANNOTATION} is no JSON: {error}") from error
    found = _section(run, "status").get("cloudEvents") or []
    for where, value in (("status.cloudEvents", found), (f"the annotation {ANNOTATION}", kept or [])):
        if not isinstance(value, list):
            raise Damaged(f"{about}: {where} is no list")
    return [*found, *(each for each in kept or [] if each not in found)]


def _section(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def _read(value: object, kind: Any, about: str) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Damaged(f"{about}: {error}") from error


def _record(run: Mapping[str, Any], metadata: _Metadata, delivery: _Delivery, number: int) -> Object:
    state = delivery.status
    digest = hashlib.sha256("\0".join((metadata.uid, NAME, delivery.target, str(number))).encode()).hexdigest()[:8]
    kind = run["kind"]
    condition = {
        "type": "Succeeded",
        "status": _STATUSES.get(state.condition, "Unknown"),
        "reason": clean(state.message, _LONGEST) or state.condition or "Unknown",
    }
    named = {"name": f"{metadata.name}-{NAME}-{digest}"} | (
        {"namespace": metadata.namespace} if metadata.namespace else {}
    )
    return {
        "apiVersion": f"{_DOMAIN}/v1alpha1",
        "kind": "IntegrationStatus",
        "metadata": named
        | {"labels": {f"tekton.dev/{kind[0].lower()}{kind[1:]}": metadata.name, f"{_DOMAIN}/integration": NAME}},
        "spec": {
            "runRef": {
                "apiVersion": run.get("apiVersion") or "tekton.dev/v1beta1",
                "kind": kind,
                "name": metadata.name,
                "uid": metadata.uid,
            },
            "integration": NAME,
        },
        "status": {
            "name": f"{NAME}.{_DOMAIN}",
            "observedGeneration": metadata.generation,
            "conditions": [condition | ({"lastTransitionTime": state.sent_at} if state.sent_at else {})],
            "annotations": {"target": delivery.target, "retryCount": str(state.retry_count)},
        },
    }


def count(records: Sequence[Object]) -> str:
    runs = {record["spec"]["runRef"]["uid"] for record in records}
    return f"{len(records)} deliveries of {len(runs)} runs"
