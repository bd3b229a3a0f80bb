"""Endpoints that ask to wait, or want no more: for how long nobody calls them, and who else does."""

from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any

import pytest
from msgspec.structs import replace

from tekton_integrations.posting import GONE, SCHEDULE
from tests.answering import MESSAGE, NOW, RECORD, Endpoint, answering, milestone


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with answering() as endpoint:
        yield endpoint


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120.0),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 1.0),
        ("0", 1.0),
        ("", 60.0),
        ("soon", 60.0),
        ("-5", 60.0),
        ("1.5", 60.0),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", 60.0),
        ("9" * 400, float("inf")),
    ],
)
async def test_who_is_throttled_waits_as_long_as_asked(endpoint: Endpoint, said: str, seconds: float) -> None:
    endpoint.status, endpoint.headers = 429, {"retry-after": said} if said else {}
    assert await endpoint.delayed() == seconds
    assert endpoint.bench.remembered == {}, "it is no try that failed"


async def test_while_an_endpoint_asks_to_wait_it_is_not_called_for_any_run_and_others_are(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.headers = 429, {"retry-after": "120"}
    await endpoint.failure()
    endpoint.status = 200
    endpoint.clock[0] += 119.0
    error = await endpoint.failure(replace(RECORD, name="another"))
    assert error.reason == "Throttled"
    assert len(endpoint.bodies) == 1
    endpoint.bench.use(endpoint=f"{endpoint.url}/other")
    await endpoint.post()
    endpoint.bench.use(endpoint=f"{endpoint.url}/hook?key=secret")
    endpoint.clock[0] += 2.0
    await endpoint.post()
    assert len(endpoint.bodies) == 3


async def test_people_do_not_read_the_url_in_the_name_of_its_quota(endpoint: Endpoint) -> None:
    await endpoint.post()
    [scope] = endpoint.bench.quotas
    assert scope.startswith(endpoint.url)
    assert not any(each in scope for each in ("hook", "secret"))


async def test_a_retry_after_with_an_error_of_its_own_lengthens_the_schedule(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.headers = 500, {"retry-after": "60"}
    assert await endpoint.delayed() == 60.0
    endpoint.headers = {"retry-after": "1"}
    assert await endpoint.delayed() >= SCHEDULE[0]


async def test_an_endpoint_that_is_gone_is_not_called_for_a_day(endpoint: Endpoint) -> None:
    endpoint.status = 410
    await endpoint.failure()
    endpoint.status = 200
    for _ in range(3):
        error = await endpoint.failure()
        assert (error.reason, len(endpoint.bodies)) == ("EndpointGone", 1)
        endpoint.clock[0] += GONE / 3 - 1
    endpoint.clock[0] += 4
    await endpoint.post()
    assert len(endpoint.bodies) == 2


@pytest.mark.parametrize("change", [{"version": "v2"}, {"endpoint": "/other"}], ids=["provider", "url"])
async def test_one_that_is_gone_is_called_again_once_the_provider_or_the_url_changes(
    endpoint: Endpoint, change: dict[str, Any]
) -> None:
    endpoint.status = 410
    await endpoint.failure()
    endpoint.status = 200
    endpoint.bench.use(**{key: endpoint.url + each if key == "endpoint" else each for key, each in change.items()})
    await endpoint.post()
    assert len(endpoint.bodies) == 2


async def test_one_that_is_gone_is_called_again_for_whoever_asks_for_the_report_again(endpoint: Endpoint) -> None:
    """Then the core has it looked for what stands there (Context.search)."""
    endpoint.status = 410
    await endpoint.failure()
    endpoint.status = 200
    await endpoint.poster.post(RECORD, endpoint.bench.context(search=True, milestone=milestone(1)), MESSAGE)
    assert len(endpoint.bodies) == 2
