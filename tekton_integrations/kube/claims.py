"""Integration objects: each says that an integration is brought by some Deployment, since when, by whom it is worked
now, and what its services still allow.

Its creationTimestamp is the watermark: what had ended before is not reported (docs/decisions/0005). As long as it is
there nobody calls the integration unknown, so that several Deployments don't contradict each other.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tekton_integrations.allowance import Allowance
from tekton_integrations.integration import Integration
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.options import description
from tekton_integrations.record import API_VERSION, rfc3339
from tekton_integrations.registry import package_version
from tekton_integrations.run import KINDS

KIND = "Integration"
PLURAL = "integrations"
# Quotas in a status: the object must stay small.
_SHOWN = 200


class _Metadata(msgspec.Struct, rename="camel"):
    name: str
    namespace: str
    uid: str
    resource_version: str
    creation_timestamp: datetime


class _Object(msgspec.Struct):
    metadata: _Metadata


class Claim(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`created`: seconds since the epoch."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    created: float


def decode_claim(raw: bytes | msgspec.Raw) -> Claim:
    metadata = msgspec.json.decode(raw, type=_Object).metadata
    return Claim(
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        created=metadata.creation_timestamp.timestamp(),
    )


class Claims:
    """Those of one controller namespace."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self._client = client
        self._base = collection(API_VERSION, PLURAL, namespace)
        self._namespace = namespace
        self._told: dict[str, dict[str, Any]] = {}

    @property
    def path(self) -> str:
        return self._base

    async def make(self, integration: Integration) -> float:
        """Sees to it that there is one; gives its watermark, in seconds since the epoch. Raises ApiError."""
        body = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": integration.name, "namespace": self._namespace},
            "status": _described(integration),
        }
        try:
            raw = await self._client.post(self._base, body)
        except ApiError as error:
            if error.status != 409:
                raise
            raw = await self._client.get(f"{self._base}/{integration.name}")
        return decode_claim(raw).created

    def forget(self, name: str) -> None:
        """Others may have written since: the next word is written in any case."""
        self._told.pop(name, None)

    async def tell(self, integration: Integration, holder: str, known: Mapping[str, Sequence[Allowance]]) -> None:
        """Publishes who works it, and what is known of its services' limits, by Provider; writes only what has changed.
        `holder` is empty at a farewell.

        Raises ApiError: 404 when somebody deleted it.
        """
        ready = _ready(holder)
        told = _described(integration) | {"holder": holder, **_quotas(known)}
        before = self._told.get(integration.name)
        if before == told:
            return
        self._told.pop(integration.name, None)
        await self._client.patch(f"{self._base}/{integration.name}", {"status": told | ready})
        self._told[integration.name] = told


def _described(integration: Integration) -> dict[str, Any]:
    fields = msgspec.structs.fields(integration.Options)
    return {
        "version": integration.versions[-1],
        "versions": list(integration.versions),
        "packageVersion": package_version(integration),
        "kinds": list(KINDS),
        "annotations": {field.encode_name: description(field) for field in fields},
    }


def _ready(holder: str) -> dict[str, Any]:
    message = "reports are made" if holder else "the controller was stopped; runs are reported when it is back"
    condition = {
        "type": "Ready",
        "status": "True" if holder else "False",
        "reason": "Working" if holder else "Stopped",
        "message": message,
        "lastTransitionTime": rfc3339(time.time(), precise=False),
    }
    return {"conditions": [condition]}


def _quotas(known: Mapping[str, Sequence[Allowance]]) -> dict[str, Any]:
    """Rounded to what people look for, so that not each call makes a write."""
    every = [_shown(provider, each) for provider in sorted(known) for each in known[provider]]
    shown = sorted(every, key=lambda entry: "blockedUntil" not in entry)[:_SHOWN]
    return {"quotas": shown, "quota": _sentence(every)}


def _shown(provider: str, known: Allowance) -> dict[str, Any]:
    entry: dict[str, Any] = {"provider": provider, "scope": known.scope}
    if known.limit:
        entry |= {"limit": known.limit, "remaining": _coarse(known.remaining or 0, known.limit)}
    if known.blocked_until:
        entry["blockedUntil"] = rfc3339(known.blocked_until, precise=False)
    return entry


def _coarse(remaining: int, limit: int) -> int:
    step = max(1, limit // 20)
    return remaining // step * step


def _sentence(quotas: list[dict[str, Any]]) -> str:
    blocked = sum("blockedUntil" in quota for quota in quotas)
    if blocked:
        return f"{blocked} of {len(quotas)} wait"
    known = [quota for quota in quotas if "limit" in quota]
    if not known:
        return ""
    least = min(known, key=lambda quota: float(quota["remaining"]) / float(quota["limit"]))
    return f"{least['remaining']:,} of {least['limit']:,} left"
