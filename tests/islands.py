"""A network that a test can split, or why there is none."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from hack.netns import Island, NotPermitted


@asynccontextmanager
async def island_or_skip(log: Path) -> AsyncIterator[Island]:
    try:
        async with Island.made(log) as island:
            yield island
    except NotPermitted as error:
        missing(error)


def missing(error: NotPermitted) -> NoReturn:
    """On a developer's machine the test is skipped. Where CI is "true" it fails: nobody would read of it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{error}; CI has to run this test, so let it make network namespaces", pytrace=False)
    pytest.skip(str(error))
