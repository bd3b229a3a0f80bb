"""CloudEvents in the simulation of deliveries."""

from collections.abc import Mapping

import msgspec
from tekton_integrations_cloudevent.integration import CloudEvent

from hack import objects

from .deliveries import HOST, Channel
from .sink import Told
from .workload import SMALL


def read(headers: Mapping[str, str], body: bytes) -> Told:
    name = next(iter(msgspec.json.decode(body).values()))["metadata"]["name"]
    state = headers.get("ce-runstate", "")
    return Told(name, headers["ce-id"], headers["ce-milestone"], int(headers["ce-sequence"]), state)


CLOUD_EVENT = Channel(
    make=CloudEvent,
    annotations=lambda _: {"cloudevent.integrations.tekton.dev/target": f"https://{HOST}/tekton"},
    provider={"type": "CloudEvents", "grants": [objects.grant(SMALL, targets=[HOST])]},
    read=read,
)
