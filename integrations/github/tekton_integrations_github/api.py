"""One call to GitHub: headers, rate limits, and what each answer means. gidgethub's pure part knows the protocol.

Rate limits: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from gidgethub import sansio

from tekton_integrations import (
    Context,
    PermanentError,
    Quota,
    Response,
    TemporaryError,
    Throttled,
    clean,
)

VERSION = "2022-11-28"
USER_AGENT = "tekton-integrations"
# 900 points a minute; a call that changes something costs five.
POINTS_PER_SECOND = 15.0
BURST = 900.0
# Without a word on how long, GitHub asks for at least a minute.
DEFAULT_WAIT = 60.0
MAX_WAIT = 86400.0


class Unauthorized(Exception):
    """GitHub does not accept the token (any more)."""


class _Failure(msgspec.Struct):
    message: str = ""
    errors: Any = None


@dataclass(frozen=True)
class Api:
    """Calls for one scope (an owner: each installation has its own limits). `final`: may use the reserve."""

    context: Context
    scope: str
    final: bool = True

    @property
    def quota(self) -> Quota:
        return self.context.quota(self.scope, POINTS_PER_SECOND, BURST)

    def check_quota(self) -> None:
        """Raises Throttled if a call that changes something would have to wait: ask before announcing it."""
        self.quota.check(_points("POST"), final=self.final)

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, token: str = "", jwt: str = ""
    ) -> Any:
        """The decoded answer. Raises Unauthorized, PermanentError, TemporaryError."""
        answer, _ = await self._call(method, self.context.credential.endpoint + path, body, token=token, jwt=jwt)
        return answer

    async def pages(self, path: str, *, token: str) -> list[Any]:
        """The answers of all pages."""
        answers, url = [], self.context.credential.endpoint + path
        while url:
            answer, url = await self._call("GET", url, None, token=token)
            answers.append(answer)
        return answers

    async def _call(
        self, method: str, url: str, body: Mapping[str, Any] | None, *, token: str = "", jwt: str = ""
    ) -> tuple[Any, str]:
        self.quota.take(_points(method), final=self.final)
        headers = sansio.create_headers(USER_AGENT, oauth_token=token or None, jwt=jwt or None)
        headers["x-github-api-version"] = VERSION
        content = b""
        if body is not None:
            headers["content-type"] = "application/json; charset=utf-8"
            content = msgspec.json.encode(body)
        response = await self.context.http.request(method, url, headers, content)
        self._learn(response)
        if response.status < 300:
            return self._decoded(method, response)
        raise self._failure(method, url, response)

    def _decoded(self, method: str, response: Response) -> tuple[Any, str]:
        try:
            data, _, following = sansio.decipher_response(response.status, dict(response.headers), response.body)
        except ValueError as error:
            message = "GitHub's answer can't be read"
            raise TemporaryError("UnreadableAnswer", message, maybe_sent=method != "GET") from error
        return data, following or ""

    def _learn(self, response: Response) -> None:
        """Feeds the quota from the answer's headers."""
        remaining = _whole(response.headers.get("x-ratelimit-remaining"))
        if remaining is not None:
            limit = _whole(response.headers.get("x-ratelimit-limit"))
            self.quota.learn(limit=limit, remaining=remaining, reset_in=_until_reset(response))

    def _failure(self, method: str, url: str, response: Response) -> Exception:
        status, said = response.status, _message(response)
        if status == 401 or (status == 404 and "Integration not found" in said):  # no such App
            return Unauthorized(said)
        if wait := _limited(response, said):
            self.quota.block(wait)
            return Throttled(f"GitHub asked to wait {wait:.0f} s ({status})", wait, at=self.quota)
        if status >= 500:
            after = response.headers.get("retry-after")
            delay = _seconds(after) if after else None
            message, changes = f"GitHub answered {status}", method != "GET"
            return TemporaryError("ServiceUnavailable", message, delay, maybe_sent=changes, down=True)
        if status in (301, 302, 307, 308):
            return PermanentError(
                "RepositoryMoved", "GitHub says that the repository has moved; set owner and repo to its new name"
            )
        return PermanentError(*_explain(status, said))


def _points(method: str) -> int:
    return 1 if method == "GET" else 5


def _explain(status: int, said: str) -> tuple[str, str]:
    """Reason and message for what only a change can cure. GitHub's words are quoted short and clean."""
    quoted = clean(said, 120)
    if status == 403:
        return "Forbidden", f"GitHub refused ({quoted}); give the App `Checks: write`, or the token `Statuses: write`"
    if status == 404:
        return "NotVisible", "GitHub does not show us the repository; check owner and repo, and what the App may see"
    if status == 422 and "No commit found" in said:
        return "UnknownCommit", "GitHub knows no such commit in this repository; check sha, and that it was pushed"
    if status == 422 and "maximum number of statuses" in said:
        return "TooManyStatuses", "the commit has 1,000 statuses of this name, GitHub takes no more; use another name"
    return "Refused", f"GitHub answered {status}: {quoted}"


def _limited(response: Response, said: str) -> float:
    """Seconds to wait where the answer is about a rate limit, else 0."""
    if response.status not in (403, 429):
        return 0.0
    if after := response.headers.get("retry-after"):
        return _seconds(after)
    if response.headers.get("x-ratelimit-remaining") == "0":
        return _until_reset(response)
    words = said.lower()
    about_limits = response.status == 429 or "rate limit" in words or "abuse" in words
    return DEFAULT_WAIT if about_limits else 0.0


def _until_reset(response: Response) -> float:
    """GitHub's clock and ours may differ: its own Date header says what now is."""
    try:
        reset = float(response.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return DEFAULT_WAIT
    try:
        now = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except ValueError:
        now = time.time()
    return min(MAX_WAIT, max(1.0, reset - now + 1.0))


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _seconds(text: str) -> float:
    try:
        return min(MAX_WAIT, max(1.0, float(text)))
    except ValueError:
        return DEFAULT_WAIT


def _message(response: Response) -> str:
    try:
        failure = msgspec.json.decode(response.body, type=_Failure)
    except msgspec.DecodeError:
        return ""
    # The reason of a 422 often stands in `errors` only.
    return f"{failure.message} {failure.errors}" if failure.errors else failure.message
