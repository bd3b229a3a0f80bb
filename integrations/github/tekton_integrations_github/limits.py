"""GitHub's rate limits: whose quota a call takes from, and how long an answer makes us wait.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from tekton_integrations import Bucket, Cost, Limits, Quota, Response, Throttled

# Scopes, as people read them at the Provider. That of an installation is its account's name; all that a person's
# token does shares one limit, whoever owns the repository. The App has one of its own, in which tokens are few.
APP = "the app"
USER = "the user"
# 900 points a minute for each endpoint; comments 80 a minute and 500 an hour; 2,000 tokens an hour.
_CORE = Limits(buckets=(Bucket(rate=10, burst=300, each=True),))
_COMMENTS = Limits(buckets=(Bucket(rate=1, burst=20), Bucket(rate=0.1, burst=140)), certain=True)
_TOKENS = Limits(buckets=(Bucket(rate=0.4, burst=500),), certain=True)
# Seconds, where GitHub's hint can't be read.
DEFAULT_WAIT = 60.0
MAX_WAIT = 86400.0
MAX_OUTAGE = 300.0
_WORDS = ("rate limit", "abuse", "submitted too quickly")
# What may stand in an endpoint's name: nothing that there are many of.
_KNOWN = frozenset(
    {"access_tokens", "annotations", "app", "check-runs", "comments", "commits", "deployments", "installation"}
    | {"installations", "issues", "orgs", "pulls", "rate_limit", "repos", "repositories", "statuses", "user", "users"}
)


class Budget(NamedTuple):
    """What calls of one kind take from: the client's quota, and besides it one that holds for that kind alone."""

    core: Quota
    narrow: Quota | None = None

    def check(self, method: str, path: str, *, final: bool) -> None:
        """Raises Throttled where the call would have to wait."""
        core, narrow = _costs(method, path, final)
        self.core.check(core)
        if self.narrow and narrow:
            self.narrow.check(narrow)

    def take(self, method: str, path: str, *, final: bool) -> None:
        """Raises Throttled, and takes nothing, where the call has to wait."""
        self.check(method, path, final=final)
        core, narrow = _costs(method, path, final)
        self.core.take(core)
        if self.narrow and narrow:
            self.narrow.take(narrow)

    @contextmanager
    def held(self, method: str, path: str, *, final: bool) -> Iterator[None]:
        """As `check`, and what the call costs is kept for it while the block lasts."""
        core, narrow = _costs(method, path, final)
        with self.core.held(core), self.narrow.held(narrow) if self.narrow and narrow else nullcontext():
            yield

    def learn(self, response: Response) -> None:
        """What every answer may tell. An outage that says how long it lasts is waited out by all."""
        if response.status >= 500 and (after := asked_to_wait(response)):
            self.core.block(min(after, MAX_OUTAGE))
        if (left := remaining(response)) is not None:
            limit = whole(response.headers.get("x-ratelimit-limit"))
            self.core.learn(limit=limit, remaining=left, reset_in=until_reset(response))

    def refused(self, response: Response, method: str, path: str, *, final: bool) -> Throttled:
        """Nothing goes for a while; what is learnt of a limit that GitHub does not tell is learnt for that kind."""
        core, narrow = _costs(method, path, final)
        after = asked_to_wait(response)
        if after is None and remaining(response) == 0:
            wait = until_reset(response)
            self.core.block(wait)
        elif self.narrow and narrow:
            wait = self.narrow.penalise(after)
            self.core.block(wait)
        else:
            wait = self.core.penalise(after)
        return Throttled(f"GitHub asked to wait {wait:.0f} s ({response.status})", wait, at=self.core.at(core))


def app_budget(quota: Callable[[str, Limits], Quota], *, tokens: bool) -> Budget:
    """For what an App signs itself; `tokens`: it asks for one."""
    return Budget(quota(APP, _CORE), quota(f"{APP}'s tokens", _TOKENS) if tokens else None)


def budget(quota: Callable[[str, Limits], Quota], account: str, *, comments: bool) -> Budget:
    scope = account.lower()
    return Budget(quota(scope, _CORE), quota(f"{scope} comments", _COMMENTS) if comments else None)


def _costs(method: str, path: str, final: bool) -> tuple[Cost, Cost | None]:
    """Of the client's points, and of what is counted besides: one for each write."""
    if method in ("GET", "HEAD"):
        return Cost(points=1, final=final, endpoint=_endpoint(method, path)), None
    core = Cost(points=5, write=True, final=final, endpoint=_endpoint(method, path))
    return core, Cost(points=1, write=True, final=final)


def _endpoint(method: str, path: str) -> str:
    """Such as "POST repos * * check-runs"."""
    words = path.partition("?")[0].split("/")[1:]
    return " ".join([method, *(word if word in _KNOWN else "*" for word in words[:8])])


def asked_to_wait(response: Response) -> float | None:
    """The seconds of a Retry-After, from 1 to a day; None where there is none."""
    text = response.headers.get("retry-after")
    if not text:
        return None
    try:
        return min(MAX_WAIT, max(1.0, float(text)))
    except ValueError:
        return DEFAULT_WAIT


def limited(response: Response, words: str) -> bool:
    """Whether the answer is a refusal because of a limit. `words` are GitHub's."""
    if response.status == 429:
        return True
    if response.status == 422:
        return "submitted too quickly" in words.lower()
    if response.status != 403:
        return False
    by_header = "retry-after" in response.headers or remaining(response) == 0
    return by_header or any(each in words.lower() for each in _WORDS)


def remaining(response: Response) -> int | None:
    return whole(response.headers.get("x-ratelimit-remaining"))


def until_reset(response: Response) -> float:
    """Seconds. GitHub's clock and ours may differ: its own Date header says what now is."""
    try:
        reset = float(response.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return DEFAULT_WAIT
    return min(MAX_WAIT, max(1.0, reset - _date(response) + 1.0))


def _date(response: Response) -> float:
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return time.time()


def whole(text: str | None) -> int | None:
    return int(text) if text and len(text) <= 15 and text.isdecimal() else None
