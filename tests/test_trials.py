"""When the credentials of Providers are tried: the new, the changed, those in doubt; slowly, and nothing is changed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from hack.testbed.api import going_on, polled
from tekton_integrations import Context, PermanentError, ProviderType, TemporaryError, Throttled
from tekton_integrations.contexts import Contexts
from tekton_integrations.provider import Provider
from tekton_integrations.standing import Verdict
from tekton_integrations.trials import GAP, Trials
from tests.reconciling import EVERYTHING, Noting, SlackSettings, World


class Checking(Noting):
    """`checked` has the endpoints whose credential was tried; fails with `refusal`."""

    def __init__(self) -> None:
        super().__init__()
        self.checked: list[str] = []
        self.refusal: Exception | None = None
        self.most = self._now = 0

    async def check(self, context: Context) -> None:
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0)
        self._now -= 1
        self.checked.append(context.credential.endpoint)
        if self.refusal:
            raise self.refusal


class Turn:
    holds = True


class Bench:
    def __init__(self, world: World, integration: Checking) -> None:
        self.world = world
        self.integration = integration
        self.contexts = Contexts(integration, world.cluster)
        self.turn = Turn()
        self.trials = Trials(integration, world.cluster, self.contexts, self.turn)

    def put(self, name: str = "slack", *, generation: int = 1, namespace: str = "team-a") -> Provider:
        provider = Provider(
            namespace=namespace,
            name=name,
            uid=f"{namespace}/{name}",
            resource_version=str(generation),
            generation=generation,
            type="Slack",
            endpoint=f"http://127.0.0.1/{name}",
            grants=(EVERYTHING,),
            spec={"slack": {}},
        )
        self.world.cluster.providers.put(provider)
        return provider

    async def verdict(self, reason: str, name: str = "slack") -> Verdict:
        async def probe() -> Verdict | None:
            verdict = self.contexts.standings[f"team-a/{name}"].verdict
            return verdict if verdict and verdict.reason == reason else None

        return await polled(probe, 10)

    async def tried(self, times: int) -> None:
        async def probe() -> bool:
            return len(self.integration.checked) >= times

        await polled(probe, 10)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    integration = Checking()
    async with World.made(integration) as world:
        bench = Bench(world, integration)
        async with going_on(bench.trials.run(), "it ended"):
            yield bench


async def test_a_new_one_is_tried_once_and_a_changed_one_again(bench: Bench) -> None:
    bench.put()
    first = await bench.verdict("Ready")
    assert (first.status, first.generation, bench.integration.checked) == ("True", 1, ["http://127.0.0.1/slack"])
    bench.integration.refusal = PermanentError("Forbidden", "give it `chat:write`")
    bench.put(generation=2)
    second = await bench.verdict("Forbidden")
    assert (second.status, second.message, second.generation) == ("False", "give it `chat:write`", 2)
    assert len(bench.integration.checked) == 2


async def test_a_changed_secret_is_tried_at_once_and_a_refused_one_is_not_tried_for_ever(bench: Bench) -> None:
    bench.integration.refusal = TemporaryError("CredentialRefused", "no", needs_help=True)
    provider = bench.put()
    await bench.verdict("CredentialRefused")
    bench.integration.refusal = None
    bench.world.cluster.credentials.renew(provider)  # as a refusal does
    assert len(bench.integration.checked) == 1
    bench.world.cluster.credentials.forget(provider)
    await bench.verdict("Ready")
    assert len(bench.integration.checked) == 2


async def test_what_may_be_out_of_date_is_tried_soon_and_what_a_limit_holds_back_says_nothing(bench: Bench) -> None:
    bench.integration.refusal = Throttled("later", 0.1)
    bench.put()
    await bench.tried(2)
    assert bench.contexts.standings["team-a/slack"].verdict is None
    bench.integration.refusal = None
    await bench.verdict("Ready")


async def test_one_that_a_report_contradicts_is_tried_again(bench: Bench) -> None:
    bench.integration.refusal = PermanentError("Forbidden", "no")
    provider = bench.put()
    await bench.verdict("Forbidden")
    bench.integration.refusal = None
    bench.trials._tried[provider.uid] -= GAP  # else it would be told to wait for so long
    bench.contexts.standings.accepted(provider.uid, provider.path)
    await bench.verdict("Ready")
    assert len(bench.integration.checked) == 2


async def test_a_bug_is_said_as_such(bench: Bench) -> None:
    bench.integration.refusal = ZeroDivisionError("oops")
    bench.put()
    assert (await bench.verdict("InternalError")).status == "False"


async def test_while_another_process_is_in_charge_nothing_is_tried_and_afterwards_all(bench: Bench) -> None:
    bench.turn.holds = False
    bench.put()
    bench.put("other")
    await bench.world.cluster.credentials.get(bench.put("third"), bench.integration.provider_types[0])
    bench.world.cluster.credentials.forget(bench.put("third"))
    assert bench.integration.checked == []
    bench.turn.holds = True
    await bench.tried(3)
    assert len(set(bench.integration.checked)) == 3


async def test_many_are_tried_one_after_the_other_and_of_one_namespace_one_at_a_time(bench: Bench) -> None:
    for number in range(500):
        bench.put(f"p{number}")
    await bench.tried(4)
    assert bench.integration.most == 1
    assert len(bench.integration.checked) < 50


async def test_one_without_an_endpoint_of_its_own_is_tried_as_far_as_that_goes(bench: Bench) -> None:
    class Anywhere(Checking):
        provider_types = (ProviderType(name="Slack", block="slack", settings=SlackSettings, endpoint=""),)

    other = Bench(bench.world, Anywhere())
    await other.trials._try(replace(other.put("anywhere"), endpoint=""))
    verdict = other.contexts.standings["team-a/anywhere"].verdict
    assert verdict is not None
    assert (verdict.status, other.integration.checked) == ("True", [""])


async def test_a_trial_can_change_nothing(bench: Bench) -> None:
    class Posting(Checking):
        async def check(self, context: Context) -> None:
            await context.http.request("POST", f"{context.credential.endpoint}/make")

    other = Bench(bench.world, Posting())
    provider: Any = other.put("posts")
    await other.trials._try(provider)
    verdict = other.contexts.standings["team-a/posts"].verdict
    assert verdict is not None
    assert verdict.reason == "Stalled"
