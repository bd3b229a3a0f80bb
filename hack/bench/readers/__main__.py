"""`python -m hack.bench.readers`: 200 readers of one 100 MB log, and the memory of the service meanwhile.

Some read all of it, most read slowly, some never. Prints a table; ends with 1 if a reader of all missed a line, if one
that never reads is not dropped, or if a reader costs more than 2 MiB.
"""

import sys
from pathlib import Path

from hack.bench.command import BASE, Command
from hack.testbed import TEKTON_CRDS, TestBed

from .measure import measured
from .results import Results, Sizes, rendered

_COMMAND = Command(
    module="hack.bench.readers",
    description=__doc__,
    sizes=Sizes,
    helps={
        "readers": "all of them",
        "whole": "those that read all, as fast as they can",
        "idle": "those that never read",
        "megabytes": "of log",
        "rate": "KiB per second that each of the others reads",
        "stall": "seconds after which one that never reads is dropped",
    },
)


async def _measured(sizes: Sizes, folder: Path) -> Results:
    async with TestBed.started(manifests=[TEKTON_CRDS, BASE, BASE.parent / "serve"]) as bed:
        return await measured(bed, sizes, folder)


if __name__ == "__main__":
    sys.exit(_COMMAND.run(_measured, rendered))
