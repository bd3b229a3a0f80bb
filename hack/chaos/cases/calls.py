"""Services that refuse, fail, hang, or do late what they were asked."""

from collections.abc import Callable, Sequence

from hack.chaos.acts import Act, Script
from hack.chaos.cases.case import Case


def _weather(name: str, begin: float, seconds: float | None) -> Callable[[Script], Sequence[Act]]:
    """Of all services, from `begin` on (a part of the span), for so many seconds or until all runs have ended."""

    def disturb(script: Script) -> Sequence[Act]:
        at = begin * script.span
        end = script.over + 1 if seconds is None else at + seconds
        return [Act(at=at, do="weather", value=name), Act(at=end, do="weather", value="fair")]

    return disturb


def _down(script: Script) -> Sequence[Act]:
    at = 0.3 * script.span
    return [Act(at=at, do="refuse", on="services"), Act(at=at + 45, do="listen", on="services")]


CASES = (
    Case(name="errors", title="10 % of calls 429 or 5xx", disturb=_weather("storm", 0, None)),
    Case(
        name="limit",
        title="403 rate limit for 5 s, runs x 5",
        disturb=_weather("limit", 0.3, 5),
        more=5,
        rate=100 / 3,
    ),
    Case(name="hang", title="calls that hang 11 s", disturb=_weather("hang", 0.2, 6)),
    Case(name="late", title="writes that land 20 s late", disturb=_weather("late", 0.2, 6)),
    Case(name="down", title="all services down for 45 s", disturb=_down),
)
