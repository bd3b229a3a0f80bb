"""The look-alike's rate limits, and how it notes clients that don't keep them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.fakes.github import Hang, SecondaryLimit, TooManyRequests
from tests.fakes.github_client import LIST, Client, acme

READ = "/repos/acme/api"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with acme() as client:
        yield client


async def test_every_answer_says_what_is_left(client: Client) -> None:
    before, after = await client.get(READ), await client.get("/repos/acme/unknown")
    assert before.headers["X-RateLimit-Limit"] == "5000"
    left = [int(reply.headers["X-RateLimit-Remaining"]) for reply in (before, after)]
    assert left[0] - left[1] == 1
    assert int(after.headers["X-RateLimit-Used"]) == 5000 - left[1]


async def test_a_spent_limit_refuses_until_the_reset(client: Client) -> None:
    client.github.limits.hourly = 2
    client.github.add_token("ghp_x")
    replies = [await client.get(READ, auth="ghp_x") for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 403]
    assert replies[2].headers["X-RateLimit-Remaining"] == "0"
    assert replies[2].message.startswith("API rate limit exceeded for")
    client.github.clock.advance(3601)
    assert (await client.get(READ, auth="ghp_x")).status == 200


async def test_asking_for_the_limit_and_304_are_free(client: Client) -> None:
    first = await client.get(READ)
    await client.get("/rate_limit")
    known = await client.get(READ, headers={"If-None-Match": first.headers["ETag"]})
    assert known.status == 304
    assert known.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]


async def test_nine_hundred_points_a_minute_are_the_secondary_limit(client: Client) -> None:
    client.github.limits.points_per_minute = 12  # writes cost 5, reads 1; each endpoint has its own
    assert [(await client.create()).status for _ in range(3)] == [201, 201, 403]
    refused = await client.create()
    assert refused.message.startswith("You have exceeded a secondary rate limit")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert (await client.get(LIST)).status == 200
    client.github.clock.advance(61)
    assert (await client.create()).status == 201


async def test_a_hundred_requests_at_once_are_the_most(client: Client) -> None:
    client.github.limits.concurrent = 3
    rule = client.github.faults.add("^GET", Hang(), times=3)
    waiting = [asyncio.create_task(client.get(READ)) for _ in range(3)]
    await rule.struck(times=3)
    assert (await client.get(READ)).status == 403
    rule.release()
    assert [reply.status for reply in await asyncio.gather(*waiting)] == [200, 200, 200]
    assert max(client.github.limits.peak.values()) == 4


async def test_limits_can_be_off_as_on_an_enterprise_server() -> None:
    async with acme(limits=False) as client:
        client.github.limits.points_per_minute = client.github.limits.hourly = 1
        assert [(await client.create()).status for _ in range(3)] == [201, 201, 201]
        assert "X-RateLimit-Limit" not in (await client.get(READ)).headers
        reply = await client.get("/rate_limit")
        assert (reply.status, reply.message) == (404, "Rate limiting is not enabled.")


async def test_a_request_before_retry_after_has_passed_is_noted(client: Client) -> None:
    client.github.faults.add("POST", TooManyRequests(retry_after=30))
    await client.create()
    client.github.clock.advance(10)
    await client.create()
    [violation] = client.github.violations
    assert (violation.kind, violation.call.method) == ("retry-after", "POST")
    assert 19 < violation.early_by <= 20
    assert violation.client.startswith("installation ")


async def test_a_request_after_retry_after_is_good_manners(client: Client) -> None:
    client.github.faults.add("POST", TooManyRequests(retry_after=30))
    await client.create()
    client.github.clock.advance(30)
    await client.create()
    assert client.github.violations == []


async def test_a_limit_without_a_hint_means_a_minute(client: Client) -> None:
    client.github.faults.add("POST", SecondaryLimit())
    await client.create()
    client.github.clock.advance(59)
    await client.create()
    assert [each.kind for each in client.github.violations] == ["minute"]
