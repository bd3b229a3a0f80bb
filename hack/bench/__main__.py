"""`python -m hack.bench`: prints a table of figures and targets; ends with 1 if a report was lost or doubled.

Writes build/bench.json, and the table again into build/bench.txt; `python -m hack.bench.docs` puts it into the docs.
"""

import sys
from functools import partial
from pathlib import Path

import msgspec

from hack.testbed import TEKTON_CRDS, TestBed

from .bench import measured
from .command import BASE, Command
from .docs import TABLE
from .place import CONNECTIONS
from .report import rendered
from .results import QUICK, Results, Sizes
from .summary import summary

_COMMAND = Command(
    module="hack.bench",
    description=__doc__,
    sizes=Sizes,
    helps={
        "rounds": "how often CPU, latency and kopf are measured; medians are given",
        "runs": "runs at saturation, of two reports each, in a round",
        "seconds": "length of the load at an even rate",
        "rate": "reports per second of that load",
        "starts": "how often the start is measured",
        "passed": "runs that pass through one controller",
        "many": "finished runs that are there at a start; 50,000 take 9 GB of memory, most of it the API server's",
        "idle": "seconds from then to the second look at the memory",
    },
    quick=QUICK,
    kept=TABLE,
)


async def _measured(sizes: Sizes, folder: Path) -> Results:
    results = await measured(sizes, folder, partial(TestBed.started, manifests=[TEKTON_CRDS, BASE]))
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.with_suffix(".json").write_bytes(msgspec.json.format(msgspec.json.encode(summary(results)), indent=2))
    return results


if __name__ == "__main__":
    sys.exit(_COMMAND.run(_measured, partial(rendered, connections=CONNECTIONS)))
