"""One call to GitHub with one credential: headers, quotas, and what comes back.

Who may call, and where to, is decided in calls.py; what a failure means in answers.py.
"""

import re
from dataclasses import dataclass
from typing import Any

import msgspec
from gidgethub import sansio

from tekton_integrations import Context, Response, redirected
from tekton_integrations_github import limits
from tekton_integrations_github.answers import Moved, Request, decoded, failure, said, unreadable
from tekton_integrations_github.limits import Budget

VERSION = "2022-11-28"
USER_AGENT = "tekton-integrations"
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,<>]*\brel="?next\b')


class Answer(msgspec.Struct, frozen=True):
    """`following` is the URL of the next page, empty on the last; `size` that of the body in bytes; `scopes` those of a
    classic token, as they come."""

    data: Any
    following: str
    size: int
    scopes: str | None = None


@dataclass(frozen=True)
class Transport:
    """`final`: may use what is kept for final states."""

    context: Context
    final: bool = True

    async def send(self, request: Request, budget: Budget, *, token: str = "", jwt: str = "") -> Answer:
        """Raises Unauthorized, Moved, PermanentError, TemporaryError."""
        budget.take(request.method, request.path, final=self.final)
        url = self.context.credential.endpoint + request.path
        response = await self.context.http.request(request.method, url, *_sent(request, token, jwt))
        budget.learn(response)
        if response.status < 300:
            found = _NEXT.search(response.headers.get("link", ""))
            following, scopes = found[1] if found else "", response.headers.get("x-oauth-scopes")
            return Answer(decoded(request, response), following, len(response.body), scopes)
        if response.status < 400:
            raise _moved(request, response, url)
        if limits.limited(response, said(response)):
            raise budget.refused(response, request.method, request.path, final=self.final)
        raise failure(request, response)


def _sent(request: Request, token: str, jwt: str) -> tuple[dict[str, str], bytes]:
    headers: dict[str, str] = sansio.create_headers(USER_AGENT, oauth_token=token or None, jwt=jwt or None)
    headers["x-github-api-version"] = VERSION
    if request.body is None:
        return headers, b""
    headers["content-type"] = "application/json; charset=utf-8"
    return headers, msgspec.json.encode(request.body)


def _moved(request: Request, response: Response, url: str) -> Exception:
    location = redirected(response, url)
    return Moved(location) if location else unreadable(f"its status is {response.status}", request)
