"""Records to and from the JSON of an IntegrationStatus."""

from datetime import datetime
from typing import Any

import msgspec

from tekton_integrations.annotations import DOMAIN
from tekton_integrations.record import (
    API_VERSION,
    KIND,
    Attempt,
    Condition,
    Record,
    RunRef,
    Target,
    labels_of,
    rfc3339,
    seconds,
)


def to_object(record: Record) -> dict[str, Any]:
    """The IntegrationStatus as the API server takes it; fields without a value are left out."""
    metadata: dict[str, Any] = {
        "name": record.name,
        "namespace": record.namespace,
        "labels": labels_of(record),
    }
    if record.resource_version:
        metadata["resourceVersion"] = record.resource_version
    if record.owned:
        owner = msgspec.to_builtins(record.run) | {"blockOwnerDeletion": False, "controller": False}
        metadata["ownerReferences"] = [owner]
    spec = {
        "runRef": msgspec.to_builtins(record.run),
        "integration": record.integration,
        "notification": record.notification,
    }
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": metadata,
        "spec": spec,
        "status": {key: value for key, value in _status(record).items() if value not in ("", {}, None, 0)},
    }


def _status(record: Record) -> dict[str, Any]:
    intent, target = record.intent, record.target
    condition = record.condition
    return {
        "name": f"{record.integration}.{DOMAIN}",
        "format": record.format,
        "observedGeneration": record.observed_generation,
        "conditions": [
            {
                "type": "Succeeded",
                "status": condition.status,
                "reason": condition.reason,
                "message": condition.message,
                "lastTransitionTime": rfc3339(condition.last_transition, precise=False),
                # `kubectl wait` compares this with metadata.generation, which each of our writes raises by one
                # (there is no status subresource). Without it, it would take the run's generation below.
                "observedGeneration": record.generation + 1,
            }
        ],
        "annotations": record.memory,
        "observedState": record.observed_state,
        "inputDigest": record.input_digest,
        "version": record.version,
        "provider": record.provider,
        "url": record.url,
        "target": target and _target(target),
        "delivered": record.delivered,
        "milestone": record.milestone,
        "sources": record.sources,
        "attempts": record.attempts,
        "nextAttemptTime": record.next_attempt and rfc3339(record.next_attempt),
        "intent": intent
        and {
            "id": intent.id,
            "holder": intent.holder,
            "startTime": rfc3339(intent.started),
            "deadline": rfc3339(intent.deadline),
        },
        "verifyTime": record.verify_after and rfc3339(record.verify_after),
    }


def _target(target: Target) -> dict[str, Any]:
    """What several runs share is learnt anew."""
    known = {"resource": target.resource, "name": target.name, "detail": target.detail, "labels": target.labels}
    return known | ({"endpoint": target.endpoint} if target.endpoint else {})


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    name: str
    namespace: str
    uid: str
    resource_version: str
    generation: int = 0
    owner_references: tuple[RunRef, ...] = ()


class _Spec(msgspec.Struct, gc=False, rename="camel"):
    run_ref: RunRef
    integration: str
    notification: str = ""


class _Condition(msgspec.Struct, gc=False, rename="camel"):
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class _Intent(msgspec.Struct, gc=False, rename="camel"):
    id: str
    holder: str
    start_time: datetime
    deadline: datetime


class _RecordStatus(msgspec.Struct, gc=False, rename="camel"):
    observed_generation: int = 0
    conditions: tuple[_Condition, ...] = ()
    annotations: dict[str, str] = {}
    observed_state: str = ""
    input_digest: str = ""
    version: str = ""
    provider: str = ""
    url: str = ""
    target: Target | None = None
    attempts: int = 0
    next_attempt_time: datetime | None = None
    intent: _Intent | None = None
    verify_time: datetime | None = None
    format: int = 1
    delivered: int = 0
    milestone: str = ""
    sources: dict[str, str] = {}


class _Object(msgspec.Struct, gc=False):
    metadata: _Metadata
    spec: _Spec
    status: _RecordStatus = msgspec.field(default_factory=_RecordStatus)


_decoder = msgspec.json.Decoder(_Object)


def decode_record(raw: bytes | msgspec.Raw) -> Record:
    """A Record from the JSON of an IntegrationStatus; msgspec.DecodeError if it is none."""
    source = _decoder.decode(raw)
    metadata, spec, status = source.metadata, source.spec, source.status
    condition = status.conditions[0] if status.conditions else _Condition(status="Unknown", reason="InProgress")
    intent = status.intent
    return Record(
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        generation=metadata.generation,
        owned=any(owner.uid == spec.run_ref.uid for owner in metadata.owner_references),
        run=spec.run_ref,
        integration=spec.integration,
        notification=spec.notification,
        condition=Condition(
            status=condition.status,
            reason=condition.reason,
            message=condition.message,
            last_transition=seconds(condition.last_transition_time) or 0.0,
        ),
        observed_generation=status.observed_generation,
        memory=status.annotations,
        observed_state=status.observed_state,
        input_digest=status.input_digest,
        version=status.version,
        provider=status.provider,
        url=status.url,
        target=status.target,
        attempts=status.attempts,
        next_attempt=seconds(status.next_attempt_time),
        intent=_attempt(intent) if intent else None,
        verify_after=seconds(status.verify_time),
        format=status.format,
        delivered=status.delivered,
        milestone=status.milestone,
        sources=status.sources,
    )


def _attempt(intent: _Intent) -> Attempt:
    return Attempt(
        id=intent.id,
        holder=intent.holder,
        started=intent.start_time.timestamp(),
        deadline=intent.deadline.timestamp(),
    )
