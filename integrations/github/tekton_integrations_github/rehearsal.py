"""What GitHub would answer to a first report, for a look at what would be sent. Pure."""

import re
from functools import cache
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tekton_integrations import Rehearsal, Response, Target
from tekton_integrations_github.repositories import web_of

_NEVER = "2999-01-01T00:00:00Z"
# What follows the repository's name, or the endpoint → whether the answer is a list.
_LISTS = re.compile(r"/(comments|deployments|statuses)(\?|\Z)")


def rehearsal(endpoint: str, target: Target) -> Rehearsal:
    """The App's id is made up, and so is its key: where these matter, nothing is shown."""
    page = f"{web_of(endpoint)}/{target.resource}"

    def answer(method: str, url: str, _body: bytes) -> Response:
        return Response(200 if method == "GET" else 201, {}, msgspec.json.encode(_said(method, url, target, page)))

    secrets = {"private_key": _key(), "token": b"made-up"}
    return Rehearsal(settings={"appId": 1}, secrets=secrets, answer=answer, page=shown)


def _said(method: str, url: str, target: Target, page: str) -> Any:
    owner = target.resource.partition("/")[0]
    if url.endswith("/access_tokens"):
        return {"token": "made-up", "expires_at": _NEVER}
    if url.endswith("/installation"):
        return {"id": 1, "account": {"login": owner}}
    if url.endswith(f"/repos/{target.resource}"):
        return {"id": 1, "full_name": target.resource, "private": True}
    if url.endswith("/user"):
        return {"login": "made-up"}
    if method == "GET" and "/check-runs" in url:
        return {"check_runs": []}
    if method == "GET" and _LISTS.search(url):
        return []
    return {"id": 1, "status": "queued", "state": "pending", "html_url": f"{page}/runs/1"}


def shown(body: bytes) -> str:
    """The Markdown of a check's page or a comment; what a commit status or a deployment says in a line."""
    said = msgspec.json.decode(body) if body else {}
    output = said.get("output", {})
    if output:
        parts = (f"# {output.get('title', '')}", output.get("summary", ""), output.get("text", ""))
        return "\n\n".join(part for part in parts if part)
    return str(said.get("body") or said.get("description") or "")


@cache
def _key() -> bytes:
    """It has to be one with which a request can be signed."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
