"""From the start of the process to /readyz, as in a pod; how much of it is imports; and the memory before any work."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from hack.controller import COMMAND, Pod
from hack.testbed.process import free_port

from . import usage

_DEADLINE = 60.0
_POLL_SECONDS = 0.005
# What `run` imports with the one integration; it tells the time before its modules are torn down again.
_IMPORTS = """
import time
begin = time.perf_counter()
import tekton_integrations.cli, tekton_integrations.manager, tekton_integrations_github.integration
print(time.perf_counter() - begin)
"""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Seconds and MiB. `imports` was measured in a process of its own."""

    ready: float
    imports: float
    rss: float
    uvloop: bool


async def started(pod: Pod) -> Start:
    """One start, with byte code and files in the system's cache, as after the first one of an image."""
    imports = await _imports(pod)
    port = free_port()
    own = ["--health-host", "127.0.0.1", "--health-port", str(port), "--service-account", str(pod.directory)]
    begin = time.monotonic()
    process = await _spawn(pod, [*COMMAND, *own])
    try:
        await _ready(process, f"http://127.0.0.1:{port}/readyz")
        ready = time.monotonic() - begin
        await usage.cpu_when_idle(process.pid)
        return Start(
            ready=ready,
            imports=imports,
            rss=usage.rss(process.pid),
            uvloop=usage.maps(process.pid, "uvloop"),
        )
    finally:
        process.terminate()
        await process.wait()


async def _imports(pod: Pod) -> float:
    process = await _spawn(pod, [sys.executable, "-c", _IMPORTS])
    output, _ = await process.communicate()
    return float(output)


async def _spawn(pod: Pod, command: Sequence[str]) -> Process:
    # Not by hack.testbed.process, whose first step in the child takes a twentieth of a second.
    return await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=_env(pod))


def _env(pod: Pod) -> dict[str, str]:
    return {**os.environ, **pod.environment}


async def _ready(process: Process, url: str) -> None:
    """Asked every few milliseconds."""
    async with asyncio.timeout(_DEADLINE), aiohttp.ClientSession() as session:
        while process.returncode is None:
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(_POLL_SECONDS)
    raise RuntimeError(f"the controller ended with {process.returncode} before it was ready")
