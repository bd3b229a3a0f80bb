"""The benchmark counts what GitHub accepted, and hides nothing that it measured."""

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest

from hack.bench.bench import measured
from hack.bench.driver import Moment
from hack.bench.figures import Figure, groups
from hack.bench.judge import Verdict, judged, milliseconds, percentile, shown
from hack.bench.load import Load
from hack.bench.lookalike import CheckRun, Shown
from hack.bench.report import rendered
from hack.bench.results import WARM_UP, Results, Sizes
from hack.testbed import TestBed

SIZES = Sizes(rounds=1, runs=20, seconds=2, rate=20, starts=1)
PROGRESS, SUCCESS = Shown(1.0, "in_progress"), Shown(2.0, "completed", "success")


@pytest.fixture(scope="module")
async def results(bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> Results:
    return await measured(bed, SIZES, tmp_path_factory.mktemp("bench"))


def test_each_state_of_each_run_is_counted_once(results: Results) -> None:
    [one] = results.rounds
    assert results.verdict == Verdict(lost=0, doubled=0)
    assert one.ours.creating.reports == one.ours.concluding.reports == SIZES.runs
    assert one.ours.steady.reports == 2 * SIZES.paced_runs
    assert one.bare.reports == one.bare_with_events.reports == SIZES.runs
    assert one.bare_steady.reports == SIZES.paced_runs
    counts = one.ours.counts
    assert counts.runs == counts.check_runs == SIZES.all_runs == WARM_UP + 40
    assert counts.calls == 2 * counts.runs
    assert 2 * counts.runs <= counts.record_writes <= 3 * counts.runs
    assert 1 * counts.runs <= counts.kube_events <= 2 * counts.runs
    # For what goes on or has ended; those at saturation are queued first.
    assert 1 * counts.runs <= counts.lists <= 2 * counts.runs - SIZES.runs


def test_all_that_uses_cpu_time_and_memory_shows(results: Results) -> None:
    [one] = results.rounds
    ours = one.ours
    phases = (ours.creating, ours.concluding, ours.steady)
    assert all(phase.cpu > 0 and phase.seconds > 0 for phase in phases)
    assert all(bare.cpu > 0 for bare in (one.bare, one.bare_with_events, one.bare_steady))
    for delays in (ours.arrived, ours.written):
        assert len(delays.first) == len(delays.final) == SIZES.paced_runs
    # Nothing reaches GitHub before the API server was told.
    assert min(ours.written.first[0], ours.written.final[0]) > 0
    assert one.loop > 0
    [start] = results.starts
    assert 0 < start.imports < 10
    assert 0 < start.ready < 60
    assert 10 < start.rss < ours.rss + 10


def test_the_table_has_every_figure_with_its_target_and_a_verdict(results: Results) -> None:
    text = rendered(results, connections=64)
    assert max(map(len, text.splitlines())) <= 80
    for _, figures in groups(results):
        for figure in figures:
            assert f"  {figure.name:<33}{figure.median:>8.{figure.digits}f} " in text
    targets = [line for line in text.splitlines() if "<=" in line]
    assert len(targets) == sum(len(figure.targets) for _, figures in groups(results) for figure in figures) == 20
    assert all(re.search(r"<= [\d.]+  (PASS|short [\d.]+)$", line) for line in targets)


def test_a_run_without_a_final_check_is_lost_and_one_that_was_told_twice_is_doubled() -> None:
    checks = [
        CheckRun("fine", [PROGRESS, SUCCESS]),
        CheckRun("open", [PROGRESS]),
        CheckRun("twins", [PROGRESS]),
        CheckRun("twins", [PROGRESS, SUCCESS]),
        CheckRun("repeated", [PROGRESS, SUCCESS, SUCCESS]),
        CheckRun("somebody else's", [PROGRESS]),
    ]
    assert judged(["fine"], checks) == Verdict(lost=0, doubled=0)
    assert judged(["fine", "open", "absent"], checks) == Verdict(lost=2, doubled=0)
    assert judged(["fine", "twins", "repeated"], checks) == Verdict(lost=0, doubled=2)


def test_a_delay_counts_from_the_change_to_the_first_call_that_shows_it() -> None:
    until = shown([CheckRun("a", [PROGRESS, SUCCESS]), CheckRun("b", [PROGRESS])])
    since = {Moment("a", False): 0.5, Moment("a", True): 1.75, Moment("b", True): 0.0}
    assert milliseconds(since, until, final=False) == [500.0]
    assert milliseconds(since, until, final=True) == [250.0]


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_a_percentile_is_a_value_that_was_measured(percent: int, value: int) -> None:
    assert percentile(range(1, 101), percent) == value
    assert percentile([7.0], percent) == 7.0


@pytest.mark.parametrize(
    ("values", "verdict"), [((0.9, 1.0, 3.0), "PASS"), ((1.004,), "PASS"), ((1.2, 1.3, 1.3), "short 0.30")]
)
def test_the_median_is_judged_as_it_is_shown(values: Sequence[float], verdict: str) -> None:
    assert Figure(name="", values=values).verdict(1.0) == verdict


def test_the_load_is_even_and_its_reports_fall_between_each_other() -> None:
    writes = Load("default", "acme/api", "x", 100).paced(50)
    reports = [write.at for write in writes if write.moment]
    middle = reports[60:140]
    gaps = [after - before for before, after in pairwise(middle)]
    assert gaps == pytest.approx([0.02] * len(gaps), abs=1e-6)
