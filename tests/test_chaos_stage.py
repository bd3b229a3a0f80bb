"""How long what disturbs lasts in `make chaos`, on a machine that is too busy to do all in time. Time is the test's."""

import asyncio
from collections.abc import Sequence
from io import StringIO
from types import SimpleNamespace
from typing import Any

from hack.chaos.acts import Act
from hack.chaos.history import Header, History
from hack.chaos.sky import Sky
from hack.chaos.stage import Stage
from tests.virtual_time import run


def limit(at: float, seconds: float) -> list[Act]:
    return [Act(at=at, do="weather", value="limit"), Act(at=at + seconds, do="weather", value="fair")]


async def met(acts: Sequence[Act], calls: Sequence[float]) -> tuple[list[str], float]:
    """What met the calls that were made at these times, and when the last act was done."""
    history = History.of(StringIO(), Header(case="limit", seed=1, runs=0))
    sky = Sky("limit 1", history)
    world: Any = SimpleNamespace(bed=None, namespace="", sky=sky)
    fleet: Any = None
    history.begin()
    found = []

    async def call(at: float) -> None:
        await asyncio.sleep(at)
        found.append(sky.drawn("github", "POST /"))

    async with asyncio.TaskGroup() as group:
        for at in calls:
            group.create_task(call(at))
        await Stage(world, fleet, history).play(acts)
        end = history.now
    return found, round(end)


def test_it_lasts_as_long_as_it_is_to() -> None:
    assert run(met(limit(2, 5), [1, 3, 8])) == (["", "limit", ""], 7)


def test_it_lasts_as_long_however_late_it_began() -> None:
    assert run(met(limit(-4, 5), [1, 3, 8])) == (["limit", "limit", ""], 5)


def test_it_lasts_until_a_call_has_met_it() -> None:
    assert run(met(limit(2, 5), [10, 12])) == (["limit", ""], 10)


def test_where_no_call_comes_it_ends_nevertheless() -> None:
    assert run(met(limit(2, 5), [])) == ([], 67)
