"""How long, how fast, and how many of each."""

from dataclasses import dataclass

# Changes of a run's state: it is there, it runs, it has ended.
TRANSITIONS = 3


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """`rate` in transitions per second. Times in seconds, but for `minutes`: `restart` between two ends of the
    controller; `kept` from a run's end to its deletion, which has to be more than a call in doubt takes to be repaired;
    `rest` before and after the load, in which nothing happens; `sample` between two looks; `patience`
    for which a run is kept longer while it is not shown rightly, which nobody does in life. `steady`: the part of the
    load, at its end, in which the controller is not ended. `speed`: runs take three seconds at 1, as they were
    recorded.
    """

    minutes: float = 60.0
    rate: float = 20.0
    restart: float = 150.0
    steady: float = 0.5
    kept: float = 90.0
    rest: float = 30.0
    sample: float = 5.0
    speed: float = 0.3
    patience: float = 0.0

    @property
    def seconds(self) -> float:
        return 60 * self.minutes

    @property
    def runs(self) -> int:
        return round(self.seconds * self.rate / TRANSITIONS)

    @property
    def between(self) -> float:
        """Seconds from the creation of one run to that of the next."""
        return TRANSITIONS / self.rate


HELPS = {
    "minutes": "length of the load",
    "rate": "transitions per second: a run is created, begins, ends",
    "restart": "seconds from one end of the controller to the next, by SIGTERM and by kill -9 in turn",
    "steady": "part of the load, at its end, in which the controller is not ended",
    "kept": "seconds from a run's end to its deletion",
    "rest": "seconds before and after the load, in which nothing happens",
    "sample": "seconds between two looks",
    "speed": "of the runs: at 1 they take three seconds",
    "patience": "seconds for which a run is kept longer while it is not shown rightly",
}
