"""The figures that others compare, each under one key: build/bench.json."""

from collections.abc import Callable
from statistics import median
from typing import Any

from .judge import percentile
from .results import Kopf, Measured, Results, Round


def summary(results: Results) -> dict[str, Any]:
    """Medians of rounds or starts, by the targets' names; what each is: docs/bench.md."""

    def mid(value: Callable[[Round], float]) -> float:
        return _rounded([value(each) for each in results.rounds])

    def mine(value: Callable[[Measured], float]) -> float:
        return mid(lambda each: value(each.ours))

    many = results.many.rounds
    return {
        "cpu_ms_per_report_50": mine(lambda each: each.steady.each),
        "cpu_ms_per_report_saturated": mine(lambda each: each.saturated.each),
        "floor_ratio": mid(lambda each: each.ours.saturated.each / each.bare_with_events.each),
        "latency_ms_p50": mine(lambda each: percentile(each.arrived.final, 50)),
        "latency_ms_p99": mine(lambda each: percentile(each.arrived.final, 99)),
        "latency_first_ms_p50": mine(lambda each: percentile(each.arrived.first, 50)),
        "latency_first_ms_p99": mine(lambda each: percentile(each.arrived.first, 99)),
        "reports_per_s": mine(lambda each: each.saturated.rate),
        "rss_mib_idle": _rounded([each.rss for each in results.starts]),
        "rss_mib_50k": _rounded([each.started.rss for each in many]),
        "rss_mib_after_20k": _rounded([results.passed.rss[-1]]),
        "start_s": _rounded([each.ready for each in results.starts]),
        "start_50k_ratio": _rounded([each.started.ready / each.bare for each in many]),
        "record_writes_per_run": mine(lambda each: each.counts.record_writes / each.counts.runs),
        "github_calls_per_run": mine(lambda each: each.counts.calls / each.counts.runs),
        "apiserver_cpu_ms_per_run": mid(lambda each: 1000 * each.apiserver / results.sizes.paced_runs),
        "kopf": _kopf([each.kopf for each in results.rounds]),
    }


def _kopf(rounds: list[Kopf]) -> dict[str, float]:
    return {
        "cpu_ms_per_report_50": _rounded([each.steady.each for each in rounds]),
        "cpu_ms_per_report_saturated": _rounded([each.saturated.each for each in rounds]),
        "reports_per_s": _rounded([each.saturated.rate for each in rounds]),
        "rss_mib": _rounded([each.rss for each in rounds]),
        "lost": sum(each.verdict.lost for each in rounds),
        "doubled": sum(each.verdict.doubled for each in rounds),
    }


def _rounded(values: list[float]) -> float:
    return round(median(values), 3)
