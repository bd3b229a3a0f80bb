from collections.abc import AsyncIterator

import pytest

from hack.testbed import TestBed
from tests.mission.world import World


@pytest.fixture(scope="package")
async def world(bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One for all files here that a process runs."""
    async with World.made(bed, tmp_path_factory.mktemp("mission")) as world:
        yield world
