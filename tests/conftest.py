"""The API server that all tests share, a namespace for each of them, and a clock. Who uses them is marked `e2e`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hack.testbed import TEKTON_CRDS, TestBed
from tests.virtual_time import Clock

MANIFESTS = Path(__file__).parent.parent / "manifests" / "base"
# What a controller acts upon.
_CONCERN_OTHERS = (
    "tekton.dev/v1/pipelineruns",
    "tekton.dev/v1/taskruns",
    "tekton.dev/v1beta1/customruns",
    "integrations.tekton.dev/v1alpha1/integrationstatuses",
    "integrations.tekton.dev/v1alpha1/notifications",
    "integrations.tekton.dev/v1alpha1/providers",
)


# Where `make e2e` looks: to import all other tests takes each of its processes seconds.
_E2E = ("tests/e2e", "tests/hack", "tests/mission", "tests/kube/test_lease_api.py", "tests/test_provider_admission.py")
# They wait more than they work: others fill the time.
_FIRST = ("test_replicas.py", "test_quotas.py", "test_crashes.py", "test_github_features.py", "test_converges.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Also tests that start an API server of their own, or would have it built."""
    for item in items:
        path = item.path.relative_to(item.config.rootpath)
        if "bed" in getattr(item, "fixturenames", ()) or path.parts[:2] in (("tests", "e2e"), ("tests", "hack")):
            item.add_marker(pytest.mark.e2e)
            if path.parts[1] == "hack":
                item.add_marker(pytest.mark.long)
            if not any(path.is_relative_to(place) for place in _E2E):
                raise pytest.UsageError(f"{path}: name it among E2E in the Makefile and in tests/conftest.py")
    items.sort(key=lambda item: item.path.name not in _FIRST)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why a test failed before it was tried again; else only its name would be told."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"RERUN {report.nodeid}", sep="_")
        terminalreporter.line(report.longreprtext)


@pytest.fixture(scope="session")
async def bed() -> AsyncIterator[TestBed]:
    async with TestBed.started(controller_manager=True, manifests=[TEKTON_CRDS, MANIFESTS]) as started:
        yield started


async def emptied(bed: TestBed, namespace: str) -> None:
    """Leaves nothing there that concerns another test. To delete it would take the API server a fifth of a second of
    CPU time, for all the kinds that it knows."""
    for kind in _CONCERN_OTHERS:
        version, _, plural = kind.rpartition("/")
        await bed.request("DELETE", f"/apis/{version}/namespaces/{namespace}/{plural}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def namespace(bed: TestBed) -> AsyncIterator[str]:
    made = await bed.request("POST", "/api/v1/namespaces", {"metadata": {"generateName": "test-n"}})
    name: str = made["metadata"]["name"]
    yield name
    await emptied(bed, name)
