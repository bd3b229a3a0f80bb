"""How many runs each Notification matched, how many of them were reported, and why others were not: each run once."""

from collections import Counter

# So many runs are told apart, over all Notifications; of those that were seen first it is forgotten first.
LIMIT = 100_000
REPORTED = "reported"
MATCHED = "matched"


class Tally:
    """Of one Notification, since this process sees it."""

    def __init__(self) -> None:
        self.matched = 0
        self.reported = 0
        self.suppressed: Counter[str] = Counter()


class Tallies:
    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._tallies: dict[str, Tally] = {}
        # By the hash of a run's uid and a Notification: what came of it.
        self._outcomes: dict[int, str] = {}
        # The Notifications whose tally is new since this was emptied.
        self.changed: set[str] = set()

    def of(self, path: str) -> Tally:
        return self._tallies.setdefault(path, Tally())

    def note(self, path: str, uid: str, outcome: str) -> bool:
        """`outcome`: MATCHED, REPORTED, or the reason why the run is not reported. Tells whether that is new."""
        key = hash((path, uid))
        before = self._outcomes.get(key)
        if before == outcome or (before == REPORTED and outcome == MATCHED):
            return False
        tally = self.of(path)
        self.changed.add(path)
        if before is None:
            tally.matched += 1
        elif before not in (MATCHED, REPORTED):
            tally.suppressed[before] -= 1
        if outcome == REPORTED:
            tally.reported += 1
        elif outcome != MATCHED:
            tally.suppressed[outcome] += 1
        self._outcomes[key] = outcome
        if len(self._outcomes) > self._limit:
            del self._outcomes[next(iter(self._outcomes))]
        return True

    def forget(self, path: str) -> None:
        self._tallies.pop(path, None)
