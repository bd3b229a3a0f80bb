"""GitHub's rate limits: what is counted, what is refused, and whether clients did as they were told.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.fakes.github.call import Answer, ApiError, Call
from tests.fakes.github.clock import Clock
from tests.fakes.github.meters import Meter, Use, spend, wait

HOUR, MINUTE = 3600, 60
DOCS = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "For more on scraping GitHub and how it may affect your rights, please review our Terms of Service "
    "(https://docs.github.com/en/site-policy/github-terms/github-terms-of-service)"
)
FREE = {"GET /rate_limit"}  # https://docs.github.com/en/rest/rate-limit/rate-limit
# GitHub does not say which endpoints create content, but that those do which notify people.
CONTENT = {"POST /repos/{repo}/issues/{number}/comments", "PATCH /repos/{repo}/issues/comments/{comment_id}"}
TOKENS = {"POST /app/installations/{installation_id}/access_tokens"}
# Refusals of these were seen below every published limit, so another one must stand behind them.
HIDDEN = {
    "POST /repos/{repo}/check-runs",
    "PATCH /repos/{repo}/check-runs/{check_run_id}",
    "POST /repos/{repo}/statuses/{ref}",
}


def secondary(retry_after: float | None, status: int = 403) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": str(math.ceil(retry_after))}
    error = ApiError(status, SECONDARY, headers=headers)
    return error.answer(f"{DOCS}#about-secondary-rate-limits")


@dataclass
class _Window:
    """The primary limit's fixed hour; it begins with the first request."""

    ends: float
    used: int = 0


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A request that came before its client was allowed to send again."""

    client: str
    kind: str  # "retry-after", "reset" (primary limit spent), "minute" (limited without a hint)
    early_by: float  # seconds
    call: Call


@dataclass(frozen=True)
class _Told:
    """What a client knows: since when, until when it must not send, and why."""

    kind: str = ""
    at: float = 0.0
    until: float = 0.0


@dataclass(kw_only=True)
class Limits:
    """Clients are named as in `Call.client`. Requests of an App's JWT count against no installation."""

    clock: Clock
    enabled: bool = True
    hourly: int = 5000
    hourly_of: dict[str, int] = field(default_factory=dict)  # other numbers, by client: 15,000 for an Enterprise
    hourly_anonymous: int = 60
    points_per_minute: int = 900
    concurrent: int = 100
    content_per_minute: int = 80
    content_per_hour: int = 500
    tokens_per_hour: int = 2000
    hidden_writes_per_minute: int | None = None  # check runs and statuses together; no header tells of it
    hidden_retry_after: bool = False  # whether its refusals say when to come back
    travel: float = 0.1  # seconds, at most, from a refusal until a call arrives that was sent before it was heard of
    violations: list[Violation] = field(default_factory=list)
    peak: Counter[str] = field(default_factory=Counter)  # most requests under way at once, by client
    _windows: dict[str, _Window] = field(default_factory=dict)
    _meters: dict[tuple[str, str], Meter] = field(default_factory=dict)
    _under_way: Counter[str] = field(default_factory=Counter)
    _told: dict[str, _Told] = field(default_factory=dict)

    @contextmanager
    def under_way(self, client: str) -> Iterator[None]:
        self._under_way[client] += 1
        self.peak[client] = max(self.peak[client], self._under_way[client])
        try:
            yield
        finally:
            self._under_way[client] -= 1

    def refusal(self, call: Call) -> Answer | None:
        """Counts the request, and says no where a limit is passed."""
        self._note_early(call)
        if not self.enabled or call.endpoint in FREE:
            return None
        if self._under_way[call.client] > self.concurrent:
            return secondary(MINUTE)
        window = self._window(call.client)
        if window.used >= self._hourly(call.client):
            return self._spent(call.client)
        window.used += 1
        return self._secondary_refusal(call)

    def refund(self, call: Call) -> None:
        """A 304 is free: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api"""
        window = self._window(call.client)
        window.used = max(0, window.used - 1)

    def headers(self, client: str) -> dict[str, str]:
        if not self.enabled:
            return {}
        figures = self.figures(client)
        return {f"X-RateLimit-{name.title()}": str(value) for name, value in figures.items()} | {
            "X-RateLimit-Resource": "core"
        }

    def figures(self, client: str) -> dict[str, int]:
        window, limit = self._window(client), self._hourly(client)
        reset = math.ceil(window.ends)
        return {"limit": limit, "remaining": max(0, limit - window.used), "reset": reset, "used": window.used}

    def answered(self, call: Call, answer: Answer) -> None:
        """Remembers when the client may come back: the latest time it was ever told."""
        told = self._telling(answer, self.clock.now())
        if told.until > self._told.get(call.client, _Told()).until:
            self._told[call.client] = told

    @staticmethod
    def _telling(answer: Answer, now: float) -> _Told:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if "retry-after" in headers:
            return _Told("retry-after", now, now + float(headers["retry-after"]))
        if headers.get("x-ratelimit-remaining") == "0":
            return _Told("reset", now, float(headers["x-ratelimit-reset"]))
        if answer.status == 429 or (answer.status == 403 and SECONDARY in str(answer.body)):
            return _Told("minute", now, now + MINUTE)
        return _Told()

    def _note_early(self, call: Call) -> None:
        told = self._told.get(call.client, _Told())
        on_its_way = call.time <= told.at + self.travel
        if call.time < told.until - 0.01 and not on_its_way:
            early = told.until - call.time
            self.violations.append(Violation(client=call.client, kind=told.kind, early_by=early, call=call))

    def _hourly(self, client: str) -> int:
        anonymous = " " not in client  # an address has no blank
        return self.hourly_of.get(client, self.hourly_anonymous if anonymous else self.hourly)

    def _window(self, client: str) -> _Window:
        now = self.clock.now()
        window = self._windows.get(client)
        if window is None or window.ends <= now:
            window = self._windows[client] = _Window(ends=now + HOUR)
        return window

    def _spent(self, client: str) -> Answer:
        whose = client.replace("installation ", "installation ID ").replace("user ", "user ID ")
        error = ApiError(403, f"API rate limit exceeded for {whose}.", headers=self.headers(client))
        return error.answer(f"{DOCS}#primary-rate-limit-for-github-app-installations")

    def _secondary_refusal(self, call: Call) -> Answer | None:
        """What is refused counts nowhere. A limit that is told of comes before the hidden one."""
        known, hidden = self._known(call), self._hidden(call)
        if seconds := wait(known, call.time):
            return secondary(seconds)
        if seconds := wait(hidden, call.time):
            return secondary(seconds if self.hidden_retry_after else None)
        spend([*known, *hidden], call.time)
        return None

    def _known(self, call: Call) -> list[Use]:
        """900 points a minute and endpoint: a read is 1, a write 5. 80 comments a minute and 500 an hour."""
        points = 1 if call.method in ("GET", "HEAD") else 5
        uses = [self._use(call, call.endpoint, self.points_per_minute, MINUTE, points)]
        if call.endpoint in CONTENT:
            uses.append(self._use(call, "content by the minute", self.content_per_minute, MINUTE))
            uses.append(self._use(call, "content by the hour", self.content_per_hour, HOUR))
        if call.endpoint in TOKENS:
            uses.append(self._use(call, "tokens", self.tokens_per_hour, HOUR))
        return uses

    def _hidden(self, call: Call) -> list[Use]:
        most = self.hidden_writes_per_minute
        return [] if most is None or call.endpoint not in HIDDEN else [self._use(call, "hidden", most, MINUTE)]

    def _use(self, call: Call, name: str, most: int, period: float, cost: int = 1) -> Use:
        meter = self._meters.setdefault((call.client, name), Meter(period))
        return Use(meter=meter, cost=cost, most=most)
