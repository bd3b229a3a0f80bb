"""Leader election on a real API server: one holds it, and when it goes another does."""

import asyncio
import re
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hack.testbed import TestBed
from hack.testbed.api import polled
from tests.kube.candidate_process import Process
from tests.kube.candidates import PATIENCE, SHORT, Election

pytestmark = pytest.mark.e2e


@pytest.fixture
async def election(bed: TestBed, namespace: str) -> AsyncIterator[Election]:
    """Of two, one of whom holds it."""
    async with Election.held_on(bed, namespace, "one", "two") as election:
        await election.holder()
        yield election


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_one_of_two_holds_it_and_people_can_see_who(election: Election) -> None:
    holder = await election.holder()
    assert election.holding() == election.acquired == [holder]
    standby = ({"one", "two"} - {holder}).pop()

    async def known() -> bool:
        return election.leases[standby].holder_seen == holder == election.leases[holder].holder_seen

    await polled(known)
    spec = (await election.stored())["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]) == (holder, 3, 0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", spec["acquireTime"])
    assert abs(election.leases[holder].since - time.time()) < PATIENCE
    table = await election.bed.kubectl("get", "leases", "-n", election.namespace)
    assert re.search(rf"^github +{holder} ", table, re.MULTILINE)


async def test_a_renewal_changes_nothing_but_its_time(election: Election) -> None:
    before = await election.stored()
    await election.renewals(3)
    after = await election.stored()
    assert after["spec"].pop("renewTime") > before["spec"].pop("renewTime")
    assert after["spec"] == before["spec"]


async def test_what_others_wrote_on_the_lease_stays(election: Election) -> None:
    await election.bed.api.patch(election.path, {"metadata": {"labels": {"team": "ours"}}}, "merge")
    await election.renewals(2)
    assert (await election.stored())["metadata"]["labels"] == {"team": "ours"}
    assert len(election.acquired) == 1


async def test_a_release_is_taken_up_within_a_second_time_and_again(election: Election) -> None:
    first = await election.holder()
    await election.add("three")
    await election.renewals(1)
    at = now()
    await election.leases[first].release()
    second = await election.holder(1.0, but=first)
    assert now() - at < 1.0
    spec = (await election.stored())["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]) == (second, 3, 1)
    await election.leases[second].release()
    third = await election.holder(1.0, but=second)
    assert election.holding() == [third]
    assert {first, second, third} == {"one", "two", "three"}
    await election.leases[third].release()
    spec = (await election.stored())["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]) == ("", 1, 2)


async def test_who_was_ended_in_the_midst_can_still_release_it(election: Election) -> None:
    holder = await election.holder()
    await election.kill(holder)
    await election.leases[holder].release()
    await election.holder(1.0, but=holder)


async def test_a_release_by_who_does_not_hold_it_changes_nothing(election: Election) -> None:
    holder = await election.holder()
    standby = ({"one", "two"} - {holder}).pop()
    await election.leases[standby].release()
    assert (await election.stored())["spec"]["holderIdentity"] == holder
    assert election.leases[holder].held


@pytest.mark.parametrize("skew", [86400.0, -86400.0])
async def test_a_holder_that_stops_is_followed_within_a_second_of_its_term(
    bed: TestBed, namespace: str, skew: float
) -> None:
    async with Election.held_on(bed, namespace, "one") as election:
        await election.holder()
        await election.add("two", skew)
        await election.renewals(8)  # longer than a term: a clock that is a day off must not take it for expired
        assert election.acquired == ["one"]
        await election.kill("one")
        at, left = now(), election.leases["one"].remaining()
        await election.holder(but="one")
        assert left < now() - at <= left + 1.0
        assert not election.leases["one"].held


async def test_a_holder_that_was_frozen_knows_at_once_that_it_holds_no_more(
    bed: TestBed, namespace: str, tmp_path: Path
) -> None:
    async with Election.held_on(bed, namespace) as election, Process.started(election, "one", tmp_path) as frozen:
        await frozen.says("it is held")
        await election.add("two")
        await election.renewals(1)
        frozen.child.send(signal.SIGSTOP)
        await election.holder(SHORT.duration + 1.5)
        await election.renewals(2)
        frozen.child.send(signal.SIGCONT)
        await frozen.says("it is lost")
        await frozen.says("it woke, and does not hold it")
        assert len(frozen.said()) == 3
        assert election.holding() == election.acquired == ["two"]


async def test_a_deleted_lease_is_made_again_and_its_holder_keeps_it(election: Election) -> None:
    holder = await election.holder()
    for _ in range(3):
        await election.bed.request("DELETE", election.path)

        async def again() -> bool:
            found = await election.bed.request("GET", election.path.rpartition("/")[0])
            return [item["spec"]["holderIdentity"] for item in found["items"]] == [holder]

        await polled(again, 2.0)
        await election.renewals(2)
    assert election.holding() == election.acquired == [holder]


async def test_a_deleted_lease_of_a_dead_holder_goes_to_another(election: Election) -> None:
    holder = await election.holder()
    await election.kill(holder)
    await election.bed.request("DELETE", election.path)
    at = now()
    await election.holder(but=holder)
    assert now() - at <= SHORT.duration + 1.0


async def test_what_somebody_else_takes_is_lost_at_once(election: Election) -> None:
    holder = await election.holder()
    lost = asyncio.create_task(election.leases[holder].lost())
    spec = {"holderIdentity": "a person", "leaseDurationSeconds": 1}
    at = now()
    await election.bed.api.patch(election.path, {"spec": spec}, "merge")
    await asyncio.wait_for(lost, 0.5)
    await election.holder()
    assert 1.0 < now() - at < 3.0


async def test_five_that_want_it_at_once_follow_each_other_and_never_hold_it_together(
    bed: TestBed, namespace: str
) -> None:
    names = ["one", "two", "three", "four", "five"]
    async with Election.held_on(bed, namespace, *names) as election:
        await election.holder()
        await election.renewals(1)
        for _ in names[1:]:
            holder = await election.holder()
            await election.leases[holder].release()
            await election.holder(1.0, but=holder)
        last = await election.holder()
        await election.renewals(3)
        assert sorted(election.acquired) == sorted(names)
        assert election.holding() == [last]
        assert (await election.stored())["spec"]["leaseTransitions"] == 4


@pytest.mark.long
async def test_an_api_server_that_is_away_costs_it_until_it_is_back() -> None:
    async with TestBed.started() as bed, Election.held_on(bed, "default", "one", "two") as election:
        holder = await election.holder()
        left = election.leases[holder].remaining()
        await bed.stop_apiserver()
        at = now()
        await asyncio.wait_for(election.leases[holder].lost(), PATIENCE)
        assert now() - at <= SHORT.duration
        assert left > 0
        assert election.holding() == []
        await bed.start_apiserver()
        await election.holder(SHORT.duration + 2.0)
        await election.renewals(2)
        assert len(election.holding()) == 1
