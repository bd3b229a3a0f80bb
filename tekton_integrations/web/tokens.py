"""Readers by a token of Kubernetes (Bearer): the API server says whose it is (TokenReview) and what they may do
(SubjectAccessReview). Nothing is done in their name, and the token is given to nobody else.
"""

import hashlib
import hmac
import os
from typing import Any, Final

import msgspec
from aiohttp import web

from tekton_integrations.kube.client import ApiError, KubeClient
from tekton_integrations.web.access import LOGS, Reader, Right, unauthorized
from tekton_integrations.web.memory import Failures, Remembered
from tekton_integrations.web.shared import unavailable

# Seconds for which an answer of the API server holds.
REMEMBERED = 10.0
# Tokens that nobody has, from one address in so many seconds.
WRONG, WITHIN = 30, 60.0
LONGEST = 16 * 1024
TOKEN_REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"  # noqa: S105  (a path)
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


class _User(msgspec.Struct):
    username: str = ""
    uid: str = ""
    groups: list[str] = []
    extra: dict[str, list[str]] = {}


class _TokenStatus(msgspec.Struct):
    authenticated: bool = False
    user: _User = msgspec.field(default_factory=_User)
    audiences: list[str] = []


class _TokenReview(msgspec.Struct):
    status: _TokenStatus = msgspec.field(default_factory=_TokenStatus)


class _AccessStatus(msgspec.Struct):
    allowed: bool = False


class _AccessReview(msgspec.Struct):
    status: _AccessStatus = msgspec.field(default_factory=_AccessStatus)


class Tokens:
    """A way in, for access.py. `audience`: for whom tokens must be made; the API server's own when empty."""

    def __init__(self, client: KubeClient, audience: str = "") -> None:
        self._client, self._audience = client, audience
        self._secret = os.urandom(32)
        self._known: Remembered[_Known] = Remembered(REMEMBERED)
        self._failures = Failures(WRONG, WITHIN)

    async def __call__(self, request: web.Request) -> Reader | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = hmac.digest(self._secret, token.encode("utf-8", "surrogateescape"), hashlib.sha256)
        if (known := self._known.get(key)) is None:
            known = await self._review(token.strip(), request.remote or "")
            self._known.put(key, known)
        return known

    async def _review(self, token: str, remote: str) -> "_Known":
        if seconds := self._failures.begin(remote):
            raise web.HTTPTooManyRequests(
                text=f"Too many tokens that nobody has. Try again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )
        if not token.isascii() or not token or len(token) > LONGEST:
            raise unauthorized("This is no token.")
        spec: dict[str, Any] = {"token": token, **({"audiences": [self._audience]} if self._audience else {})}
        status = msgspec.json.decode(await _ask(self._client, TOKEN_REVIEWS, spec), type=_TokenReview).status
        if not status.authenticated or (self._audience and self._audience not in status.audiences):
            raise unauthorized("The API server does not know this token, or it is out of date.")
        self._failures.forgive(remote)
        return _Known(self._client, status.user)


class _Known:
    namespaces: Final[tuple[str, ...]] = ()

    def __init__(self, client: KubeClient, user: _User) -> None:
        self.name = user.username
        self._client, self._user = client, user
        self._answers: Remembered[bool] = Remembered(REMEMBERED, 1000)

    async def may(self, right: Right) -> bool:
        """Of logs it is asked for the whole namespace: which pods a run will have is not known."""
        if right.resource == LOGS:
            right = right._replace(run="")
        if (answer := self._answers.get(right)) is None:
            answer = await self._review(right)
            self._answers.put(right, answer)
        return answer

    async def _review(self, right: Right) -> bool:
        resource, _, subresource = right.resource.partition("/")
        spec = {
            "user": self._user.username,
            "uid": self._user.uid,
            "groups": self._user.groups,
            "extra": self._user.extra,
            "resourceAttributes": {
                "verb": right.verb,
                "group": "" if right.resource == LOGS else "tekton.dev",
                "resource": resource,
                "subresource": subresource,
                "namespace": right.namespace,
                "name": right.run,
            },
        }
        review = msgspec.json.decode(await _ask(self._client, ACCESS_REVIEWS, spec), type=_AccessReview)
        return review.status.allowed


async def _ask(client: KubeClient, path: str, spec: dict[str, Any]) -> bytes:
    try:
        return await client.review(path, {"spec": spec})
    except ApiError as error:
        raise unavailable("who asks, and what they may read, can't be found out", error) from error
