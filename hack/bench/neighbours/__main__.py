"""`python -m hack.bench.neighbours`: what a quiet tenant feels of 100,000 waiting runs and of a host that is dead.

Prints a table; ends with 1 if a state of the quiet tenant's runs was not shown within a minute.
Takes a quarter of an hour and 9 GB of memory; `--runs 1000 --hosts 6 --noisy-hosts 1 --seconds 10 --rounds 1` a
minute. `--storm 0` measures while the controller still looks at all that waits, as after each of its starts.
"""

import sys
from pathlib import Path

from hack.bench.command import BASE, Command
from hack.testbed import TEKTON_CRDS

from .measure import measured
from .results import Results, Sizes
from .table import rendered
from .town import Bed

_COMMAND = Command(
    module="hack.bench.neighbours",
    description=__doc__,
    sizes=Sizes,
    helps={
        "rounds": "how often alone and beside the noise is measured, in turn",
        "runs": "waiting runs of the noisy tenant",
        "hosts": "hosts, the dead one and the quiet tenant's one included",
        "noisy_hosts": "hosts at which the noisy tenant's runs wait",
        "other_runs": "runs at each other host",
        "dead_runs": "runs at the dead host",
        "rate": "the quiet tenant's runs per second",
        "seconds": "how long they come",
        "service": "milliseconds after which a host does what it is asked",
        "storm": "seconds in which the controller may come to rest first",
    },
)


async def _measured(sizes: Sizes, folder: Path) -> Results:
    async with Bed.started(manifests=[TEKTON_CRDS, BASE]) as bed:
        return await measured(bed, sizes, folder)


if __name__ == "__main__":
    sys.exit(_COMMAND.run(_measured, rendered))
