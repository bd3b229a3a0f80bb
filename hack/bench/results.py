"""What is measured, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass

from .bare import Used
from .cold import Start
from .judge import Verdict
from .start import results as start

# Runs before each measurement: they open connections, fetch a token and fill caches.
WARM_UP = 20


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """`runs` at saturation; `seconds` at `rate` reports per second; `starts` of the process; `rounds` of these but the
    starts. `passed` runs come, end and are pruned; `many` are in the cluster at a start, `idle` seconds after which the
    memory is looked at again.

    A round has 1,000 runs as it is, and as many for kopf. The bare loop is driven half as long.
    """

    rounds: int = 3
    runs: int = 630
    seconds: int = 14
    rate: int = 50
    starts: int = 5
    passed: int = 20_000
    many: int = 50_000
    idle: int = 60

    @property
    def paced_runs(self) -> int:
        return self.seconds * self.rate // 2

    @property
    def all_runs(self) -> int:
        """Of one round."""
        return WARM_UP + self.runs + self.paced_runs

    @property
    def crowd(self) -> start.Sizes:
        """Of one start with many runs."""
        return start.Sizes(runs=self.many, namespaces=max(1, min(100, self.many // 50)), rounds=1, idle=self.idle)


QUICK = Sizes(rounds=1, runs=200, seconds=6, starts=2, passed=500, many=2000, idle=10)


@dataclass(frozen=True, kw_only=True)
class Phase:
    """`reports`: states that GitHub accepted; `cpu` seconds of the controller, and of the `apiserver` for all
    who ask it. `seconds`: between first and last call.

    `behind`: seconds from the last write of the driver to the last call.
    """

    reports: int
    cpu: float
    apiserver: float
    seconds: float
    behind: float

    @property
    def each(self) -> float:
        """Milliseconds of CPU per report."""
        return 1000 * self.cpu / max(1, self.reports)

    @property
    def rate(self) -> float:
        return self.reports / self.seconds if self.seconds else 0.0

    def __add__(self, other: "Phase") -> "Phase":
        return Phase(
            reports=self.reports + other.reports,
            cpu=self.cpu + other.cpu,
            apiserver=self.apiserver + other.apiserver,
            seconds=self.seconds + other.seconds,
            behind=other.behind,
        )


@dataclass(frozen=True, kw_only=True)
class Delays:
    """Milliseconds until the call, sorted: of runs' first reports, and of their ends."""

    first: Sequence[float]
    final: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Of all `runs` of a round. `calls` about check runs, `token_calls` for access to the repository; `lists` of what
    is below a run."""

    runs: int
    check_runs: int
    calls: int
    token_calls: int
    record_writes: int
    kube_events: int
    lists: int


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The controller in one round. Memory in MiB. Delays `arrived`: from the witness's sight of the change; `written`:
    from the driver's sending of the write."""

    idle_rss: float
    rss: float
    creating: Phase
    concluding: Phase
    steady: Phase
    arrived: Delays
    written: Delays
    counts: Counts
    verdict: Verdict

    @property
    def saturated(self) -> Phase:
        return self.creating + self.concluding


@dataclass(frozen=True, kw_only=True)
class Kopf:
    """The operator of kopf in one round, with as many reports. Memory in MiB, at its end."""

    saturated: Phase
    steady: Phase
    rss: float
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Passed:
    """`rss`: MiB after each batch of the runs that passed through."""

    runs: int
    rss: Sequence[float]
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Round:
    """`load`: the machine's load average when it ended. `others`: processors that strangers kept busy meanwhile.

    `loop`: ms of CPU for a fixed loop, see machine.py. `apiserver_alone`: CPU seconds of kube-apiserver for the steady
    load without a controller.
    """

    load: float
    others: float
    loop: float
    ours: Measured
    bare: Used
    bare_with_events: Used
    bare_steady: Used
    apiserver_alone: float
    kopf: Kopf

    @property
    def apiserver(self) -> float:
        """Seconds of kube-apiserver's CPU that the controller cost in the steady phase."""
        return self.ours.steady.apiserver - self.apiserver_alone


@dataclass(frozen=True, kw_only=True)
class Results:
    sizes: Sizes
    starts: Sequence[Start]
    rounds: Sequence[Round]
    passed: Passed
    many: start.Results

    @property
    def verdict(self) -> Verdict:
        """Of ours alone: that of kopf is a figure."""
        found = [*(each.ours.verdict for each in self.rounds), self.passed.verdict]
        return Verdict(sum(each.lost for each in found), sum(each.doubled for each in found))

    @property
    def failures(self) -> list[str]:
        lost, doubled = self.verdict
        return [*([f"{lost} runs lost, {doubled} doubled"] if lost or doubled else []), *self.many.failures]
