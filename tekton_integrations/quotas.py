"""All quotas of one integration: by Provider, and by scope. They outlive the calls, and what matters of them outlives
the process: it is kept in the Providers' status (allowances.py).
"""

import time
from collections.abc import Callable, Iterable, Mapping

from tekton_integrations import metrics
from tekton_integrations.allowance import Allowance
from tekton_integrations.learning import HEALTHY
from tekton_integrations.limits import Limits
from tekton_integrations.provider import Provider
from tekton_integrations.quota import Quota

# Of one Provider. Scopes are named by what runs ask for, so their number is bounded: what is at rest is dropped,
# else the oldest.
MANY = 1000
# Of one Provider, in its status: the object must stay small.
TOLD = 100


class Quotas:
    """`news` is called when others should know soon."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self.news: Callable[[], None] = _nothing
        self._clock = clock
        self._wall = wall
        self._quotas: dict[str, dict[str, Quota]] = {}
        # What was known when our turn began, of scopes that have not been asked for since.
        self._known: dict[str, dict[str, Allowance]] = {}

    def begin(self, known: Mapping[str, Iterable[Allowance]]) -> None:
        """Our turn begins: what a former holder knew, by the Provider's uid, takes the place of what we did."""
        self._quotas = {}
        self._known = {uid: {each.scope: each for each in allowances} for uid, allowances in known.items()}

    def forget(self, uid: str) -> None:
        """The Provider was deleted."""
        self._quotas.pop(uid, None)
        self._known.pop(uid, None)

    def get(self, provider: Provider, scope: str, limits: Limits) -> Quota:
        """That of the scope, made when it is first asked for."""
        quotas = self._quotas.setdefault(provider.uid, {})
        return quotas.get(scope) or self._make(provider.uid, quotas, scope, limits)

    def of(self, uid: str) -> Mapping[str, Quota]:
        """By scope."""
        return self._quotas.get(uid, {})

    def allowances(self, uid: str, now: float) -> tuple[Allowance, ...]:
        """What is worth telling of one Provider, the gravest first. `now`: seconds since the epoch."""
        states = [quota.state(scope) for scope, quota in self._quotas.get(uid, {}).items()]
        waiting = [each for each in self._known.get(uid, {}).values() if _holds(each, now)]
        told = sorted([state for state in states if state is not None] + waiting, key=_gravity)
        return tuple(sorted(told[:TOLD], key=lambda each: each.scope))

    def measure(self, integration: str, *, working: bool) -> None:
        """Tells the gauges when the last block ends and how little is left; nothing of a former turn."""
        quotas = [quota for each in self._quotas.values() for quota in each.values()] if working else []
        blocked = max((quota.blocked_for for quota in quotas), default=0.0)
        metrics.throttled_until.labels(integration).set(self._wall() + blocked if blocked else 0.0)
        metrics.quota_left.labels(integration).set(min(map(_left, quotas), default=1.0))

    def _make(self, uid: str, quotas: dict[str, Quota], scope: str, limits: Limits) -> Quota:
        if len(quotas) >= MANY:
            idle = [name for name, quota in quotas.items() if quota.state(name) is None]
            for name in idle or list(quotas)[: MANY // 10]:
                del quotas[name]
        quota = quotas[scope] = Quota(limits, self._clock, self._wall)
        if known := self._known.get(uid, {}).pop(scope, None):
            quota.restore(known)
        quota.news = self._tell
        return quota

    def _tell(self) -> None:
        self.news()


def _holds(known: Allowance, now: float) -> bool:
    """Whether it still says something, though nobody has asked for the scope."""
    times = (known.blocked_until, known.reset_time, known.full_time)
    slow = known.refused_time is not None and now - known.refused_time < HEALTHY
    return slow or any(time is not None and time > now for time in times)


def _left(quota: Quota) -> float:
    """Of the service's own count; 1.0 when it keeps none, or when all are there again."""
    if not quota.reset or not quota.limit or quota.remaining is None:
        return 1.0
    return quota.remaining / quota.limit


def _gravity(known: Allowance) -> tuple[float, float, float]:
    """Least first: blocked for the longest, slowest, least left."""
    left = known.remaining / known.limit if known.limit and known.remaining is not None else 1.0
    return -(known.blocked_until or 0.0), known.writes_per_second or 1e9, left


def _nothing() -> None:
    """Nobody wants to know."""
