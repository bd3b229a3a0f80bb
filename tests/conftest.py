"""The API server that all tests share, a namespace for each of them, and a clock. Who uses them is marked `e2e`."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from hack.testbed import TEKTON_CRDS, ApiError, TestBed
from tests.virtual_time import Clock

MANIFESTS = Path(__file__).parent.parent / "manifests" / "base"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Also tests that start an API server of their own, or would have it built."""
    for item in items:
        folders = item.path.relative_to(item.config.rootpath).parts
        if "bed" in getattr(item, "fixturenames", ()) or folders[:2] in (("tests", "e2e"), ("tests", "hack")):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
async def bed() -> AsyncIterator[TestBed]:
    async with TestBed.started(controller_manager=True, manifests=[TEKTON_CRDS, MANIFESTS]) as started:
        yield started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def namespace(bed: TestBed) -> AsyncIterator[str]:
    made = await bed.request("POST", "/api/v1/namespaces", {"metadata": {"generateName": "test-n"}})
    name: str = made["metadata"]["name"]
    yield name
    with suppress(ApiError):  # a test may have deleted it
        await bed.request("DELETE", f"/api/v1/namespaces/{name}")
