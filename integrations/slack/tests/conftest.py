"""A Slack look-alike for each test."""

from collections.abc import AsyncIterator

import pytest

from integrations.slack.tests.helpers import Stage, stage


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as scene:
        yield scene
