"""The measurement of neighbours makes the noise that it tells of, and counts what arrives at the quiet host."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from hack.bench.neighbours.hosts import Hosts, Plan, repository, token
from hack.bench.neighbours.measure import measured
from hack.bench.neighbours.results import Results, Sizes, growth, p99
from hack.bench.neighbours.table import rendered
from hack.bench.neighbours.town import Bed
from hack.testbed import TEKTON_CRDS
from hack.testbed.api import polled
from tests.conftest import MANIFESTS

# The noisy tenant's runs are more than the 180 that GitHub takes in a minute. A controller sends 60 at once, then 2/s.
SIZES = Sizes(rounds=1, runs=300, hosts=4, noisy_hosts=1, other_runs=3, dead_runs=2, rate=4, seconds=3, storm=15)
SHA = "3f786850e387550fdab836ed7e6dc881de23001b"


@pytest.fixture(scope="module")
async def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    async with Bed.started(manifests=[TEKTON_CRDS, MANIFESTS]) as bed:
        return await measured(bed, SIZES, tmp_path_factory.mktemp("bench"))


def test_each_state_of_the_quiet_tenants_runs_is_measured(results: Results) -> None:
    assert results.failures == []
    [alone], [beside] = results.alone, results.beside
    for phase in (alone, beside):
        assert len(phase.shown) == len(phase.written) == len(phase.arrived) == 2 * SIZES.rate * SIZES.seconds
        assert phase.shown[0] >= phase.written[0] + SIZES.service
        assert 0 < phase.written[0] <= phase.written[-1] < 60_000
        assert phase.seconds > SIZES.seconds
        assert phase.cpu > 0


def test_there_is_no_noise_without_the_noisy_ones(results: Results) -> None:
    [alone], [beside] = results.alone, results.beside
    assert alone.counts.accepted == alone.stormed.accepted == 0
    tried = alone.counts.dead + alone.stormed.dead
    assert tried <= 1  # each Provider is tried, whoever is served
    assert beside.stormed.accepted >= 60
    assert beside.rested
    assert beside.stormed.dead > tried


def test_the_table_fits_and_judges(results: Results) -> None:
    text = rendered(results)
    assert max(map(len, text.splitlines())) <= 80
    assert "growth of p99" in text
    assert "violations of limits" in text


async def test_hosts_keep_githubs_limits_and_the_dead_one_says_nothing(tmp_path: Path) -> None:
    plan = Plan(names=["one", "two"], limits=True, seconds=0.0)
    headers = {"Authorization": f"Bearer {token('one')}"}
    async with Hosts.started(plan, tmp_path / "hosts.log") as hosts, aiohttp.ClientSession(headers=headers) as session:
        path = f"/repos/{repository('one')}/statuses/{SHA}"
        for _ in range(181):
            async with session.post(hosts.urls["one"] + path, json={"state": "success"}) as answer:
                status = answer.status
        assert status == 403
        async with session.post(hosts.urls["two"] + path, json={"state": "success"}) as answer:
            assert answer.status == 401
        calling = asyncio.create_task(_call(session, hosts.dead))
        await polled(lambda: _dead(hosts))
        assert not calling.done()
        calling.cancel()
        counts = await hosts.counts()
        assert (counts.accepted, counts.refused, counts.dead) == (180, 2, 1)
        assert len(await hosts.calls("one")) == 181


async def _call(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url):
        pass


async def _dead(hosts: Hosts) -> bool:
    return (await hosts.counts()).dead > 0


def test_growth_is_that_of_the_ninety_ninth_percentile() -> None:
    before, after = [10.0] * 98 + [20.0, 500.0], [10.0] * 98 + [22.0, 50.0]
    assert growth(p99(before), p99(after)) == pytest.approx(10)
