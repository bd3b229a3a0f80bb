"""The objects and annotations that make a run show at a receiver."""

from collections.abc import Sequence
from typing import Any

from hack import objects


def provider(
    namespace: str, name: str, *, endpoint: str, grants: Sequence[dict[str, Any]] = (), secret: str = ""
) -> dict[str, Any]:
    """Granted to all namespaces unless told otherwise. One Provider stands for one host."""
    block = {"echo": {"token": {"secretRef": {"name": secret}}} if secret else {}}
    granted = list(grants) or [objects.grant("*")]
    return objects.provider(namespace, name, {"type": "Echo", "endpoint": endpoint, "grants": granted} | block)


def asking(integration: str, **options: str) -> dict[str, str]:
    """The annotations for `echo` or `milestones`; `provider` names one where there are several."""
    return {f"{integration}.integrations.tekton.dev/{key}": value for key, value in {"key": "all", **options}.items()}
