"""Webhooks in the simulation of deliveries."""

from collections.abc import Mapping

import msgspec
from tekton_integrations_webhook.integration import Webhook

from hack import objects

from .deliveries import HOST, Channel
from .sink import Told
from .workload import SMALL


def read(headers: Mapping[str, str], body: bytes) -> Told:
    data = msgspec.json.decode(body)["data"]
    return Told(data["run"]["name"], headers["webhook-id"], data["milestone"], data["sequence"], data["state"])


WEBHOOK = Channel(
    make=Webhook,
    annotations=lambda _: {"webhook.integrations.tekton.dev/url": f"https://{HOST}/tekton"},
    provider={"type": "Webhook", "grants": [objects.grant(SMALL, targets=[HOST])]},
    read=read,
)
