"""What Slack would answer to a first card, for a look at what would be sent. Pure."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from tekton_integrations import Rehearsal, Response, Target
from tekton_integrations_slack.options import ANY_WORKSPACE, is_id

_CHANNEL = "C0000000"


def rehearsal(endpoint: str, target: Target) -> Rehearsal:
    """The token is made up, and so is a webhook's address, which is a secret as well."""

    def answer(_method: str, url: str, _body: bytes) -> Response:
        return Response(200, {}, msgspec.json.encode(_said(url, target)))

    secrets = {"token": b"made-up", "url": f"{endpoint}/services/made-up".encode()}
    return Rehearsal(secrets=secrets, answer=answer, page=shown)


def _said(url: str, target: Target) -> dict[str, Any]:
    workspace = "made-up.slack.com" if target.resource == ANY_WORKSPACE else target.resource
    named = target.name if is_id(target.name) else _CHANNEL
    asked = parse_qs(urlsplit(url).query).get("channel", [named])[0]
    return {
        "ok": True,
        "url": f"https://{workspace}/",
        "ts": "1.0",
        "channels": [],
        "channel": {"id": asked} if "conversations.info" in url else named,
    }


def shown(body: bytes) -> str:
    """A message's blocks as lines of text."""
    said = msgspec.json.decode(body) if body else {}
    parts = [*said.get("blocks", []), *(each for one in said.get("attachments", []) for each in one.get("blocks", []))]
    return "\n".join(line for part in parts for line in _lines(part)) or str(said.get("text", ""))


def _lines(block: dict[str, Any]) -> Iterator[str]:
    inside = block.get("elements", [])
    if any("elements" in each for each in inside):
        for each in inside:
            yield from _lines(each)
        return
    if line := "".join(_word(each) for each in inside):
        yield line


def _word(element: dict[str, Any]) -> str:
    said = element.get("text") or element.get("url") or element.get("user_id") or element.get("range") or ""
    return str(said.get("text", "") if isinstance(said, dict) else said)
