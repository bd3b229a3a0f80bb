"""The receiver keeps what it got and fails as told; the controller's process finds the integration without pip."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hack.testbed.api import polled
from tests.fakes.echo import Cut, Delay, Receiver, Refusal, Silence, installed

Payload = dict[str, Any]
FINAL = {"run": "r", "state": "Succeeded", "final": True}
RUNNING = {"run": "r", "state": "Running", "final": False}


def milestone(number: int, name: str) -> Payload:
    return {"id": f"id-{number}", "sequence": number, "milestone": name, "external_id": "x"} | RUNNING


class Client:
    def __init__(self, receiver: Receiver, session: aiohttp.ClientSession) -> None:
        self.receiver = receiver
        self._session = session

    async def put(self, payload: Payload, number: str = "x") -> int:
        async with self._session.put(f"{self.receiver.url}/runs/{number}", json=payload) as answer:
            return answer.status

    async def get(self, number: str = "x") -> tuple[int, Payload]:
        async with self._session.get(f"{self.receiver.url}/runs/{number}") as answer:
            return answer.status, await answer.json()

    async def post(self, payload: Payload) -> aiohttp.ClientResponse:
        async with self._session.post(f"{self.receiver.url}/milestones", json=payload) as answer:
            await answer.read()
            return answer


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    timeout = aiohttp.ClientTimeout(total=5)
    async with Receiver.started() as receiver, aiohttp.ClientSession(timeout=timeout) as session:
        yield Client(receiver, session)


async def test_the_last_state_counts_and_the_way_there_is_kept(client: Client) -> None:
    assert await client.get() == (404, {})
    assert [await client.put(RUNNING), await client.put(FINAL)] == [200, 200]
    assert await client.get() == (200, FINAL)
    run = client.receiver.of("r")
    assert ([put.state for put in run.puts], run.state, run.stale) == (["Running", "Succeeded"], "Succeeded", False)


async def test_an_end_that_is_overwritten_is_stale(client: Client) -> None:
    await client.put(FINAL)
    await client.put(RUNNING)
    assert client.receiver.of("r").stale


async def test_a_milestone_counts_once_and_its_repetitions_are_counted(client: Client) -> None:
    for each in (milestone(1, "created"), milestone(2, "started"), milestone(1, "created")):
        assert (await client.post(each)).status == 200
    run = client.receiver.of("r")
    assert (run.names, run.sequence) == (["created", "started"], [1, 2])
    assert client.receiver.repeats == {"id-1": 1}


@pytest.mark.parametrize(("status", "after", "sent"), [(503, None, None), (503, 2.0, "2"), (429, 0.5, "0.5")])
async def test_a_refusal_changes_nothing_and_says_when_to_come_back(
    client: Client, status: int, after: float | None, sent: str | None
) -> None:
    client.receiver.faults.add(Refusal(status=status, retry_after=after), "^POST /milestones", times=1)
    answer = await client.post(milestone(1, "created"))
    assert (answer.status, answer.headers.get("Retry-After")) == (status, sent)
    assert client.receiver.runs == {}
    assert (await client.post(milestone(1, "created"))).status == 200


async def test_a_fault_can_last_for_a_time(client: Client) -> None:
    client.receiver.faults.add(Refusal(), seconds=0.3)

    async def passed() -> bool:
        return await client.put(RUNNING) == 200

    assert await client.put(RUNNING) == 503
    await polled(passed, 3)


async def test_silence_ends_when_it_is_taken_away(client: Client) -> None:
    rule = client.receiver.faults.add(Silence())
    waiting = asyncio.create_task(client.post(milestone(1, "created")))

    async def hangs() -> bool:
        return rule.hits == 1

    await polled(hangs)
    assert not waiting.done()
    client.receiver.faults.remove(rule)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await waiting
    assert await client.put(RUNNING) == 200


async def test_silence_does_not_hold_up_the_end_of_a_test() -> None:
    async with aiohttp.ClientSession() as session:
        async with Receiver.started() as receiver:
            rule = receiver.faults.add(Silence())
            waiting = asyncio.create_task(session.post(f"{receiver.url}/milestones"))

            async def hangs() -> bool:
                return rule.hits == 1

            await polled(hangs)
        with pytest.raises(aiohttp.ClientError):
            await waiting


async def test_what_was_cut_after_it_was_done_is_kept(client: Client) -> None:
    client.receiver.faults.add(Cut(when="after"), times=1)
    client.receiver.faults.add(Cut(when="before"), times=1)
    for _ in range(2):
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await client.post(milestone(1, "created"))
    assert client.receiver.of("r").names == ["created"]
    assert not client.receiver.repeats


async def test_a_delay_only_delays(client: Client) -> None:
    client.receiver.faults.add(Delay(seconds=0.2), times=1)
    begun = asyncio.get_running_loop().time()
    assert await client.put(RUNNING) == 200
    assert asyncio.get_running_loop().time() - begun >= 0.2


async def test_a_dead_host_refuses_and_keeps_what_it_had(client: Client) -> None:
    await client.put(RUNNING)
    url = client.receiver.url
    await client.receiver.die()
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.put(FINAL)
    await client.receiver.revive()
    assert client.receiver.url == url
    assert await client.get() == (200, RUNNING)


async def test_many_hosts_stand_side_by_side() -> None:
    async with Receiver.started("127.0.0.2") as one, Receiver.started("127.0.0.3", one.port) as other:
        assert (one.port, one.host) == (other.port, "127.0.0.2")
        assert one.url != other.url


async def run(folder: Path, code: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **installed(folder)},
    )
    output, _ = await process.communicate()
    return output.decode().strip()


@pytest.mark.parametrize(("name", "kind"), [("echo", "Echo"), ("milestones", "Milestones")])
async def test_the_controller_finds_it_as_if_it_came_by_pip(tmp_path: Path, name: str, kind: str) -> None:
    code = f"from tekton_integrations import registry; print(type(*registry.load([{name!r}])).__name__)"
    assert await run(tmp_path, code) == kind


async def test_it_imports_the_public_contract_only(tmp_path: Path) -> None:
    code = (
        "import sys; from tekton_integrations import registry; registry.load(['echo', 'milestones']); "
        "print([name for name in sys.modules if name.split('.')[0] in ('tests', 'hack')])"
    )
    assert await run(tmp_path, code) == "[]"
