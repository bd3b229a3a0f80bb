"""A flood in virtual time, small: the whole controller before the look-alike. See hack/simulation."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from hack.simulation.drain import drained, pace
from hack.simulation.figures import Figures
from hack.simulation.scenario import Profile, Scenario
from hack.simulation.simulation import simulated
from hack.simulation.weather import STORM
from hack.simulation.workload import FLOOD, SMALL, workload

ROOT = Path(__file__).parents[1]
TIGHT = Profile(title="tight", hourly=250)
HIDDEN = Profile(title="hidden", hourly=5_000, hidden=20)
SMALLER = Scenario(profile=TIGHT, flood=270, small=12, seconds=900)


def told(figures: Figures) -> tuple[list[str], list[str], list[str], int, int]:
    return figures.lost, figures.doubled, figures.stale, figures.early, figures.unsettled


@pytest.mark.long
@pytest.mark.parametrize(("profile", "floods"), [(TIGHT, 1800), (HIDDEN, 300)], ids=["tight", "hidden"])
def test_a_flood_is_shown_and_the_small_tenant_beside_it_soon(profile: Profile, floods: float) -> None:
    figures = simulated(replace(SMALLER, profile=profile))
    assert told(figures) == ([], [], [], 0, 0)
    assert figures.delays[FLOOD].largest > floods
    assert figures.delays[SMALL].largest < figures.delays[FLOOD].half


def test_nothing_is_lost_doubled_or_stale_in_bad_weather_and_a_fail_over() -> None:
    scenario = replace(SMALLER, flood=90, profile=HIDDEN, storm=True, fails_over=400.0)
    figures = simulated(scenario)
    assert told(figures) == ([], [], [], 0, 0)
    assert figures.refused > 5
    assert figures.failed > 5
    assert figures.cut > 1


@pytest.mark.long
def test_the_same_seed_gives_the_same_figures() -> None:
    scenario = replace(SMALLER, flood=30, storm=True)
    first, again, other = (simulated(replace(scenario, seed=seed)) for seed in (1, 1, 2))
    assert replace_cpu(first) == replace_cpu(again) != replace_cpu(other)


def replace_cpu(figures: Figures) -> Figures:
    return msgspec.structs.replace(figures, cpu=0.0)


@pytest.mark.long
async def test_the_command_prints_a_table_and_keeps_all_figures(tmp_path: Path) -> None:
    result = tmp_path / "simulation.json"
    sizes = ("--flood", "0", "--small", "2", "--only", "Enterprise, 15,000/h; no faults", "--result", str(result))
    command = (sys.executable, "-m", "hack.simulation", *sizes)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    assert process.returncode == 0
    assert printed.startswith(b"profile and faults")
    figures = msgspec.json.decode(result.read_bytes(), type=dict[str, list[Figures]])
    assert [each.runs for each in (*figures["flood"], *figures["alone"])] == [2, 2]


def test_a_service_that_is_used_well_is_done_when_its_limits_let_it() -> None:
    due = [(0.0, 100), (3000.0, 100), (3600.0, 100)]
    assert drained(due, pace(1000, 20, ())) == pytest.approx(3900, abs=10)
    assert drained([(0.0, 250)], pace(100, 1e9, ())) == 7200
    assert drained([(0.0, 100)], pace(10_000, 100, STORM)) > 60 / 0.89


def test_what_the_small_tenant_does_is_the_same_with_any_flood() -> None:
    alone, beside = workload(0, 12, seed=1), workload(300, 12, seed=1)
    assert alone.runs == beside.of(SMALL)
    assert len(beside.of(FLOOD)) == 300
