"""The controller as a process of its own, the way a user runs it: for the demo, the tests and the benchmark."""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from typing import Self

import aiohttp

from .testbed.api import polled
from .testbed.process import Child, free_port

NAMESPACE = SERVICE_ACCOUNT = "tekton-integrations"
# Without -m, so that the folder it is started in puts nothing on its path.
_ANY = ("-c", "from tekton_integrations.cli import app; app()")
_PROGRAM = (*_ANY, "run")
# To be followed by a command.
PROGRAM = (sys.executable, *_ANY)
COMMAND = (sys.executable, *_PROGRAM)
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Pod:
    """What a pod finds: the folder with its account's token, and the variables that name the API server."""

    directory: Path
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where and how the process runs: `environment` is added to ours, `enter` is a command that runs it elsewhere
    (in a network namespace), and `address` is its own address there, at which we reach its health server. `python` is
    the interpreter, with its flags."""

    environment: Mapping[str, str] = field(default_factory=dict)
    enter: Sequence[str] = ()
    address: str = "127.0.0.1"
    python: Sequence[str] = (sys.executable,)

    async def start(self, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Child:
        """`tekton-integrations run` with these arguments; its output goes to `log`."""
        command = [*self.enter, *self.python, *_PROGRAM, *arguments]
        return await Child.started(command, log, {**environment, **self.environment})


HERE = Place()


class Controller:
    """One process of `tekton-integrations run`."""

    def __init__(self, child: Child, url: str) -> None:
        self.child = child
        self.url = url

    @classmethod
    @asynccontextmanager
    async def started(
        cls, access: Path | Pod, log: Path, *, arguments: Sequence[str] = (), ready: bool = True, place: Place = HERE
    ) -> AsyncIterator[Self]:
        """Started, ready and, at the end, stopped. Its output goes to `log`."""
        controller = await cls.start(access, log, arguments=arguments, place=place)
        try:
            if ready:
                await controller.ready()
            yield controller
        finally:
            await controller.child.stop(20)

    @classmethod
    async def start(cls, access: Path | Pod, log: Path, *, arguments: Sequence[str] = (), place: Place = HERE) -> Self:
        """`access` is a kubeconfig, or what a pod would find."""
        port = free_port()
        own = ["--health-host", place.address, "--health-port", str(port)]
        if isinstance(access, Pod):
            own += ["--service-account", str(access.directory)]
        else:
            own += ["--kubeconfig", str(access)]
        found = access.environment if isinstance(access, Pod) else {}
        child = await place.start([*own, *arguments], log, found)
        return cls(child, f"http://{place.address}:{port}")

    async def ready(self, seconds: float = READY_SECONDS) -> None:
        """Asked every 50 ms. Raises StartError if the process ends, TimeoutError if it is not ready after `seconds`."""
        async with aiohttp.ClientSession() as session:

            async def probe() -> bool:
                self.child.check()
                try:
                    async with session.get(f"{self.url}/readyz") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            await polled(probe, seconds)

    async def in_charge(self, integration: str, seconds: float = READY_SECONDS) -> None:
        """Returns once it holds the Lease: a standby is ready, too. Raises TimeoutError."""

        async def probe() -> bool:
            return (await self.metrics()).get(f'tekton_integrations_lease_held{{integration="{integration}"}}') == 1

        await polled(probe, seconds)

    async def metrics(self) -> Mapping[str, float]:
        """The samples of /metrics by name and labels, as written there."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return {name: float(value) for name, _, value in (x.rpartition(" ") for x in lines if not x.startswith("#"))}

    def pause(self) -> None:
        self.child.send(Signals.SIGSTOP)

    def resume(self) -> None:
        self.child.send(Signals.SIGCONT)

    async def kill(self) -> None:
        await self.child.kill()

    async def stop(self) -> None:
        await self.child.stop(20)
