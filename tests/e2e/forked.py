"""Controllers by fork from a process that has imported everything: imports are the dearer half of a controller's start.

Each is a process of its own all the same, with the arguments, variables, signals and end of one. Tests of the start
itself, the demo and the benchmarks start theirs as users do.
"""

import asyncio
import atexit
import ctypes
import json
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from hack.controller import Place
from hack.testbed.process import Child

ROOT = Path(__file__).parents[2]
_MESSAGE = 1 << 20  # bytes of the longest one
_PR_SET_PDEATHSIG = 1


class Fork:
    """A process that the server has forked: what Child needs to know of it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        return self.ended.result() if self.ended.done() else None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    async def wait(self) -> int:
        return await asyncio.shield(self.ended)


class Server:
    """The process that forks. It ends with this one, and all that it forked with it."""

    def __init__(self) -> None:
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-c", f"from {__name__} import serve; serve({theirs.fileno()})"]
        self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], start_new_session=True)
        theirs.close()
        self._asked: deque[asyncio.Future[Fork]] = deque()
        self._forks: dict[int, Fork] = {}
        self._link.setblocking(False)
        asyncio.get_running_loop().add_reader(self._link, self._hear)
        atexit.register(self._close)

    async def fork(self, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Fork:
        asked: asyncio.Future[Fork] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        wanted = {"arguments": list(arguments), "log": str(log), "environment": {**os.environ, **environment}}
        self._link.send(json.dumps(wanted).encode())
        return await asked

    def _hear(self) -> None:
        """A process has begun, or has ended."""
        message = self._link.recv(_MESSAGE)
        if not message:
            asyncio.get_running_loop().remove_reader(self._link)
            raise RuntimeError("the process that forks controllers has ended")
        pid, code = json.loads(message)
        if code is None:
            self._forks[pid] = Fork(pid)
            self._asked.popleft().set_result(self._forks[pid])
        else:
            self._forks.pop(pid).ended.set_result(code)

    def _close(self) -> None:
        self._link.close()
        self._process.wait()


_server = cache(Server)


@dataclass(frozen=True, kw_only=True)
class Forked(Place):
    async def start(self, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Child:
        return Child("tekton-integrations", await _server().fork(arguments, log, environment), log)


FORKED = Forked()


def serve(link: int) -> None:
    """What the process that forks does, until the other end of `link` is closed."""
    _import()
    with socket.socket(fileno=link) as asked, selectors.DefaultSelector() as selector:
        selector.register(asked, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not asked:
                    _tell(asked, key.data, os.waitstatus_to_exitcode(os.waitpid(key.data, 0)[1]))
                    selector.unregister(key.fileobj)
                    os.close(key.fd)
                elif message := asked.recv(_MESSAGE):
                    pid = os.fork() or _run(json.loads(message))
                    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
                    _tell(asked, pid, None)
                else:
                    return


def _import() -> None:
    """What a controller imports, with all integrations of this checkout."""
    import tekton_integrations.manager  # noqa: F401, PLC0415
    from tekton_integrations.cli import app  # noqa: F401, PLC0415
    from tekton_integrations.registry import PACKAGES, load  # noqa: PLC0415

    load(PACKAGES)


def _tell(asked: socket.socket, pid: int, code: int | None) -> None:
    asked.send(json.dumps([pid, code]).encode())


def _run(wanted: dict[str, Any]) -> NoReturn:
    """The life of a forked process."""
    code: int | str | None = 1
    try:
        _become(wanted)
        from tekton_integrations.cli import app  # noqa: PLC0415

        app(["run", *wanted["arguments"]])
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _become(wanted: dict[str, Any]) -> None:
    """As Child starts a process: in a session of its own, and not to outlive the one that forked it."""
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    log = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, 64)  # the server's own
    os.environ.clear()
    os.environ.update(wanted["environment"])
    random.seed()
