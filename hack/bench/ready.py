"""Waits for a controller whose start may take long, and tells nobody when: the caller has the clock."""

import aiohttp

from hack.controller import Controller
from hack.testbed.api import polled

_SECONDS = 600.0


async def ready(controller: Controller) -> None:
    """Asked every 50 ms. Raises StartError if the process ends, TimeoutError after ten minutes."""
    async with aiohttp.ClientSession() as session:

        async def probe() -> bool:
            controller.child.check()
            try:
                async with session.get(f"{controller.url}/readyz") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await polled(probe, _SECONDS)
