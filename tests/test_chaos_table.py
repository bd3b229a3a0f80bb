"""What the table of `make chaos` tells of a case that was played with several seeds."""

from hack.chaos.stage import Row
from hack.chaos.table import markdown, remarks


def row(seed: int, *, lost: int = 0, pace: float = 18.0, struck: int = 1, unsettled: int = 0) -> Row:
    return Row(
        case="late",
        seed=seed,
        runs=60,
        expected=240,
        lost=lost,
        duplicated=0,
        stale=0,
        maybe_sent=1,
        repeats=2,
        struck=struck,
        unsettled=unsettled,
        pace=pace,
        seconds=30.0 + seed,
    )


def test_counts_are_summed_and_the_slowest_shows() -> None:
    told = markdown([row(1), row(2, lost=3, pace=7.4)])
    assert told.startswith("`--runs 60`, seeds 1, 2:\n")
    assert told.endswith("(`late`) | 480 | 3 | 0 | 0 | 2 | 4 | 7 | 32 |")


def test_what_is_not_seen_in_the_counts_is_said() -> None:
    assert list(remarks(row(1))) == []
    assert len(list(remarks(row(1, struck=0, unsettled=2)))) == 2
