"""A thousand Providers at once: what they cost a run that uses one of them, and how their credentials are tried. The
figures are in docs/decisions/0022; bounds here are generous.
"""

import asyncio
import time

import pytest

from hack.testbed.api import polled
from tekton_integrations import Target
from tekton_integrations.clients import Clients
from tekton_integrations.contexts import Contexts
from tekton_integrations.provider import Grant, Need, Provider, choose, fingerprint
from tekton_integrations.trials import PACE, WORKERS, Trials
from tests import virtual_time
from tests.calm import quickly
from tests.reconciling import World
from tests.test_trials import Checking, Turn

MANY = 1000
SHARED = "controller"
URL = "http://127.0.0.1"
TYPES = ("Slack",)
TARGET = Target(resource="c1", name="card")


def provider(number: int, namespace: str) -> Provider:
    """Of one team, and granted to it alone."""
    return Provider(
        namespace=namespace,
        name=f"p{number}",
        uid=f"uid-{number}",
        resource_version="1",
        generation=1,
        type="Slack",
        endpoint=f"http://127.0.0.1/{number}",
        grants=(Grant(namespaces=(f"team-{number}",), targets=("C1", "C2-*"), names=("card",)),),
        spec={"slack": {}},
    )


@pytest.mark.parametrize(("shared", "seconds"), [(False, 0.001), (True, 0.03)], ids=["each team's own", "all shared"])
async def test_a_run_finds_its_own_among_them(shared: bool, seconds: float) -> None:
    async with World.made(Checking()) as world:
        cluster = world.cluster
        for number in range(MANY):
            cluster.providers.put(provider(number, SHARED if shared else f"team-{number}"))
        users = range(0, MANY, 20)

        def chosen(number: int) -> str:
            namespace = f"team-{number}"
            assert fingerprint(cluster.in_reach(namespace), TYPES)
            need = Need(types=TYPES, namespace=namespace, labels={}, target=TARGET)
            return choose(cluster.in_reach(namespace), SHARED, need).name

        found = quickly(lambda: [chosen(number) for number in users], seconds * len(users))
        assert found == [f"p{number}" for number in users]


def test_their_credentials_are_tried_within_two_minutes_a_few_at_a_time() -> None:
    async def tried() -> tuple[Checking, float, float]:
        integration = Checking()
        async with World.made(integration) as world:
            for number in range(MANY):
                world.cluster.providers.put(provider(number, f"team-{number}"))
            trials = Trials(integration, world.cluster, Contexts(integration, world.cluster), Turn())

            async def all_tried() -> bool:
                return len(integration.checked) == MANY

            began, task = time.process_time(), asyncio.ensure_future(trials.run())
            await polled(all_tried, 600)
            spent = time.process_time() - began
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return integration, virtual_time.clock(), spent

    integration, seconds, spent = virtual_time.run(tried())
    assert len(set(integration.checked)) == len(integration.checked) == MANY
    assert integration.most <= WORKERS
    assert 0.9 * MANY / WORKERS * PACE < seconds < 120
    assert spent < 10


async def test_they_share_one_session_unless_they_need_another() -> None:
    async with Clients({}) as clients:
        sessions = [await clients.get(provider(number, f"team-{number}"), URL) for number in range(MANY)]
        assert len(set(map(id, sessions))) == 1
