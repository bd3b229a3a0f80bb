"""The whole benchmark, on two API servers: 50,000 runs have one of their own."""

import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from hack.testbed import TestBed

from . import cold, passing, rounds
from .place import Place
from .results import Results, Sizes
from .start import measure
from .start.results import Results as Crowded

Opened = Callable[[], AbstractAsyncContextManager[TestBed]]


async def measured(sizes: Sizes, folder: Path, opened: Opened) -> Results:
    """`folder` takes logs and plans. Beds are `opened` with Tekton's kinds and manifests/base on them."""
    async with opened() as bed, Place.prepared(bed, folder) as place:
        _say("starts of the process")
        await cold.started(place.pod)  # writes the byte code that later ones find
        starts = [await cold.started(place.pod) for _ in range(sizes.starts)]
        played = []
        for number in range(1, sizes.rounds + 1):
            _say(f"round {number} of {sizes.rounds}")
            played.append(await rounds.played(place, sizes, number))
        _say(f"{sizes.passed} runs pass through")
        passed = await passing.passed(place, sizes)
    return Results(
        sizes=sizes,
        starts=starts,
        rounds=played,
        passed=passed,
        many=await _with_many(sizes, _made(folder / "many"), opened),
    )


async def _with_many(sizes: Sizes, folder: Path, opened: Opened) -> Crowded:
    _say(f"a start with {sizes.many} runs")
    async with opened() as bed, Place.prepared(bed, folder) as place:
        return await measure.measured(bed, place, sizes.crowd)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)
