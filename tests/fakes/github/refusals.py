"""Faults that are nothing but an answer: what was asked is not done."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.github.call import Answer, ApiError, not_found
from tests.fakes.github.limits import secondary

if TYPE_CHECKING:
    from tests.fakes.github.faults import Exchange


@dataclass(frozen=True)
class TooManyRequests:
    """429, in GitHub's form of a secondary limit."""

    retry_after: float | None = None

    async def run(self, exchange: "Exchange") -> Answer | None:
        return secondary(self.retry_after, status=429)


@dataclass(frozen=True)
class SecondaryLimit:
    """403; GitHub does not always say when to come back."""

    retry_after: float | None = None

    async def run(self, exchange: "Exchange") -> Answer | None:
        return secondary(self.retry_after)


@dataclass(frozen=True)
class PrimaryLimit:
    """403 with nothing remaining until a reset some seconds ahead."""

    reset_after: float = 60

    async def run(self, exchange: "Exchange") -> Answer | None:
        reset = str(math.ceil(exchange.call.time + self.reset_after))
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset, "X-RateLimit-Resource": "core"}
        return ApiError(403, f"API rate limit exceeded for {exchange.call.client}.", headers=headers).answer()


@dataclass(frozen=True)
class ServerError:
    """500, 502 or 503; GitHub's load balancer answers in HTML."""

    status: int = 502
    retry_after: float | None = None

    async def run(self, exchange: "Exchange") -> Answer | None:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        page = "<html><body><p>This page is taking too long to load.</p></body></html>"
        return Answer(status=self.status, body=page, headers=headers, content_type="text/html")


@dataclass(frozen=True)
class Unauthorized:
    """401, as when a token was revoked early."""

    async def run(self, exchange: "Exchange") -> Answer | None:
        return ApiError(401, "Bad credentials").answer()


@dataclass(frozen=True)
class NotFound:
    async def run(self, exchange: "Exchange") -> Answer | None:
        return not_found().answer()


@dataclass(frozen=True)
class Redirect:
    """A redirect to any address, absolute or a path on this server."""

    location: str
    status: int = 301

    async def run(self, exchange: "Exchange") -> Answer | None:
        url = self.location if "://" in self.location else f"{exchange.call.api}{self.location}"
        return Answer(status=self.status, body={"message": "Moved Permanently", "url": url}, headers={"Location": url})


@dataclass(frozen=True)
class Refusal:
    """Any other answer: of a single sign-on, of an IP allow list, of a proxy. Without a body it is GitHub's JSON."""

    status: int
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content_type: str = "application/json; charset=utf-8"

    async def run(self, exchange: "Exchange") -> Answer | None:
        if self.body is None:
            return ApiError(self.status, self.message, headers=dict(self.headers)).answer()
        headers = dict(self.headers)
        return Answer(status=self.status, body=self.body, headers=headers, content_type=self.content_type)
