"""Finds etcd, kube-apiserver, kube-controller-manager and kubectl, and says on stderr which it took and why.

Order: KUBEBUILDER_ASSETS, our cache, the PATH; what none of them has is built by `build.py` into the cache.
"""

import asyncio
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

KUBERNETES = "1.36.3"
ETCD = "3.6.7"
ASSETS = "KUBEBUILDER_ASSETS"


@dataclass(frozen=True, kw_only=True)
class Binary:
    """A program of the test bed, and what its build needs to know."""

    name: str
    package: str
    version: str
    seconds: int  # of building it, on two cores and with an empty build cache
    check: tuple[str, ...] = ("--version",)


BINARIES = {
    binary.name: binary
    for binary in (
        Binary(name="etcd", package="go.etcd.io/etcd/server/v3", version=ETCD, seconds=60),
        Binary(
            name="kube-apiserver",
            package="k8s.io/kubernetes/cmd/kube-apiserver",
            version=KUBERNETES,
            seconds=220,
        ),
        Binary(
            name="kube-controller-manager",
            package="k8s.io/kubernetes/cmd/kube-controller-manager",
            version=KUBERNETES,
            seconds=80,
        ),
        Binary(
            name="kubectl",
            package="k8s.io/kubernetes/cmd/kubectl",
            version=KUBERNETES,
            seconds=50,
            check=("version", "--client"),
        ),
    )
}

_found: dict[str, Path] = {}


def say(message: str) -> None:
    print(f"testbed: {message}", file=sys.stderr, flush=True)


def cache() -> Path:
    """The folder of the built binaries: outside the tree, and another one for each pair of versions."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "tekton-integrations" / "testbed" / f"{KUBERNETES}-{ETCD}"


async def find(name: str) -> Path:
    """The path of the program called `name`; builds it where nobody has it (minutes, the first time)."""
    if name not in _found:
        path, why = await _search(BINARIES[name])
        say(f"{name}: {path} ({why})")
        _found[name] = path
    return _found[name]


async def find_all() -> dict[str, Path]:
    return {name: await find(name) for name in BINARIES}


async def _search(binary: Binary) -> tuple[Path, str]:
    misses = []
    for source, path in _candidates(binary.name):
        if path is None:
            misses.append(f"{source} has none")
            continue
        works, output = await _runs(path, binary)
        if works:
            return path, ", ".join([*misses, f"{source} has {output}"])
        misses.append(f"the one of {source} does not run")
    from .build import build  # noqa: PLC0415  # it needs this module's table

    return await build(binary), ", ".join([*misses, "built"])


def _candidates(name: str) -> list[tuple[str, Path | None]]:
    assets = os.environ.get(ASSETS)
    on_path = shutil.which(name)
    return [
        (ASSETS, _executable(Path(assets) / name) if assets else None),
        ("the cache", _executable(cache() / name)),
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
