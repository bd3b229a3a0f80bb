"""One process of the controller: all of it, on the simulated wires."""

import asyncio

from tekton_integrations_github.integration import GitHub as Integration

from tekton_integrations.kube.tenure import Clock
from tekton_integrations.manager import Manager
from tekton_integrations.settings import Settings
from tests.fakes.github import GitHub

from .kube import Below, InProcess
from .objects import Store
from .virtual import steady, wall
from .wire import Ways, Wire

NAMESPACE = "tekton-integrations"


class Controller:
    """Works from when it is made, on a running loop, until it is killed."""

    def __init__(self, name: str, store: Store, below: Below, github: GitHub, seed: int) -> None:
        self.wire = Wire(github, seed)
        self._client = InProcess(store, below, seed)
        manager = Manager(
            Settings(namespace=NAMESPACE, identity=name),
            self._client,
            Ways(self.wire),
            clock=Clock(steady=steady, wall=wall),
        )
        self.task = asyncio.create_task(manager.run([Integration()], asyncio.Event()))

    async def kill(self) -> None:
        """At once: nothing more leaves it. What was on its way to a service arrives, and the answer is not heard."""
        self._client.cut()
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
