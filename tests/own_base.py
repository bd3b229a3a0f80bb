"""A root file system like that of python:slim, from this machine's own interpreter and the libraries that it needs: an
image can then be built where no registry is reached."""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

import pip

# What a RUN calls, and what wheels take for granted.
PROGRAMS = ("sh", "chown", "ls", "mkdir")
LIBRARIES = ("libdl.so.2", "libgcc_s.so.1", "libpthread.so.0", "librt.so.1", "libstdc++.so.6", "libutil.so.1")
_LEFT_OUT = shutil.ignore_patterns(
    "site-packages", "dist-packages", "__pycache__", "*tkinter*", "config-*", "ensurepip", "idlelib", "test"
)


def lay(root: Path) -> None:
    """Writes it into `root`, which is empty."""
    version = f"python3.{sys.version_info.minor}"
    library = root / "usr/local/lib" / version
    shutil.copytree(sysconfig.get_path("stdlib"), library, ignore=_LEFT_OUT)
    for part in _pip():
        shutil.copytree(part, library / "site-packages" / part.name, ignore=_LEFT_OUT)
    programs = {f"usr/local/bin/{version}": Path(sys.executable).resolve()}
    programs |= {f"bin/{name}": Path(f"/bin/{name}").resolve() for name in PROGRAMS}
    for name, path in programs.items():
        _copy(path, root / name)
    (root / "usr/local/bin/python3").symlink_to(version)
    for each in _needed([*programs.values(), *library.glob("lib-dynload/*.so"), *map(_library, LIBRARIES)]):
        # The loader has a place of its own, and looks for all others in /lib.
        _copy(each, root / each.relative_to("/") if each.name.startswith("ld-") else root / "lib" / each.name)
    for name in ("dev", "proc", "tmp"):
        (root / name).mkdir(mode=0o1777 if name == "tmp" else 0o755)


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, to)


def _pip() -> Iterator[Path]:
    folder = Path(pip.__file__).parent
    return iter([folder, *folder.parent.glob("pip-*.dist-info")])


def _library(name: str) -> Path:
    found = [*Path("/usr").glob(f"lib*/{name}"), *Path("/usr").glob(f"lib*/*-linux-gnu/{name}")]
    assert found, f"no {name} here"
    return found[0]


def _needed(files: Iterable[Path]) -> set[Path]:
    """Shared libraries and the loader, those of the list included."""
    wanted = list(files)
    told = subprocess.run(["ldd", *map(str, wanted)], capture_output=True, text=True, check=False).stdout
    found = {Path(path) for path in re.findall(r"^\t(?:\S+ => )?(/\S+) \(0x", told, re.MULTILINE)}
    return found | {path for path in wanted if path.parent.name != "lib-dynload" and ".so." in path.name}
