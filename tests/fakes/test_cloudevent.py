"""The receiver takes what a real Tekton sent, refuses what breaks the specification, and fails as told."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest

from hack.recording import DATA
from tests.fakes.cloudevent import Cut, Receiver, Refusal

# What belongs to the connection on which it was recorded.
CONNECTION = {"Content-Length", "Connection", "Accept-Encoding"}
GOOD = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-source": "/apis/tekton.dev/v1/namespaces/a/pipelineruns/b",
    "ce-type": "dev.tekton.event.pipelinerun.queued.v1",
    "content-type": "application/json",
}
STRUCTURED = {"specversion": "1.0", "id": "1", "source": "/a", "type": "t", "data": {"a": "é"}}


def recorded(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / f"tekton-cloudevents-{name}.ndjson").read_text().splitlines()]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver.started() as receiver:
        yield receiver


async def post(receiver: Receiver, headers: Mapping[str, str], body: object = None) -> int:
    content = json.dumps({"a": 1} if body is None else body).encode()
    async with (
        aiohttp.ClientSession() as session,
        session.post(receiver.url, headers=dict(headers), data=content) as answer,
    ):
        return answer.status


@pytest.mark.parametrize(("name", "last"), [("success", "pipelinerun.successful"), ("failure", "pipelinerun.failed")])
async def test_what_tekton_sent_is_taken_as_it_was_sent(receiver: Receiver, name: str, last: str) -> None:
    sent = recorded(name)
    for each in sent:
        headers = {key: value for key, value in each["headers"].items() if key not in CONNECTION}
        assert await post(receiver, headers, each["body"]) == 202
    assert receiver.violations == []
    assert [each.type for each in receiver.received] == [each["headers"]["Ce-Type"] for each in sent]
    assert [each.data for each in receiver.received] == [each["body"] for each in sent]
    assert receiver.types(name)[0] == "pipelinerun.queued"
    assert receiver.types(name)[-1] == last


async def test_each_is_kept_once_by_source_and_id(receiver: Receiver) -> None:
    for headers in (GOOD, GOOD, GOOD | {"ce-source": "/other"}):
        assert await post(receiver, headers) == 202
    assert len(receiver.received) == 2
    assert receiver.repeats == {"1": 1}


async def test_a_structured_one_is_taken(receiver: Receiver) -> None:
    assert await post(receiver, {"content-type": "application/cloudevents+json; charset=utf-8"}, STRUCTURED) == 202
    [received] = receiver.received
    assert (received.structured, received.data) == (True, {"a": "é"})


@pytest.mark.parametrize(
    "changes",
    [
        {"ce-id": ""},
        {"ce-specversion": "0.4"},
        {"ce-source": "not%20a reference"},
        {"ce-source": "a%5Eb^"},
        {"ce-subject": "grün"},
        {"ce-subject": "with space"},
        {"ce-subject": "100%"},
        {"ce-datacontenttype": "application/json"},
        {"ce-with_underscore": "1"},
        {"ce-time": "yesterday"},
    ],
)
async def test_what_breaks_the_specification_is_refused(changes: dict[str, str]) -> None:
    async with Receiver.started() as receiver:
        assert await post(receiver, GOOD | changes) == 400
    assert receiver.violations
    assert receiver.received == []


async def test_64_kib_are_the_most(receiver: Receiver) -> None:
    assert await post(receiver, GOOD, {"a": "x" * (63 * 1024)}) == 202
    assert await post(receiver, GOOD | {"ce-id": "2"}, {"a": "x" * (64 * 1024)}) == 400


async def test_a_receiver_may_take_one_mode_only() -> None:
    async with Receiver.started(modes=("structured",), status=204) as receiver:
        assert await post(receiver, GOOD) == 415
        assert await post(receiver, {"content-type": "application/cloudevents+json"}, STRUCTURED) == 204


async def test_it_fails_as_told(receiver: Receiver) -> None:
    receiver.faults.add(Refusal(status=503, retry_after=2), times=1)
    assert await post(receiver, GOOD) == 503
    receiver.faults.add(Cut(when="after"), times=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await post(receiver, GOOD)
    assert await post(receiver, GOOD) == 202
    assert [call.status for call in receiver.calls] == [503, None, 202]
    assert receiver.repeats == {"1": 1}
