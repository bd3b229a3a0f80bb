"""Runs the benchmark's helper processes: a plan goes in as a JSON file, what they found out comes back as one."""

import itertools
import sys
from pathlib import Path
from typing import TypeVar

import msgspec

from hack.testbed.process import Child

T = TypeVar("T")
_numbers = itertools.count(1)


async def run(module: str, plan: msgspec.Struct, answer: type[T], folder: Path) -> T:
    """Raises StartError, with the end of its output, if the helper fails."""
    name = f"{module.rpartition('.')[2]}-{next(_numbers)}"
    before, after, log = (folder / f"{name}.{kind}" for kind in ("plan", "answer", "log"))
    before.write_bytes(msgspec.json.encode(plan))
    child = await Child.started([sys.executable, "-m", module, str(before), str(after)], log)
    try:
        if code := await child.wait():
            raise child.error(f"-m {module} ended with {code}")
    finally:
        await child.stop()
    return msgspec.json.decode(after.read_bytes(), type=answer)


def files() -> tuple[Path, Path]:
    """A helper's own view: where its plan is, and where its answer goes."""
    return Path(sys.argv[1]), Path(sys.argv[2])
