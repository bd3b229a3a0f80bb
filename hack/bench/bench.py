"""The whole benchmark on one API server."""

import sys
from pathlib import Path

from hack.testbed import TestBed

from . import cold, rounds
from .place import Place
from .results import Results, Sizes


async def measured(bed: TestBed, sizes: Sizes, folder: Path) -> Results:
    """`folder` takes logs and plans. The bed has Tekton's kinds and manifests/base on it."""
    async with Place.prepared(bed, folder) as place:
        _say("starts of the process")
        await cold.started(place.pod)  # writes the byte code that later ones find
        starts = [await cold.started(place.pod) for _ in range(sizes.starts)]
        played = []
        for number in range(1, sizes.rounds + 1):
            _say(f"round {number} of {sizes.rounds}")
            played.append(await rounds.played(place, sizes, number))
        return Results(sizes=sizes, starts=starts, rounds=played)


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)
