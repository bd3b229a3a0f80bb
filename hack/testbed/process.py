"""A program of the test bed as a child process that cannot outlive this one, even if this one is killed with -9."""

import asyncio
import os
import random
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

# Runs between fork and exec, as a program of its own: `preexec_fn` may deadlock in a process with threads.
# The signal is sent when the *thread* ends that started the child: start test beds from a thread that lives on.
_TIED = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""

_taken: set[int] = set()


class StartError(Exception):
    """A program of the test bed ended, or did not get ready; the message holds the end of its log."""


class Running(Protocol):
    """A process as asyncio knows it."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def send_signal(self, signal: int, /) -> None: ...

    async def wait(self) -> int: ...


class Child:
    """One running program, with its output in a file."""

    def __init__(self, name: str, process: Running, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    async def started(cls, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> "Child":
        """`environment` is added to this process's own."""
        tied = (sys.executable, "-I", "-S", "-c", _TIED, str(os.getpid()))
        with log.open("ab") as output:
            # A session of its own: Ctrl-C must reach us alone, so that we end things in their order.
            process = await asyncio.create_subprocess_exec(
                *tied,
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )
        return cls(Path(command[0]).name, process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raises StartError if the program has ended by itself."""
        if self._process.returncode is not None:
            raise self.error(f"ended with {self._process.returncode}")

    def error(self, what: str) -> StartError:
        tail = self.log.read_text(errors="replace").splitlines()[-15:]
        return StartError(f"{self.name} {what}\n" + "\n".join(tail))

    def send(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def wait(self) -> int:
        """Its exit code, once it has ended by itself."""
        return await self._process.wait()

    async def stop(self, grace: float = 10.0) -> None:
        """SIGTERM, then SIGKILL after `grace` seconds; returns when the process is gone."""
        self.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), grace)
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self._process.wait()

    async def kill(self) -> None:
        self.send(signal.SIGKILL)
        await self._process.wait()


def free_port() -> int:
    """A free loopback port below the range from which the system picks the ports of outgoing connections.

    From within that range, a client that keeps trying to reach a stopped server can end up connected to itself.
    """
    while True:
        port = random.randrange(20_000, 30_000)
        if port not in _taken and _binds(port):
            _taken.add(port)
            return port


def _binds(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
