"""Integration objects: each says that an integration is installed here, and since when.

Its creationTimestamp is the watermark: what had ended before is not reported (docs/decisions/0005).
"""

from datetime import datetime

import msgspec

from tekton_integrations.integration import Integration
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.options import description
from tekton_integrations.record import API_VERSION


class _Metadata(msgspec.Struct, rename="camel"):
    creation_timestamp: datetime


class _Object(msgspec.Struct):
    metadata: _Metadata


async def claim(client: KubeClient, namespace: str, integration: Integration) -> float:
    """Publishes the integration; gives its watermark, in seconds since the epoch."""
    base = collection(API_VERSION, "integrations", namespace)
    fields = msgspec.structs.fields(integration.Options)
    status = {
        "version": integration.versions[-1],
        "annotations": {field.encode_name: description(field) for field in fields},
    }
    body = {
        "apiVersion": API_VERSION,
        "kind": "Integration",
        "metadata": {"name": integration.name, "namespace": namespace},
        "status": status,
    }
    try:
        raw = await client.post(base, body)
    except ApiError as error:
        if error.status != 409:
            raise
        raw = await client.patch(f"{base}/{integration.name}", {"status": status})
    return msgspec.json.decode(raw, type=_Object).metadata.creation_timestamp.timestamp()
