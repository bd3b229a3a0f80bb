"""GitHub's rate limits: what is counted, what is refused, and whether clients did as they were told.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import math
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.fakes.github.call import Answer, ApiError, Call
from tests.fakes.github.clock import Clock

HOUR, MINUTE = 3600, 60
DOCS = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "For more on scraping GitHub and how it may affect your rights, please review our Terms of Service "
    "(https://docs.github.com/en/site-policy/github-terms/github-terms-of-service)"
)
FREE = {"GET /rate_limit"}  # https://docs.github.com/en/rest/rate-limit/rate-limit


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


@dataclass(kw_only=True)
class Limits:
    clock: Clock
    enabled: bool = True
    hourly: int = 5000
    hourly_anonymous: int = 60
    points_per_minute: int = 900
    concurrent: int = 100
    violations: list[Violation] = field(default_factory=list)
    peak: Counter[str] = field(default_factory=Counter)  # most requests under way at once, by client
    _windows: dict[str, _Window] = field(default_factory=dict)
    _points: dict[tuple[str, str], deque[tuple[float, int]]] = field(default_factory=dict)
    _under_way: Counter[str] = field(default_factory=Counter)
    _told: dict[str, tuple[str, float, float]] = field(default_factory=dict)

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
        return self._points_refusal(call)

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
        """Remembers when the client may come back."""
        headers = {name.lower(): value for name, value in answer.headers.items()}
        now = self.clock.now()
        if "retry-after" in headers:
            self._told[call.client] = ("retry-after", now, now + float(headers["retry-after"]))
        elif answer.status in (403, 429) and headers.get("x-ratelimit-remaining") == "0":
            self._told[call.client] = ("reset", now, float(headers["x-ratelimit-reset"]))
        elif answer.status == 429 or (answer.status == 403 and SECONDARY in str(answer.body)):
            self._told[call.client] = ("minute", now, now + MINUTE)

    def _note_early(self, call: Call) -> None:
        kind, told, until = self._told.get(call.client, ("", 0.0, 0.0))
        on_its_way = call.time <= told + 0.1  # sent before the refusal can have arrived
        if call.time < until - 0.01 and not on_its_way:
            early = until - call.time
            self.violations.append(Violation(client=call.client, kind=kind, early_by=early, call=call))

    def _hourly(self, client: str) -> int:
        return self.hourly if " " in client else self.hourly_anonymous  # an address has no blank

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

    def _points_refusal(self, call: Call) -> Answer | None:
        """900 points a minute and endpoint: a read is 1, a write 5."""
        spent = self._points.setdefault((call.client, call.endpoint), deque())
        while spent and spent[0][0] <= call.time - MINUTE:
            spent.popleft()
        cost = 1 if call.method in ("GET", "HEAD") else 5
        if sum(points for _, points in spent) + cost > self.points_per_minute:
            return secondary(spent[0][0] + MINUTE - call.time)
        spent.append((call.time, cost))
        return None
