"""`python -m hack.bench`: prints a table of figures and targets; ends with 1 if a report was lost or doubled."""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from dataclasses import asdict, fields
from pathlib import Path

from hack.testbed import TEKTON_CRDS, TestBed

from .bench import measured
from .place import CONNECTIONS
from .report import rendered
from .results import Sizes

BASE = Path(__file__).parents[2] / "manifests" / "base"
_HELP = {
    "rounds": "how often all but the starts is measured; medians are given",
    "runs": "runs at saturation, of two reports each, in a round",
    "seconds": "length of the load at an even rate",
    "rate": "reports per second of that load",
    "starts": "how often the start is measured",
}


def _sizes() -> Sizes:
    parser = argparse.ArgumentParser(prog="python -m hack.bench", description=__doc__)
    for field in fields(Sizes):
        parser.add_argument(
            f"--{field.name}", type=int, default=field.default, metavar="N", help=f"{_HELP[field.name]} (%(default)s)"
        )
    return Sizes(**vars(parser.parse_args()))


async def _main(sizes: Sizes) -> int:
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tekton-bench-") as folder:
        async with TestBed.started(manifests=[TEKTON_CRDS, BASE]) as bed:
            results = await measured(bed, sizes, Path(folder))
    options = " ".join(f"--{name} {value}" for name, value in asdict(sizes).items())
    print(f"python -m hack.bench {options}")
    load = "/".join(f"{each:.2f}" for each in os.getloadavg())
    took = time.monotonic() - begin
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load average {load}, took {took:.0f} s\n")
    print(rendered(results, connections=CONNECTIONS))
    lost, doubled = results.verdict
    if lost or doubled:
        print(f"FAILED: {lost} runs lost, {doubled} doubled")
    return 1 if lost or doubled else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(_sizes())))
