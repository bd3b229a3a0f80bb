"""Which figures there are, each with its target from TARGETS.md: the first one, and the one for later."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from .judge import percentile
from .results import Delays, Results, Round


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Values of all rounds, or of all starts. Without a target it only informs."""

    name: str
    values: Sequence[float]
    targets: Sequence[float] = ()
    digits: int = 2

    @property
    def median(self) -> float:
        return median(self.values)

    def verdict(self, target: float) -> str:
        # What is shown is compared, so that no row reads "short by 0.00".
        short = round(self.median, self.digits) - target
        return "PASS" if short <= 0 else f"short {short:.{self.digits}f}"


Group = tuple[str, list[Figure]]


def groups(results: Results) -> Iterator[Group]:
    yield "CPU of the controller's process, ms per report", list(_cpu(results))
    yield f"Latency at {results.sizes.rate}/s, ms from the change's arrival to the call", list(_arrived(results))
    yield "  upper bound: from the sending of the change to the API server", list(_written(results))
    yield "Start and memory, configured as in a pod", list(_process(results))
    yield "Per run with a first report and an end", list(_counts(results))
    yield "The same job written with kopf (hack/bench/kopf/checks.py)", list(_kopf(results))


def _cpu(results: Results) -> Iterator[Figure]:
    def each(name: str, value: Callable[[Round], float], *targets: float) -> Figure:
        return Figure(name=name, values=[value(each) for each in results.rounds], targets=targets)

    rate = f"{results.sizes.rate}/s"
    yield each(f"at {rate}", lambda r: r.ours.steady.each, 1.45, 1.0)
    yield each("  bare loop, with Events", lambda r: r.bare_steady.each)
    yield each("  ours / bare, with Events", lambda r: r.ours.steady.each / r.bare_steady.each)
    yield each("at saturation", lambda r: r.ours.saturated.each, 1.0, 0.7)
    yield each("  a run's first report", lambda r: r.ours.creating.each)
    yield each("  its end", lambda r: r.ours.concluding.each)
    yield each("  bare loop", lambda r: r.bare.each)
    yield each("  ours / bare", lambda r: r.ours.saturated.each / r.bare.each)
    yield each("  bare loop, with Events", lambda r: r.bare_with_events.each)
    yield each("  ours / bare, with Events", lambda r: r.ours.saturated.each / r.bare_with_events.each, 1.5)
    yield each("  reports/s", lambda r: r.ours.saturated.rate)
    yield each("  s behind the driver at its end", lambda r: r.ours.concluding.behind)


def _arrived(results: Results) -> Iterator[Figure]:
    delays = [each.ours.arrived for each in results.rounds]
    yield _percentile("end of a run, p50", delays, 50, final=True, targets=(2.5, 1.5))
    yield _percentile("end of a run, p99", delays, 99, final=True, targets=(15, 5))
    yield _percentile("first report, p50", delays, 50, final=False, targets=(8,))
    yield _percentile("first report, p99", delays, 99, final=False, targets=(30,))


def _written(results: Results) -> Iterator[Figure]:
    delays = [each.ours.written for each in results.rounds]
    for final, name in ((True, "end of a run"), (False, "first report")):
        for percent in (50, 99):
            yield _percentile(f"{name}, p{percent}", delays, percent, final=final)


def _percentile(
    name: str, rounds: Sequence[Delays], percent: int, *, final: bool, targets: Sequence[float] = ()
) -> Figure:
    chosen = [each.final if final else each.first for each in rounds]
    values = [percentile(each, percent) for each in chosen]
    return Figure(name=name, values=values, targets=targets, digits=1)


def _process(results: Results) -> Iterator[Figure]:
    starts, rounds = results.starts, [each.ours for each in results.rounds]
    yield Figure(name="start to /readyz, s", values=[each.ready for each in starts], targets=(0.6,))
    yield Figure(name="  imports, s", values=[each.imports for each in starts])
    yield Figure(name="  uvloop loaded", values=[each.uvloop for each in starts], digits=0)
    yield Figure(name="RSS, nothing cached, MiB", values=[each.rss for each in starts], targets=(60,), digits=1)
    name = f"RSS after {results.sizes.all_runs} runs, MiB"
    yield Figure(name=name, values=[each.rss for each in rounds], targets=(60,), digits=1)
    passed, many = results.passed, results.many.rounds
    yield Figure(name="RSS, the first batch passed, MiB", values=passed.rss[:1], digits=1)
    yield Figure(name=f"RSS, {passed.runs} have passed, MiB", values=passed.rss[-1:], targets=(60,), digits=1)
    crowd = f"{results.sizes.many} runs"
    yield Figure(name=f"RSS, {crowd} there, MiB", values=[each.started.rss for each in many], targets=(120,), digits=1)
    yield Figure(name=f"start with {crowd}, s", values=[each.started.ready for each in many])
    yield Figure(
        name="  start / bare read of them", values=[each.started.ready / each.bare for each in many], targets=(1.3,)
    )


def _counts(results: Results) -> Iterator[Figure]:
    counts = [each.ours.counts for each in results.rounds]

    def each(name: str, values: Sequence[int], *targets: float) -> Figure:
        per_run = [value / count.runs for value, count in zip(values, counts, strict=True)]
        return Figure(name=name, values=per_run, targets=targets)

    yield each("check runs", [each.check_runs for each in counts], 1)
    yield each("calls to GitHub about them", [each.calls for each in counts], 2)
    yield each("calls to GitHub for tokens", [each.token_calls for each in counts])
    yield each("record writes", [each.record_writes for each in counts], 3)
    yield each("Events", [each.kube_events for each in counts], 2)
    yield each("lists of its TaskRuns", [each.lists for each in counts])
    apiserver = [1000 * each.apiserver / results.sizes.paced_runs for each in results.rounds]
    yield Figure(name="kube-apiserver's CPU for it, ms", values=apiserver)
    verdicts = [*(each.ours.verdict for each in results.rounds), results.passed.verdict]
    yield Figure(name="runs lost", values=[each.lost for each in verdicts], targets=(0,), digits=0)
    yield Figure(name="runs doubled", values=[each.doubled for each in verdicts], targets=(0,), digits=0)


def _kopf(results: Results) -> Iterator[Figure]:
    rounds = [each.kopf for each in results.rounds]
    yield Figure(name=f"ms per report at {results.sizes.rate}/s", values=[each.steady.each for each in rounds])
    yield Figure(name="  at saturation", values=[each.saturated.each for each in rounds])
    yield Figure(name="reports/s", values=[each.saturated.rate for each in rounds])
    yield Figure(name="RSS after as many runs, MiB", values=[each.rss for each in rounds], digits=1)
    yield Figure(name="runs lost", values=[each.verdict.lost for each in rounds], digits=0)
    yield Figure(name="runs doubled", values=[each.verdict.doubled for each in rounds], digits=0)
