"""What may be closed for a while (a quota, a host that is down), as a queue sees it; and how long one waits at most."""

import math
import random
from collections.abc import Callable
from typing import Protocol

# Seconds. No wait is longer, whatever a service says: what is wrong with it may be mended meanwhile.
MAX_DELAY = 86400.0
# Seconds, for a wait of which nothing can be told (NaN).
UNKNOWN_DELAY = 60.0


class Opening(Protocol):
    """Asked, never slept on. Its answers hold for now only: whoever is let go asks it again and may be refused."""

    def wait(self) -> float:
        """Seconds until somebody may go; 0 when somebody may go now."""
        ...

    def openings(self) -> int:
        """How many may go now: at least 1 when `wait()` is 0, else 0."""
        ...

    def on_open(self, callback: Callable[[], None]) -> None:
        """Calls it once, when somebody may go before `wait()` said so."""
        ...


def bounded(seconds: float) -> float:
    """A wait from outside, made usable: from 0 to a day."""
    return UNKNOWN_DELAY if math.isnan(seconds) else min(MAX_DELAY, max(0.0, seconds))


def backoff(failures: int, *, base: float = 1.0, ceiling: float = 300.0) -> float:
    """Seconds before the next try: doubling from `base` up to `ceiling`, spread by half."""
    delay: float = min(ceiling, base * 2 ** min(failures - 1, 30))
    return delay * random.uniform(0.5, 1.0)  # noqa: S311  (jitter, not a secret)
