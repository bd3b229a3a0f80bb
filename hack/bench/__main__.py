"""`python -m hack.bench`: prints a table of figures and targets; ends with 1 if a report was lost or doubled."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from hack.testbed import TEKTON_CRDS, TestBed

from .bench import measured
from .command import BASE, Command
from .place import CONNECTIONS
from .report import rendered
from .results import Sizes

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


async def _main(sizes: Sizes) -> int:
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tekton-bench-") as folder:
        async with TestBed.started(manifests=[TEKTON_CRDS, BASE]) as bed:
            results = await measured(bed, sizes, Path(folder))
    print(_COMMAND.heading(sizes, begin))
    print(rendered(results, connections=CONNECTIONS))
    lost, doubled = results.verdict
    if lost or doubled:
        print(f"FAILED: {lost} runs lost, {doubled} doubled")
    return 1 if lost or doubled else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(_COMMAND.parsed())))
