"""What is known of one scope's limits at a service, in wall-clock terms: as it stands in a Provider's status, so that
whoever takes over starts from it. quota.py makes it and goes on from it.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

# Differences that are not worth telling: seconds of a block, of a reset, of the buckets; parts of a limit, of a pace.
_BLOCK, _RESET, _FULL = 2.0, 5.0, 60.0
_LEFT, _RATE = 0.05, 0.1


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """Times are seconds since the epoch; None where there is nothing to say.

    `limit`, `remaining`, `reset_time`: the service's own count of calls. `blocked_until`: no call is made before.
    `writes_per_second`, `refused_time`: the pace that was learnt, and when the service refused last.
    `full_time`: when the buckets will be full, if nobody calls.
    """

    scope: str
    limit: int | None = None
    remaining: int | None = None
    reset_time: float | None = None
    blocked_until: float | None = None
    writes_per_second: float | None = None
    refused_time: float | None = None
    full_time: float | None = None


class _Written(msgspec.Struct, rename="camel", omit_defaults=True):
    scope: str
    limit: int | None = None
    remaining: int | None = None
    reset_time: datetime | None = None
    blocked_until: datetime | None = None
    writes_per_second: float | None = None
    refused_time: datetime | None = None
    full_time: datetime | None = None


class _Status(msgspec.Struct):
    allowances: list[_Written] = []


_TIMES = ("reset_time", "blocked_until", "refused_time", "full_time")


def decode_allowances(status: msgspec.Raw) -> tuple[Allowance, ...]:
    """From a Provider's status. What can't be read counts as nothing: it only saves a refusal or two."""
    try:
        written = msgspec.json.decode(status, type=_Status).allowances
    except msgspec.DecodeError:
        return ()
    return tuple(_read(each) for each in written)


def encode_allowances(allowances: Iterable[Allowance]) -> list[dict[str, Any]]:
    """As it stands in a Provider's status. Times are rounded up: nobody is to be early by them."""
    return [msgspec.to_builtins(_write(each)) for each in allowances]


def graver(told: Sequence[Allowance], known: Sequence[Allowance], now: float) -> bool:
    """Whether who knows only what was told might make a call that is known to be wrong. `now`: as all times here."""
    before = {each.scope: each for each in told}
    return any(_graver(before.get(each.scope, Allowance(scope=each.scope)), each, now) for each in known)


def _graver(before: Allowance, after: Allowance, now: float) -> bool:
    blocked = (after.blocked_until or now) > max(now, before.blocked_until or now) + _BLOCK
    rate = after.writes_per_second
    return blocked or (rate is not None and rate < (before.writes_per_second or math.inf) * (1 - _RATE))


def differ(told: Sequence[Allowance], known: Sequence[Allowance], now: float) -> bool:
    """Whether somebody should be told some time."""
    before = {each.scope: each for each in told}
    if before.keys() != {each.scope for each in known}:
        return True
    return any(_news(before[each.scope], each, now) for each in known)


def _news(before: Allowance, after: Allowance, now: float) -> bool:
    """Whether it has changed by more than is worth a write."""
    return (
        (before.limit, before.blocked_until is None) != (after.limit, after.blocked_until is None)
        or _far(before.remaining or 0, after.remaining or 0, _LEFT * (after.limit or 0))
        or _far(before.writes_per_second or 0, after.writes_per_second or 0, _RATE * (after.writes_per_second or 0))
        or _apart(before.reset_time, after.reset_time, now) > _RESET
        or _apart(before.blocked_until, after.blocked_until, now) > _BLOCK
        or _apart(before.full_time, after.full_time, now) > _FULL
    )


def _far(before: float, after: float, nearly: float) -> bool:
    return abs(before - after) > nearly


def _apart(before: float | None, after: float | None, now: float) -> float:
    """Seconds. What has passed is as good as nothing."""
    return abs(max(now, before or now) - max(now, after or now))


def _read(written: _Written) -> Allowance:
    fields = msgspec.structs.asdict(written)
    times = {name: fields[name].timestamp() for name in _TIMES if fields[name] is not None}
    return Allowance(**(fields | times))


def _write(allowance: Allowance) -> _Written:
    fields = msgspec.structs.asdict(allowance)
    times = {name: _moment(fields[name]) for name in _TIMES if fields[name] is not None}
    return _Written(**(fields | times))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(math.ceil(seconds), UTC)
