"""A few cases of `make chaos` with few runs; and that it finds what is wrong."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hack.chaos.acts import Act
from hack.chaos.cases import CASES, Case
from hack.chaos.history import Header, read
from hack.chaos.stage import VERBS, Play, Row, played
from hack.testbed import TestBed

RUNS, SEED = 8, 1


def play(case: Case, folder: Path) -> Play:
    case = replace(case, patience=min(case.patience, 100.0))
    header = Header(case=case.name, seed=SEED, runs=RUNS)
    return Play(case=case, header=header, acts=case.acts(SEED, RUNS), files=folder / case.name)


def right(row: Row) -> bool:
    return (row.lost, row.duplicated, row.stale, row.unsettled) == (0, 0, 0, 0)


def told(acts: Sequence[Act]) -> list[tuple[str, str, str]]:
    return sorted((act.do, act.on, act.value) for act in acts)


async def test_a_kill_loses_nothing_and_its_history_can_be_played_again(bed: TestBed, tmp_path: Path) -> None:
    wanted = play(CASES["killed-3"], tmp_path)
    row, wrong = await played(bed, wanted)
    assert right(row), wrong
    assert row.expected == 4 * RUNS
    assert row.struck > 0
    story = read(tmp_path / "killed-3.jsonl")
    assert story.header == wanted.header
    assert told(story.acts) == told(wanted.acts)
    # Each call to a service, of which each run needs one at least.
    assert len(story.faults) >= 4 * RUNS


@pytest.mark.long
async def test_runs_that_are_deleted_in_the_midst_leave_nothing_open(bed: TestBed, tmp_path: Path) -> None:
    row, wrong = await played(bed, play(CASES["deleted"], tmp_path))
    assert right(row), wrong
    assert 4 * RUNS >= row.expected > 2 * RUNS


@pytest.mark.long
async def test_where_no_controller_runs_all_is_lost(bed: TestBed, tmp_path: Path) -> None:
    nobody = Case(name="deleted", title="", disturb=lambda _: [], rate=100, replicas=0, patience=0.1)
    row, wrong = await played(bed, play(nobody, tmp_path))
    assert (row.lost, row.expected, len(wrong)) == (4 * RUNS, 4 * RUNS, 4 * RUNS)
    assert not row.clean


def test_each_case_is_the_same_for_the_same_seed_and_another_one_for_another() -> None:
    for case in CASES.values():
        assert case.acts(1, 12) == case.acts(1, 12)
        assert case.acts(1, 12) != case.acts(2, 12)
        assert {act.do for act in case.acts(1, 12)} <= VERBS.keys()
