"""A player for the shared API server, and a view of what it leaves there."""

import pytest

from hack.player import Player
from hack.testbed import TestBed

from .world import World


@pytest.fixture
def player(bed: TestBed) -> Player:
    return Player(bed.api)


@pytest.fixture
async def in_namespace(bed: TestBed, namespace: str) -> World:
    return World(bed, namespace)
