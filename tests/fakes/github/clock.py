"""Wall time that a test may push forward. Faults do not use it: their timers are the event loop's."""

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """`source` may be virtual: seconds since 1970, or since whenever."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return self._source() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


def timestamp(seconds: float) -> str:
    """As GitHub writes times: whole seconds, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    """Raises ValueError for what is no ISO 8601 time."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
