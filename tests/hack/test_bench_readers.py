"""Readers of one long log: the service's memory stays bounded, and who never reads is dropped. A small version of
`python -m hack.bench.readers`."""

from pathlib import Path

from hack.bench.readers.measure import measured
from hack.bench.readers.results import Sizes, rendered
from hack.testbed import TestBed
from tests.conftest import MANIFESTS

SIZES = Sizes(readers=20, whole=2, idle=4, megabytes=30, rate=1024, stall=4)


async def test_memory_is_bounded_and_who_never_reads_is_dropped(bed: TestBed, namespace: str, tmp_path: Path) -> None:
    await bed.apply(MANIFESTS.parent / "serve")
    results = await measured(bed, SIZES, tmp_path, namespace)
    assert results.failures == []
    assert max(map(len, rendered(results).splitlines())) <= 80
