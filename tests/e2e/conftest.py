from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hack.controller import Controller
from hack.testbed import TestBed
from tests.e2e.stage import Stage


@pytest.fixture
async def stage(bed: TestBed, tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage.set(bed, tmp_path) as stage:
        yield stage


@pytest.fixture
async def controller(stage: Stage) -> AsyncIterator[Controller]:
    async with stage.controller() as controller:
        yield controller
