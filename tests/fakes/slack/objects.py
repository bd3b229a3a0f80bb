"""The objects and annotations that make a run show in Slack."""

from collections.abc import Sequence
from typing import Any

from hack import objects

TOKEN = "xoxb-17-42-Qm8Zr5Vt"


def secret(namespace: str, name: str = "slack", token: str = TOKEN) -> dict[str, Any]:
    return objects.secret(namespace, name, "Slack", {"token": token})


def webhook_secret(namespace: str, name: str, url: str) -> dict[str, Any]:
    return objects.secret(namespace, name, "SlackWebhook", {"url": url})


def provider(
    namespace: str, name: str = "slack", *, endpoint: str, grants: Sequence[dict[str, Any]], secret: str = "slack"
) -> dict[str, Any]:
    block = {"slack": {"token": {"secretRef": {"name": secret}}}}
    return objects.provider(namespace, name, {"type": "Slack", "endpoint": endpoint, "grants": list(grants)} | block)


def webhook(
    namespace: str, name: str, *, endpoint: str, grants: Sequence[dict[str, Any]], secret: str
) -> dict[str, Any]:
    block = {"slackWebhook": {"url": {"secretRef": {"name": secret}}}}
    spec = {"type": "SlackWebhook", "endpoint": endpoint, "grants": list(grants)}
    return objects.provider(namespace, name, spec | block)


def asking(channel: str, **options: str) -> dict[str, str]:
    """The annotations of a run."""
    return {f"slack.integrations.tekton.dev/{key}": value for key, value in {"channel": channel, **options}.items()}
