"""Finds etcd, kube-apiserver and the other programs, and says on stderr which it took and why.

Order: KUBEBUILDER_ASSETS, our cache, the PATH; what none of them has is built by `build.py` into the cache.
"""

import asyncio
import os
import shutil
from pathlib import Path

from .build import build
from .programs import BINARIES, Binary, say

ASSETS = "KUBEBUILDER_ASSETS"

_found: dict[tuple[str, str | None], Path] = {}


async def find(name: str) -> Path:
    """The path of the program called `name`; builds it where nobody has it (minutes, the first time)."""
    key = (name, os.environ.get(ASSETS))
    if key not in _found:
        path, why = await _search(BINARIES[name])
        say(f"{name}: {path} ({why})")
        _found[key] = path
    return _found[key]


async def find_all(*, rare: bool) -> dict[str, Path]:
    """`rare`: those as well that only `make test-long` needs."""
    return {name: await find(name) for name, binary in BINARIES.items() if rare or not binary.rare}


async def _search(binary: Binary) -> tuple[Path, str]:
    misses = []
    for source, path in _candidates(binary):
        if path is None:
            misses.append(f"{source} has none")
            continue
        works, output = await _runs(path, binary)
        if works:
            return path, ", ".join([*misses, f"{source} has {output}"])
        misses.append(f"the one of {source} does not run")
    return await build(binary), ", ".join([*misses, "built"])


def _candidates(binary: Binary) -> list[tuple[str, Path | None]]:
    name, assets = binary.name, os.environ.get(ASSETS)
    on_path = shutil.which(name)
    return [
        (ASSETS if assets else f"{ASSETS} (unset)", _executable(Path(assets) / name) if assets else None),
        ("the cache", _executable(binary.folder / name)),
        ("the PATH", Path(on_path) if on_path else None),
    ]


def _executable(path: Path) -> Path | None:
    return path if os.access(path, os.X_OK) else None


async def _runs(path: Path, binary: Binary) -> tuple[bool, str]:
    """Whether the program starts, and the first line of what it says of itself.

    A name on the PATH may be a stand-in that only prints an error, so that being there is not enough.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            path, *binary.check, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return False, ""
    output, _ = await process.communicate()
    lines = output.decode(errors="replace").splitlines()
    return process.returncode == 0, lines[0] if lines else "an unnamed version"
