"""The look-alike's rate limits, and how it notes clients that don't keep them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.github import Clock, Hang, SecondaryLimit, TooManyRequests
from tests.fakes.github.meters import Meter
from tests.fakes.github_client import COMMENT, LIST, SHA, Client, acme, signed

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


async def test_eighty_comments_a_minute_and_five_hundred_an_hour_are_the_most(client: Client) -> None:
    limits = client.github.limits
    assert (limits.content_per_minute, limits.content_per_hour) == (80, 500)
    limits.content_per_minute, limits.content_per_hour = 2, 3
    client.github.add_pull_request("acme/api", 12, SHA)
    replies = [await client.comment("x") for _ in range(3)]
    assert [reply.status for reply in replies] == [201, 201, 403]
    assert 59 <= int(replies[2].headers["Retry-After"]) <= 60
    client.github.clock.advance(61)
    number = (await client.comment("x")).body["id"]
    changed = await client.send("PATCH", f"{COMMENT}/{number}", {"body": "y"})
    assert changed.status == 403
    assert 3500 < int(changed.headers["Retry-After"]) <= 3600
    assert (await client.create()).status == 201


@pytest.mark.parametrize("told", [True, False])
async def test_a_hidden_limit_of_check_runs_and_statuses_shows_only_when_it_is_passed(
    client: Client, told: bool
) -> None:
    limits = client.github.limits
    limits.hidden_writes_per_minute, limits.hidden_retry_after = 2, told
    number = (await client.create()).body["id"]
    assert (await client.status()).status == 201
    for refused in (await client.update(number, status="in_progress"), await client.status()):
        assert (refused.status, "Retry-After" in refused.headers) == (403, told)
        assert refused.message.startswith("You have exceeded a secondary rate limit")
        assert int(refused.headers["X-RateLimit-Remaining"]) > 4000
    assert (await client.get(LIST)).status == 200
    client.github.clock.advance(60)
    assert (await client.update(number, status="in_progress")).status == 200


async def test_a_client_may_have_a_larger_hour_than_others(client: Client) -> None:
    installation = client.github.installation("acme/api", client.app)
    client.github.limits.hourly_of[installation.client] = 15_000
    assert (await client.get(READ)).headers["X-RateLimit-Limit"] == "15000"


async def test_calls_of_the_app_itself_count_against_no_installation(client: Client) -> None:
    before = (await client.get(READ)).headers["X-RateLimit-Remaining"]
    reply = await client.get("/repos/acme/api/installation", auth=signed(client.app))
    assert reply.headers["X-RateLimit-Remaining"] != before
    after = (await client.get(READ)).headers["X-RateLimit-Remaining"]
    assert int(before) - int(after) == 1


async def test_two_thousand_tokens_an_hour_are_the_most(client: Client) -> None:
    client.github.limits.tokens_per_hour = 2  # one was made to log in
    assert [(await client.token()).status for _ in range(2)] == [201, 403]


async def test_a_request_after_the_last_that_was_left_is_noted(client: Client) -> None:
    client.github.limits.hourly = int((await client.get(READ)).headers["X-RateLimit-Used"]) + 1
    assert (await client.get(READ)).headers["X-RateLimit-Remaining"] == "0"
    client.github.clock.advance(10)
    assert (await client.get(READ)).status == 403
    assert [each.kind for each in client.github.violations] == ["reset"]


async def test_a_later_and_shorter_hint_does_not_end_an_earlier_block(client: Client) -> None:
    client.github.faults.add("POST", TooManyRequests(retry_after=100))
    client.github.faults.add("POST", TooManyRequests(retry_after=1))
    await client.create()
    await client.create()
    client.github.clock.advance(50)
    await client.get(READ)
    assert 49 < client.github.violations[-1].early_by <= 50


def test_the_clock_may_be_virtual() -> None:
    clock = Clock(lambda: 100.0)
    clock.advance(5)
    assert clock.now() == 105


@given(costs=st.lists(st.tuples(st.integers(0, 20), st.sampled_from([1, 5])), max_size=200), most=st.integers(5, 30))
def test_no_window_holds_more_than_the_limit_and_a_wait_is_as_long_as_it_must_be(
    costs: list[tuple[int, int]], most: int
) -> None:
    meter, now, taken = Meter(60), 0.0, list[tuple[float, int]]()
    for pause, cost in costs:
        now += pause
        if wait := meter.wait(now, cost, most):
            assert meter.wait(now + wait, cost, most) == 0
            now += wait
        meter.add(now, cost)
        taken.append((now, cost))
    for end, _ in taken:
        assert sum(cost for time, cost in taken if end - 60 < time <= end) <= most
