"""A candidate before an API server that fails, and that nobody may watch. On a real one: test_lease_api.py."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hack.testbed.api import going_on, polled
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.lease import Lease, LeaseTiming
from tests.fakes.lease_server import LeaseServer
from tests.kube.watched import no_authorization

PATIENCE = 5.0
FAST = LeaseTiming(duration=1.0, renew=0.1, timeout=0.2, retry=0.1, grace=0.05, spread=0.05, absent=0.05)


@pytest.fixture
async def server() -> AsyncIterator[LeaseServer]:
    async with LeaseServer.started() as server:
        yield server


@asynccontextmanager
async def candidate(server: LeaseServer, holder: str = "me") -> AsyncIterator[Lease]:
    """Competes while the block lasts."""
    async with KubeClient(ClusterConfig(server.url, None, no_authorization)) as client:
        lease = Lease(client, "default", "it", holder, FAST)
        async with going_on(lease.run(), "nothing may end it"):
            yield lease


@pytest.fixture
async def mine(server: LeaseServer) -> AsyncIterator[Lease]:
    """Held."""
    async with candidate(server) as lease:
        await asyncio.wait_for(lease.acquired(), PATIENCE)
        yield lease


def now() -> float:
    return asyncio.get_running_loop().time()


async def troubled(lease: Lease) -> None:
    async def failed() -> bool:
        return bool(lease.trouble)

    await polled(failed, PATIENCE)


async def renewed(server: LeaseServer) -> None:
    before = server.writes

    async def more() -> bool:
        return server.writes > before

    await polled(more, PATIENCE)


@pytest.mark.parametrize(
    ("fault", "value"), [("status", 500), ("status", 403), ("status", 429), ("garbage", True), ("hangs", True)]
)
async def test_whatever_the_server_answers_it_is_held_for_its_term_and_acquired_again_afterwards(
    server: LeaseServer, mine: Lease, fault: str, value: int
) -> None:
    await renewed(server)
    left, at = mine.remaining(), now()
    setattr(server, fault, value)
    await asyncio.wait_for(mine.lost(), PATIENCE)
    assert now() - at > left - 0.05
    assert not mine.held
    assert mine.trouble
    since = mine.since
    setattr(server, fault, 0)
    await asyncio.wait_for(mine.acquired(), PATIENCE)
    assert mine.since > since
    assert mine.trouble == ""
    assert server.lease["spec"]["leaseTransitions"] == 0


async def test_a_short_failure_is_not_noticed(server: LeaseServer, mine: Lease) -> None:
    server.hangs = True
    lost = asyncio.create_task(mine.lost())
    await troubled(mine)
    server.hangs = False
    await renewed(server)
    assert mine.held
    assert not lost.done()
    lost.cancel()


async def test_a_renewal_whose_answer_never_came_is_made_again(server: LeaseServer, mine: Lease) -> None:
    server.mute = True
    await renewed(server)
    server.mute = False
    await renewed(server)
    await renewed(server)
    assert mine.remaining() > FAST.duration / 2


async def test_an_acquisition_whose_answer_never_came_is_found(server: LeaseServer) -> None:
    server.mute = True
    async with candidate(server) as lease:
        await renewed(server)
        assert not lease.held
        server.mute = False
        await asyncio.wait_for(lease.acquired(), PATIENCE)
        assert server.lease["spec"]["leaseTransitions"] == 0


async def test_a_lease_that_was_acquired_without_an_answer_is_released(server: LeaseServer, mine: Lease) -> None:
    server.mute = True
    await renewed(server)
    releasing = asyncio.create_task(mine.release())
    await asyncio.sleep(0)
    assert not mine.held
    server.mute = False
    await asyncio.wait_for(releasing, PATIENCE)
    assert server.lease["spec"]["holderIdentity"] == ""


async def test_a_release_does_not_wait_for_a_server_that_is_away(server: LeaseServer, mine: Lease) -> None:
    server.hangs = True
    at = now()
    await mine.release()
    assert now() - at < 4 * FAST.timeout
    assert server.lease["spec"]["holderIdentity"] == "me"
    assert not mine.held


async def test_who_can_not_watch_finds_a_release_by_looking(server: LeaseServer, mine: Lease) -> None:
    async with candidate(server, "other") as other:

        async def seen() -> bool:
            return other.holder_seen == "me"

        await polled(seen, PATIENCE)
        at = now()
        await mine.release()
        await asyncio.wait_for(other.acquired(), PATIENCE)
        assert now() - at < FAST.duration
