"""The watch server, and an informer that follows it."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.watch_server import WatchServer
from tests.kube.watched import Watched, watching


@pytest.fixture
async def server() -> AsyncIterator[WatchServer]:
    async with WatchServer.started() as server:
        yield server


@pytest.fixture
async def scene(server: WatchServer) -> AsyncIterator[Watched]:
    """Knows `a` and `b`, and follows."""
    async with watching(server) as scene:
        yield scene
