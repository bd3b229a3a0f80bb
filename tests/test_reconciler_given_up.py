"""What was given up is tried again when a Provider comes, also one that comes while it is given up."""

from typing import Any

from aiohttp import web

from tekton_integrations.requests import Request
from tests.fakes.object_server import ObjectServer
from tests.reconciling import Noting, World


class Slow(ObjectServer):
    """Something happens while the first record is written."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Any = None

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "POST" and "/integrationstatuses" in request.path and self.meanwhile:
            self.meanwhile()
            self.meanwhile = None
        return await super()._answer(request)


async def test_a_provider_that_comes_while_the_first_record_is_written_is_not_missed() -> None:
    """Providers wake those whose record says that they wait, and this one has none yet."""
    async with World.made(Noting(), Slow) as world:
        assert isinstance(world.server, Slow)
        world.server.meanwhile = world.provide
        again: list[Request] = []
        world.reconciler.again = again.append
        await world.reconciler.reconcile(world.request)
        assert (await world.record()).condition.reason == "NoProvider"
        assert again == [world.request]
        await world.reconciler.reconcile(world.request)
        assert world.integration.shown == [("C1", "Running")]
        assert again == [world.request]


async def test_what_is_given_up_while_nothing_comes_is_not_looked_at_again() -> None:
    async with World.made(Noting()) as world:
        again: list[Request] = []
        world.reconciler.again = again.append
        await world.reconciler.reconcile(world.request)
        assert await world.looks(3600) == 1
        assert again == []
