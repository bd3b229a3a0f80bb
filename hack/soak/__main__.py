"""`python -m hack.soak`: runs at an even rate, and a controller that is ended again and again, on a real API server.

Prints figures and writes build/soak.json, and into build/soak the controller's log and what is known of runs that were
judged wrong. Ends with 1 if something grew, or if any service shows a run wrongly. `python -m hack.soak.docs` then puts
table and plot into the docs.
"""

import shutil
import sys
from pathlib import Path

import msgspec

from hack.bench.command import BASE, Command
from hack.testbed import TEKTON_CRDS

from .report import rendered, summary
from .results import Results
from .sizes import HELPS, Sizes
from .soak import SoakBed, soaked

RESULT = Path(__file__).parents[2] / "build" / "soak.json"
KEPT = RESULT.with_suffix("")
_COMMAND = Command(module="hack.soak", description=__doc__, sizes=Sizes, helps=HELPS)


async def _measured(sizes: Sizes, _: Path) -> Results:
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True)
    async with SoakBed.started(controller_manager=True, manifests=[TEKTON_CRDS, BASE]) as bed:
        results = await soaked(bed, sizes, KEPT)
    RESULT.write_bytes(msgspec.json.format(msgspec.json.encode({**summary(results), "results": results}), indent=0))
    return results


if __name__ == "__main__":
    sys.exit(_COMMAND.run(_measured, rendered))
