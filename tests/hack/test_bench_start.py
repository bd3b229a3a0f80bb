"""The measurement of memory and start counts what is reported again, and measures no stale form of a record."""

from collections.abc import AsyncIterator

import pytest

from hack.bench.etcd import Etcd, caught_up
from hack.bench.place import Place
from hack.bench.start.filling import PATTERNS, REPORTED
from hack.bench.start.measure import PATHS, measured
from hack.bench.start.population import RECORDS, RUNS, Pattern
from hack.bench.start.results import Results, Sizes
from hack.bench.start.table import rendered
from hack.testbed import TEKTON_CRDS, TestBed
from tests.conftest import MANIFESTS

SIZES = Sizes(runs=200, namespaces=3, rounds=1, idle=1)


@pytest.fixture(scope="module")
async def own_bed() -> AsyncIterator[TestBed]:
    """A controller serves all that is in its cluster: it must be the only one."""
    async with TestBed.started(manifests=[TEKTON_CRDS, MANIFESTS]) as bed:
        yield bed


@pytest.fixture(scope="module")
async def results(own_bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> Results:
    async with Place.prepared(own_bed, tmp_path_factory.mktemp("bench")) as place:
        return await measured(own_bed, place, SIZES)


def test_what_was_reported_stays_so_and_what_is_new_is_reported(results: Results) -> None:
    assert results.failures == []
    [one] = results.rounds
    newcomers = one.started.newcomers
    assert 0 < newcomers.count == len(newcomers.seconds)
    assert one.started.cached["Provider"] == 1


def test_both_kinds_are_read_to_their_end(results: Results) -> None:
    [one] = results.rounds
    assert one.in_turn.objects == one.before.objects == one.after.objects == [SIZES.runs, SIZES.runs]
    assert one.in_turn.size == one.before.size > SIZES.runs * 5000
    assert 0 < one.bare < one.started.ready
    assert 10 < one.started.at_ready.pss <= one.started.at_ready.rss <= one.started.later.peak


def test_the_table_fits_and_judges(results: Results) -> None:
    text = rendered(results)
    assert max(map(len, text.splitlines())) <= 80
    assert "RSS when ready" in text
    assert "start / bare read" in text


async def test_objects_written_into_etcd_are_those_that_the_api_server_has(own_bed: TestBed, results: Results) -> None:
    assert [await caught_up(own_bed, path) for path in PATHS] == [SIZES.runs] * 2
    found = await own_bed.request("GET", f"{PATHS[1]}?limit=1&labelSelector=tekton.dev/pipelineRun=run-000007")
    [record] = found["items"]
    run = await own_bed.request("GET", "/apis/tekton.dev/v1/namespaces/tenant-001/pipelineruns/run-000007")
    [owner] = record["metadata"]["ownerReferences"]
    assert owner["uid"] == record["spec"]["runRef"]["uid"] == run["metadata"]["uid"]
    assert record["status"]["observedState"] == "Succeeded"


async def test_records_that_differ_from_the_pattern_are_an_error(own_bed: TestBed, results: Results) -> None:
    async with Etcd.opened(own_bed) as etcd:
        runs, records = await etcd.below(f"{RUNS}{PATTERNS}/"), await etcd.below(f"{RECORDS}{PATTERNS}/")
    assert len(runs) == len(records) == REPORTED
    Pattern.proven(runs, records)
    changed = records[1]._replace(value=records[1].value.replace(b'"Succeeded"', b'"Failed"'))
    with pytest.raises(ValueError, match="and not"):
        Pattern.proven(runs, [records[0], changed, *records[2:]])
