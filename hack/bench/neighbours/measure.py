"""All rounds on one API server, alone and beside the noise in turn, since the machine's speed drifts."""

import sys
from pathlib import Path

from . import phases
from .results import Phase, Results, Sizes
from .town import Bed, Town


async def measured(bed: Bed, sizes: Sizes, folder: Path) -> Results:
    """`folder` takes logs and plans. The bed has Tekton's kinds and manifests/base on it, and nothing else."""
    alone: list[Phase] = []
    beside: list[Phase] = []
    async with Town.founded(bed, sizes, folder) as town:
        for number in range(2 * sizes.rounds):
            noise = number % 2 == 1
            _say(f"round {number // 2 + 1} of {sizes.rounds}, {'beside the noise' if noise else 'alone'}")
            (beside if noise else alone).append(await phases.played(town, sizes, number, noise=noise))
    return Results(sizes=sizes, alone=alone, beside=beside)


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)
