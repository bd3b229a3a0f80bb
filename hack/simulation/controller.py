"""One process of the controller: all of it, on the simulated wires."""

import asyncio

from tekton_integrations import Integration
from tekton_integrations.kube.tenure import Clock
from tekton_integrations.manager import Manager
from tekton_integrations.settings import Settings

from .kube import InProcess
from .virtual import steady, wall
from .wire import Ways, Wire

NAMESPACE = "tekton-integrations"


class Controller:
    """Works from when it is made, on a running loop, until it is killed."""

    def __init__(self, name: str, integration: Integration, wire: Wire, client: InProcess) -> None:
        self.wire = wire
        self._client = client
        manager = Manager(
            Settings(namespace=NAMESPACE, identity=name), client, Ways(wire), clock=Clock(steady=steady, wall=wall)
        )
        self.task = asyncio.create_task(manager.run([integration], asyncio.Event()))

    async def kill(self) -> None:
        """At once: nothing more leaves it. What was on its way to a service arrives, and the answer is not heard."""
        self._client.cut()
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
