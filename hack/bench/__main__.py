"""`python -m hack.bench`: prints a table of figures and targets; ends with 1 if a report was lost or doubled."""

import sys
from functools import partial
from pathlib import Path

from hack.testbed import TEKTON_CRDS, TestBed

from .bench import measured
from .command import BASE, Command
from .place import CONNECTIONS
from .report import rendered
from .results import Results, Sizes

_COMMAND = Command(
    module="hack.bench",
    description=__doc__,
    sizes=Sizes,
    helps={
        "rounds": "how often all but the starts is measured; medians are given",
        "runs": "runs at saturation, of two reports each, in a round",
        "seconds": "length of the load at an even rate",
        "rate": "reports per second of that load",
        "starts": "how often the start is measured",
    },
)


async def _measured(sizes: Sizes, folder: Path) -> Results:
    async with TestBed.started(manifests=[TEKTON_CRDS, BASE]) as bed:
        return await measured(bed, sizes, folder)


if __name__ == "__main__":
    sys.exit(_COMMAND.run(_measured, partial(rendered, connections=CONNECTIONS)))
