"""What goes wrong at the look-alike, on demand. Delays are short here; the defaults are those seen at GitHub."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fakes.github import (
    Call,
    CutAfterWrite,
    CutBeforeWrite,
    Fault,
    GitHub,
    Hang,
    LaggingList,
    LateWrite,
    NotFound,
    PrimaryLimit,
    Redirect,
    SecondaryLimit,
    ServerError,
    TooManyRequests,
    Unauthorized,
)
from tests.fakes.github_client import LIST, RUNS, Client, acme

POST = "^POST .*/check-runs$"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with acme() as client:
        yield client


def names(reply_body: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["name"] for each in reply_body["check_runs"]]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (TooManyRequests(), 429),
        (SecondaryLimit(), 403),
        (PrimaryLimit(), 403),
        (ServerError(500), 500),
        (ServerError(502), 502),
        (ServerError(503), 503),
        (NotFound(), 404),
        (Unauthorized(), 401),
        (Redirect("/repositories/1"), 301),
    ],
)
async def test_a_refusal_does_nothing_and_then_passes(client: Client, fault: Fault, status: int) -> None:
    client.github.faults.add(POST, fault)
    assert (await client.create()).status == status
    assert client.runs() == []
    assert (await client.create()).status == 201


@pytest.mark.parametrize("fault", [TooManyRequests, SecondaryLimit])
async def test_retry_after_is_sent_only_where_asked(client: Client, fault: type[TooManyRequests]) -> None:
    client.github.faults.add(POST, fault())
    client.github.faults.add(POST, fault(retry_after=7))
    assert "Retry-After" not in (await client.create()).headers
    assert (await client.create()).headers["Retry-After"] == "7"


async def test_a_fault_strikes_as_often_as_it_was_told(client: Client) -> None:
    rule = client.github.faults.add(POST, ServerError(), times=2)
    assert [(await client.create()).status for _ in range(3)] == [502, 502, 201]
    assert len(rule.hits) == 2


async def test_a_fault_can_be_aimed_by_a_function(client: Client) -> None:
    def is_second(call: Call) -> bool:
        return isinstance(call.body, dict) and call.body.get("name") == "second"

    client.github.faults.add(is_second, ServerError(), times=None)
    assert [(await client.create(name=name)).status for name in ("first", "second")] == [201, 502]


async def test_a_connection_cut_before_the_write_leaves_nothing(client: Client) -> None:
    client.github.faults.add(POST, CutBeforeWrite())
    with pytest.raises(aiohttp.ClientError):
        await client.create()
    assert client.runs() == []


async def test_a_connection_cut_after_the_write_leaves_the_write(client: Client) -> None:
    client.github.faults.add(POST, CutAfterWrite())
    with pytest.raises(aiohttp.ClientError):
        await client.create()
    assert len(client.runs()) == 1


async def test_a_late_write_happens_long_after_the_client_has_gone(client: Client) -> None:
    client.github.faults.add(POST, LateWrite(seconds=1.0))
    with pytest.raises(aiohttp.ClientError):
        await client.create(name="late")
    assert client.runs() == []
    await client.create(name="again")
    await client.github.late_writes()
    assert [run.name for run in client.runs()] == ["again", "late"]


async def test_a_late_change_of_a_check_run_that_was_concluded_is_refused(client: Client) -> None:
    number = (await client.create()).body["id"]
    client.github.faults.add("^PATCH", LateWrite(seconds=1.0))
    with pytest.raises(aiohttp.ClientError):
        await client.update(number, status="in_progress")
    await client.update(number, conclusion="success")
    await client.github.late_writes()
    assert client.runs()[0].conclusion == "success"


async def test_a_late_write_that_has_not_come_ends_with_the_server() -> None:
    async with acme() as client:
        client.github.faults.add(POST, LateWrite())
        with pytest.raises(aiohttp.ClientError):
            await client.create()
    assert client.github.late == set()
    assert client.runs() == []


async def test_a_lagging_list_shows_what_was(client: Client) -> None:
    number = (await client.create(name="new")).body["id"]
    rule = client.github.faults.add("^GET .*/commits/.*/check-runs$", LaggingList(seconds=1.5), times=None)
    assert names((await client.get(LIST)).body) == []
    assert (await client.get(f"{RUNS}/{number}")).status == 200
    await asyncio.sleep(1.51)
    await client.update(number, conclusion="success")
    assert [each["status"] for each in (await client.get(LIST)).body["check_runs"]] == ["queued"]
    client.github.faults.remove(rule)
    assert [each["status"] for each in (await client.get(LIST)).body["check_runs"]] == ["completed"]


async def test_a_hanging_request_is_answered_when_released(client: Client) -> None:
    rule = client.github.faults.add(POST, Hang())
    request = asyncio.create_task(client.create())
    await rule.struck()
    assert client.runs() == []
    rule.release()
    assert (await request).status == 201


async def test_a_hanging_request_ends_by_itself(client: Client) -> None:
    client.github.faults.add(POST, Hang(seconds=0.02))
    assert (await client.create()).status == 201


async def test_a_request_can_hang_with_the_write_done(client: Client) -> None:
    written = asyncio.Event()

    async def note(call: Call) -> None:
        written.set()

    client.github.on_write(note)
    rule = client.github.faults.add(POST, Hang(after_write=True))
    request = asyncio.create_task(client.create())
    await written.wait()
    assert (len(client.runs()), request.done()) == (1, False)
    rule.release()
    assert (await request).status == 201


async def test_a_hanging_request_ends_with_the_server() -> None:
    async with acme() as client:
        rule = client.github.faults.add(POST, Hang())
        request = asyncio.create_task(client.create())
        await rule.struck()
    await asyncio.gather(request, return_exceptions=True)
    assert client.runs() == []


async def test_hooks_run_between_the_write_and_the_answer(client: Client) -> None:
    seen: list[tuple[str, int]] = []
    github: GitHub = client.github

    async def before_the_answer(call: Call) -> None:
        seen.append((call.method, len(client.runs())))
        assert not request.done()

    github.on_write(before_the_answer)
    github.on_request(before_the_answer)
    request = asyncio.create_task(client.create())
    await request
    assert seen == [("POST", 1), ("POST", 1)]


async def test_a_read_runs_no_write_hook(client: Client) -> None:
    written: list[Call] = []

    async def note(call: Call) -> None:
        written.append(call)

    client.github.on_write(note)
    await client.get(LIST)
    await client.create(conclusion="nonsense")
    assert written == []
