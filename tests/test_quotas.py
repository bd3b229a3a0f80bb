"""The quotas of one integration: made when they are asked for, from what is known, and bounded."""

import time

import pytest

from tekton_integrations import Bucket, Cost, Limits
from tekton_integrations.allowance import Allowance
from tekton_integrations.provider import Provider
from tekton_integrations.quotas import MANY, TOLD, Quotas

LIMITS = Limits(buckets=(Bucket(rate=10, burst=300),))
PROVIDER = Provider(
    namespace="team-a",
    name="github",
    uid="one",
    resource_version="1",
    generation=1,
    type="GitHubApp",
    endpoint="",
    grants=(),
    spec={},
)


@pytest.fixture
def quotas() -> Quotas:
    return Quotas()


def blocked(scope: str = "acme", seconds: float = 60) -> Allowance:
    return Allowance(scope=scope, blocked_until=time.time() + seconds)


def told(quotas: Quotas) -> list[str]:
    return [each.scope for each in quotas.allowances("one", time.time())]


def test_a_scope_has_one_quota_in_each_provider(quotas: Quotas) -> None:
    assert quotas.get(PROVIDER, "acme", LIMITS) is quotas.get(PROVIDER, "acme", LIMITS)
    assert quotas.get(PROVIDER, "acme", LIMITS) is not quotas.get(PROVIDER, "other", LIMITS)


def test_whoever_takes_over_begins_with_what_was_known(quotas: Quotas) -> None:
    quotas.begin({"one": [blocked()]})
    assert quotas.get(PROVIDER, "acme", LIMITS).until(Cost()) == pytest.approx(60, abs=9)
    assert quotas.get(PROVIDER, "other", LIMITS).until(Cost()) == 0


def test_what_is_known_of_scopes_that_nobody_asks_for_is_kept_until_it_says_nothing(quotas: Quotas) -> None:
    slow = Allowance(scope="slow", writes_per_second=0.5, refused_time=time.time() - 60)
    quotas.begin({"one": [blocked(), blocked("over", -1), slow]})
    quotas.get(PROVIDER, "other", LIMITS).block(30)
    assert told(quotas) == ["acme", "other", "slow"]
    assert [each.scope for each in quotas.allowances("one", time.time() + 4 * 3600)] == ["other"]


def test_at_a_second_term_what_we_knew_gives_way_to_what_was_learnt_meanwhile(quotas: Quotas) -> None:
    quotas.begin({})
    quotas.get(PROVIDER, "acme", LIMITS).block(3600)
    quotas.get(PROVIDER, "other", LIMITS).penalise(3600)
    quotas.begin({"one": [blocked("third")]})
    waits = [quotas.get(PROVIDER, scope, LIMITS).until(Cost(write=True)) for scope in ("acme", "other", "third")]
    assert waits == [0, 0, pytest.approx(60, abs=9)]


def test_a_deleted_provider_is_forgotten(quotas: Quotas) -> None:
    quotas.begin({"one": [blocked()]})
    quotas.get(PROVIDER, "other", LIMITS).block(3600)
    quotas.forget("one")
    assert told(quotas) == []


def test_news_are_told_at_once(quotas: Quotas) -> None:
    heard: list[None] = []
    quotas.news = lambda: heard.append(None)
    quota = quotas.get(PROVIDER, "acme", LIMITS)
    quota.learn(limit=5000, remaining=4000, reset_in=3600)
    assert heard == []
    quota.block(60)
    assert heard


def test_scopes_that_are_at_rest_take_no_memory(quotas: Quotas) -> None:
    first = quotas.get(PROVIDER, "limited", LIMITS)
    first.block(3600)
    for number in range(3 * MANY):
        quotas.get(PROVIDER, f"owner-{number}", LIMITS)
    assert len(quotas.of("one")) <= MANY
    assert quotas.get(PROVIDER, "limited", LIMITS) is first


def test_however_many_are_limited_their_number_is_bounded_and_the_gravest_are_told(quotas: Quotas) -> None:
    for number in range(2 * MANY):
        quotas.get(PROVIDER, f"owner-{number:04}", LIMITS).block(60 + number)
    assert len(quotas.of("one")) <= MANY
    assert told(quotas) == [f"owner-{number:04}" for number in range(2 * MANY - TOLD, 2 * MANY)]
