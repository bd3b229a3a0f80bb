"""Deliveries to endpoints that users run: what each answer means, and when the next try is due."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from tekton_integrations import PermanentError, TemporaryError, Throttled
from tekton_integrations.posting import IN_DOUBT, RETRIES, SCHEDULE, Poster, in_doubt, pause, retries
from tekton_integrations.record import Attempt
from tests.answering import MESSAGE, NOW, RECORD, Endpoint, answering, bench, milestone
from tests.loopback import talking, unused_url


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with answering() as endpoint:
        yield endpoint


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_is_a_success_and_no_retry(endpoint: Endpoint, status: int) -> None:
    endpoint.status = status
    assert await endpoint.post() == {RETRIES: "0"}
    assert endpoint.bodies == [b"hello"]


async def test_what_is_remembered_besides_stays(endpoint: Endpoint) -> None:
    assert await endpoint.post(replace(RECORD, memory={"mine": "1"})) == {"mine": "1", RETRIES: "0"}


async def test_a_long_answer_is_a_success_too(endpoint: Endpoint) -> None:
    endpoint.body = b"x" * 5_000_000
    assert await endpoint.post() == {RETRIES: "0"}


@pytest.mark.parametrize(
    ("status", "headers", "reason", "kind"),
    [
        (301, {"location": "https://elsewhere.example"}, "Redirected", TemporaryError),
        (307, {"location": "/other"}, "Redirected", TemporaryError),
        (304, {}, "Redirected", TemporaryError),
        (400, {}, "EndpointRefused", TemporaryError),
        (404, {}, "EndpointRefused", TemporaryError),
        (401, {}, "CredentialRefused", TemporaryError),
        (403, {}, "CredentialRefused", TemporaryError),
        (413, {}, "TooLarge", PermanentError),
        (415, {}, "FormatRefused", PermanentError),
        (410, {}, "EndpointGone", PermanentError),
        (500, {}, "ServiceUnavailable", TemporaryError),
        (503, {}, "ServiceUnavailable", TemporaryError),
        (429, {}, "Throttled", Throttled),
        (502, {"retry-after": "7"}, "Throttled", Throttled),
        (503, {"retry-after": "7"}, "Throttled", Throttled),
        (504, {"retry-after": "7"}, "Throttled", Throttled),
    ],
)
async def test_each_other_answer_has_its_reason_and_none_is_repeated_in_the_message(
    endpoint: Endpoint, status: int, headers: dict[str, str], reason: str, kind: type[Exception]
) -> None:
    endpoint.status, endpoint.headers, endpoint.body = status, headers, b"<b>mine</b>"
    error = await endpoint.failure()
    assert (error.reason, type(error)) == (reason, kind)
    assert f"{endpoint.url} answered {status}" in error.message
    assert not any(each in error.message for each in ("mine", "elsewhere", "key=secret", "/hook"))
    assert len(endpoint.bodies) == 1


async def test_a_format_that_is_refused_tells_what_to_set(endpoint: Endpoint) -> None:
    endpoint.status = 415
    assert (await endpoint.failure()).message.endswith("set `format` to another one")


async def test_only_failures_of_the_host_count_against_it(endpoint: Endpoint) -> None:
    down = {}
    for status in (301, 404, 401, 500, 503):
        endpoint.status = status
        error = await endpoint.failure()
        assert isinstance(error, TemporaryError)
        down[status] = error.down
    assert down == {301: False, 404: False, 401: False, 500: True, 503: True}


async def test_a_credential_that_is_refused_is_read_anew(endpoint: Endpoint) -> None:
    endpoint.status = 401
    await endpoint.failure()
    assert endpoint.bench.renewed == 1


async def test_the_next_try_follows_the_schedule_and_the_last_step_holds_for_ever(endpoint: Endpoint) -> None:
    endpoint.status = 500
    record, delays = RECORD, []
    for _ in range(len(SCHEDULE) + 2):
        delays.append(await endpoint.delayed(record))
        record = endpoint.failed
    for delay, step in zip(delays, [*SCHEDULE, SCHEDULE[-1], SCHEDULE[-1]], strict=True):
        assert step <= delay <= 1.1 * step


def test_what_failed_together_does_not_come_back_together() -> None:
    pauses = [pause(2, f"run-{number}") for number in range(1000)]
    assert min(pauses) >= SCHEDULE[2]
    assert max(pauses) <= 1.1 * SCHEDULE[2]
    halves = sum(each < 1.05 * SCHEDULE[2] for each in pauses)
    assert 400 < halves < 600
    assert pause(2, "run-1") == pauses[1]


async def test_a_success_says_how_often_it_was_tried_again_and_the_next_milestone_counts_anew(
    endpoint: Endpoint,
) -> None:
    endpoint.status = 500
    await endpoint.failure()
    await endpoint.failure(endpoint.failed)
    endpoint.status = 200
    memory = await endpoint.post(endpoint.failed)
    assert memory == {RETRIES: "2"}
    told = replace(RECORD, memory=memory)
    assert retries(told, endpoint.bench.context(milestone=milestone(2))) == 0
    assert await endpoint.post(told, 2) == {RETRIES: "0"}


async def test_a_try_before_its_time_is_no_step_of_the_schedule(endpoint: Endpoint) -> None:
    """There was news of the run. Three states in as many seconds would else mean half an hour."""
    endpoint.status = 500
    due = NOW + await endpoint.delayed()
    for _ in range(3):
        endpoint.clock[0] += 1.0
        assert await endpoint.delayed(replace(endpoint.failed, next_attempt=due)) == due - endpoint.clock[0]
    endpoint.clock[0] = due
    assert await endpoint.delayed(replace(endpoint.failed, next_attempt=due)) >= SCHEDULE[1]


async def test_a_failure_of_the_next_milestone_begins_the_schedule_again(endpoint: Endpoint) -> None:
    endpoint.status = 500
    for _ in range(3):
        await endpoint.failure(endpoint.failed)
    error = await endpoint.failure(endpoint.failed, 2)
    assert isinstance(error, TemporaryError)
    assert error.delay is not None
    assert error.delay < 6


@pytest.mark.parametrize("count", ["", "-1", "x", "²", "9" * 5000])
async def test_a_count_that_somebody_edited_does_no_harm(endpoint: Endpoint, count: str) -> None:
    endpoint.status = 500
    await endpoint.failure()
    record = replace(RECORD, memory=endpoint.bench.remembered | {RETRIES: count})
    assert await endpoint.delayed(record) <= 1.1 * SCHEDULE[-1]


async def test_a_call_that_may_have_arrived_is_just_made_again() -> None:
    async def hang_up(reader: Any, writer: Any) -> None:
        await reader.readuntil(b"hello")

    async with talking(hang_up) as url, bench(url, [NOW]) as cut:
        with pytest.raises(TemporaryError) as caught:
            await Poster().post(RECORD, cut.context(milestone=milestone()), MESSAGE)
    assert (caught.value.reason, caught.value.maybe_sent, caught.value.down) == ("ConnectionBroken", False, True)
    assert (cut.remembered[RETRIES], cut.remembered[IN_DOUBT]) == ("1", "retried")


async def test_what_may_have_arrived_is_in_doubt_until_it_is_taken(endpoint: Endpoint) -> None:
    doubtful = replace(RECORD, memory={IN_DOUBT: "started"})
    endpoint.status = 500
    await endpoint.failure(doubtful)
    assert in_doubt(endpoint.failed)
    endpoint.status = 200
    assert await endpoint.post(doubtful) == {RETRIES: "0"}


async def test_what_was_refused_or_is_the_end_itself_leaves_nothing_in_doubt(endpoint: Endpoint) -> None:
    endpoint.status = 404
    await endpoint.failure()
    assert not in_doubt(endpoint.failed)
    assert not in_doubt(replace(RECORD, memory={IN_DOUBT: "finished"}))


async def test_what_is_heard_first_is_announced_with_what_tells_how_to_end_it(endpoint: Endpoint) -> None:
    """And nothing after it: a record tells by then that somebody waits for an end."""
    known = replace(RECORD, memory={"mine": "1"})
    await endpoint.post(known)
    assert (endpoint.bench.attempts, endpoint.bench.remembered) == (1, {"mine": "1"})
    await endpoint.post(replace(known, delivered=1))
    await endpoint.post(replace(known, intent=Attempt(id="1", holder="a", started=NOW, deadline=NOW)))
    assert endpoint.bench.attempts == 1


async def test_who_refused_the_first_for_good_waits_for_no_end(endpoint: Endpoint) -> None:
    endpoint.status = 413
    await endpoint.failure(replace(RECORD, memory={"mine": "1", RETRIES: "2"}))
    assert (endpoint.bench.attempts, endpoint.bench.remembered) == (1, {RETRIES: "2"})


async def test_where_nobody_listens_it_is_tried_again_by_the_schedule() -> None:
    async with bench(await unused_url(), [NOW]) as nobody:
        with pytest.raises(TemporaryError) as caught:
            await Poster().post(RECORD, nobody.context(milestone=milestone()), MESSAGE)
    assert caught.value.reason == "Unreachable"
    assert caught.value.delay is not None
    assert SCHEDULE[0] <= caught.value.delay <= 1.1 * SCHEDULE[0]
