"""The objects and annotations that make a run be told to a webhook."""

import base64
from collections.abc import Sequence
from typing import Any

from hack import objects

KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = "whsec_" + base64.b64encode(bytes(range(100, 124))).decode()
PREFIX = "webhook.integrations.tekton.dev/"


def asking(url: str, **options: str) -> dict[str, str]:
    given = {name.replace("_", "-"): value for name, value in options.items()}
    return {f"{PREFIX}{name}": value for name, value in {"url": url, **given}.items()}


def secret(namespace: str, name: str, content: str = KEY) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": f"{objects.GROUP}/Webhook",
        "data": {"value": base64.b64encode(content.encode()).decode()},
    }


def provider(
    namespace: str, name: str, *, endpoint: str = "", grants: Sequence[dict[str, Any]] = (), **secrets: str
) -> dict[str, Any]:
    """Granted to all namespaces unless told otherwise; `secrets` by field: `signingKey`, …"""
    block = {field: {"secretRef": {"name": each}} for field, each in secrets.items()}
    granted = list(grants) or [objects.grant("*")]
    spec = {"type": "Webhook", "grants": granted, "webhook": block} | ({"endpoint": endpoint} if endpoint else {})
    return objects.provider(namespace, name, spec)
