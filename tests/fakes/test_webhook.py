"""The receiver takes what is signed with its key, each once, refuses the rest, and fails as told."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from standardwebhooks import Webhook

from tests.fakes.webhook import KEY, OTHER_KEY, Cut, Receiver, Refusal, Silence

BODY = b'{"type": "tekton.pipelinerun.created", "data": {"run": {"name": "a"}, "milestone": "created", "sequence": 1}}'


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver.started(KEY) as receiver:
        yield receiver


def signed(key: str = KEY, body: bytes = BODY, message: str = "msg-1", at: float | None = None) -> dict[str, str]:
    """By the library of the standard."""
    sent = int(at if at is not None else time.time())
    signature = Webhook(key).sign(message, datetime.fromtimestamp(sent, UTC), body.decode())
    return {
        "webhook-id": message,
        "webhook-timestamp": str(sent),
        "webhook-signature": signature,
        "content-type": "application/json",
    }


async def post(receiver: Receiver, headers: dict[str, str], body: bytes = BODY) -> tuple[int, dict[str, str]]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{receiver.url}/hook", headers=headers, data=body, allow_redirects=False) as answer,
    ):
        return answer.status, dict(answer.headers)


async def test_it_takes_what_is_signed_once_and_counts_repetitions(receiver: Receiver) -> None:
    for _ in range(3):
        assert (await post(receiver, signed()))[0] == 204
    assert receiver.told("a") == ["created"]
    assert receiver.repeats == {"msg-1": 2}


@pytest.mark.parametrize(
    ("wrong", "headers", "why"),
    [
        ({"key": OTHER_KEY}, {}, "No matching signature found"),
        ({"body": b"{}"}, {}, "No matching signature found"),
        ({}, {"webhook-signature": ""}, "Missing required headers"),
        ({"at": 0.0}, {}, "Message timestamp too old"),
        ({"message": "a.b"}, {}, "no webhook-id, or one with a full stop"),
    ],
)
async def test_it_refuses_what_is_not(
    receiver: Receiver, wrong: dict[str, Any], headers: dict[str, str], why: str
) -> None:
    """Signed when the test runs: within five minutes, which tests may have waited since they were collected."""
    assert (await post(receiver, {**signed(**wrong), **headers}))[0] == 401
    assert receiver.refused == [why]
    assert receiver.received == []


async def test_it_refuses_a_type_that_the_standard_does_not_allow(receiver: Receiver) -> None:
    body = b'{"type": "a-b"}'
    assert (await post(receiver, signed(body=body), body))[0] == 401


async def test_without_a_key_it_takes_everything() -> None:
    async with Receiver.started() as receiver:
        assert (await post(receiver, {**signed(OTHER_KEY), "webhook-signature": ""}))[0] == 204


async def test_a_gap_or_a_wrong_order_is_noticed(receiver: Receiver) -> None:
    body = BODY.replace(b'"sequence": 1', b'"sequence": 2')
    await post(receiver, signed(body=body), body)
    with pytest.raises(AssertionError):
        receiver.told("a")


async def test_it_fails_as_told(receiver: Receiver) -> None:
    receiver.faults.add(Refusal(status=503, retry_after=3), times=1)
    receiver.faults.add(Refusal(status=302), times=1)
    assert (await post(receiver, signed()))[1]["Retry-After"] == "3"
    assert (await post(receiver, signed()))[1]["Location"] == f"{receiver.url}/elsewhere"
    assert receiver.received == []


@pytest.mark.parametrize(("when", "taken"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("kind", [Cut, Silence])
async def test_no_answer_may_mean_that_it_was_taken(
    receiver: Receiver, kind: type[Cut] | type[Silence], when: str, taken: int
) -> None:
    receiver.faults.add(
        kind(when="after" if when == "after" else "before"), times=1, seconds=1 if kind is Silence else None
    )
    with pytest.raises(aiohttp.ClientError):
        await post(receiver, signed())
    assert len(receiver.received) == taken
    assert [call.status for call in receiver.calls] == [None]
