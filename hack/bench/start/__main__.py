"""`python -m hack.bench.start`: memory and start with many finished runs and their records in the cluster.

Prints a table beside a bare read of the same objects; ends with 1 if an old run was reported again, or a new one not.
50,000 runs take 9 GB of memory, most of it the API server's, and a quarter of an hour; 2,000 will do for a quick look.
"""

import sys
from pathlib import Path

from hack.bench.command import BASE, Command
from hack.bench.place import Place
from hack.testbed import TEKTON_CRDS, TestBed

from .measure import measured
from .results import Results, Sizes
from .table import rendered

_COMMAND = Command(
    module="hack.bench.start",
    description=__doc__,
    sizes=Sizes,
    helps={
        "runs": "finished runs with a record each",
        "namespaces": "over which they are spread",
        "rounds": "how often all is measured; medians are given",
        "idle": "seconds from ready to the second look at the memory",
    },
)


async def _measured(sizes: Sizes, folder: Path) -> Results:
    async with TestBed.started(manifests=[TEKTON_CRDS, BASE]) as bed, Place.prepared(bed, folder) as place:
        return await measured(bed, place, sizes)


if __name__ == "__main__":
    sys.exit(_COMMAND.run(_measured, rendered))
