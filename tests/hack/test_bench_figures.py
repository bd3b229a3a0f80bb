"""What the benchmark makes of what it saw: verdicts, delays, percentiles, and an even load."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest

from hack.bench.command import Command
from hack.bench.driver import Moment
from hack.bench.figures import Figure
from hack.bench.judge import Verdict, judged, milliseconds, percentile, shown
from hack.bench.load import Load
from hack.bench.lookalike import CheckRun, Shown

PROGRESS, SUCCESS = Shown(1.0, "in_progress"), Shown(2.0, "completed", "success")


@dataclass(frozen=True, kw_only=True)
class Sizes:
    runs: int = 10
    minutes: float = 0.5


COMMAND = Command(module="bench", description=None, sizes=Sizes, helps={"runs": "of them", "minutes": "each"})


def parsed(monkeypatch: pytest.MonkeyPatch, *said: str) -> Sizes:
    monkeypatch.setattr(sys, "argv", ["bench", *said])
    return COMMAND.parsed()


def test_what_is_not_said_is_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parsed(monkeypatch, "--runs", "0") == Sizes(runs=0, minutes=0.5)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (("--runs", "-1"), "argument --runs: 0 or more, not -1"),
        (("--minutes", "nan"), "argument --minutes: 0 or more, not nan"),
        (("--runs", "1.5"), "argument --runs: invalid number value: '1.5'"),
    ],
)
def test_a_size_that_is_none_is_refused(
    said: Sequence[str], complaint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(monkeypatch, *said)
    assert complaint in capsys.readouterr().err


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
