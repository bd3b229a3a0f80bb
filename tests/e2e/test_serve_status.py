"""`/status`: the listener's codes and words, for a run in each state, and waiting without asking again and again."""

import asyncio
from typing import Any, NamedTuple

import aiohttp
import pytest

from hack.player import Player
from hack.testbed import Kubelet, TestBed
from hack.testbed.api import polled
from tests.e2e.handmade import Handmade
from tests.e2e.served import ACCOUNT, HOME

USER = f"system:serviceaccount:{HOME}:{ACCOUNT}"


async def asked(session: aiohttp.ClientSession, url: str) -> tuple[int, Any]:
    async with session.get(url) as answer:
        assert answer.content_type == "application/json"
        return answer.status, await answer.json()


async def test_health_needs_no_login(url: str, session: aiohttp.ClientSession) -> None:
    assert await asked(session, f"{url}/health") == (200, {"status": 1})


class Case(NamedTuple):
    """A recording, played to its end or to a step, and what is answered."""

    recording: str
    code: int
    status: str
    reason: str
    until: int = 10**6


CASES = [
    Case("success", 200, "True", "Succeeded"),
    Case("failure", 400, "False", "Failed"),
    Case("cancelled", 400, "False", "Cancelled"),
    Case("timeout", 400, "False", "PipelineRunTimeout"),
    Case("skipped", 200, "True", "Completed"),
    Case("success", 400, "Unknown", "Pending", until=1),
    Case("success", 400, "Unknown", "Running", until=9),
    Case("taskrun", 200, "True", "Succeeded"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.recording}-{case.reason}")
async def test_only_a_run_that_succeeded_is_answered_with_200(
    bed: TestBed, namespace: str, url: str, session: aiohttp.ClientSession, case: Case
) -> None:
    async with Player.connected(bed.admin_kubeconfig) as player:
        await player.play(case.recording, namespace=namespace, name="demo", until=case.until)
    found, said = await asked(session, f"{url}/namespaces/{namespace}/status/demo")
    assert (found, said["status"], said["reason"]) == (case.code, case.status, case.reason)
    assert said["type"] == "Succeeded"
    assert said.keys() == {"message", "reason", "type", "status"}
    assert await asked(session, f"{url}/status/demo?namespace={namespace}") == (case.code, said)
    async with session.head(f"{url}/namespaces/{namespace}/status/demo") as answer:
        assert (answer.status, await answer.read()) == (case.code, b"")


async def test_what_is_not_there_or_makes_no_sense_is_told_as_json(url: str, session: aiohttp.ClientSession) -> None:
    words = "There is no PipelineRun or TaskRun none in default."
    missing = await asked(session, f"{url}/status/none?namespace=default")
    assert missing == (404, {"message": words, "reason": "NotFound", "code": 404})
    for path in (
        "/status/UPPER",
        "/status/x?wait=-1",
        "/status/x?wait=9999",
        "/status/x?kind=Pod",
        "/status/x?namespace=",
    ):
        code, said = await asked(session, url + path)
        assert (code, said["reason"], said["code"]) == (400, "BadRequest", 400)
    assert await asked(session, f"{url}/nothing") == (
        404,
        {"message": "Not Found: GET /nothing", "reason": "NotFound", "code": 404},
    )
    async with session.post(f"{url}/status/x") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")


async def test_an_answer_can_wait_for_the_run_and_for_its_end(
    bed: TestBed, namespace: str, url: str, session: aiohttp.ClientSession
) -> None:
    async with Kubelet.started(bed, "serve-status") as kubelet:
        run = Handmade(bed, kubelet, namespace, "demo")
        address = f"{url}/namespaces/{namespace}/status/demo"
        answer = asyncio.create_task(asked(session, f"{address}?wait=60"))
        await polled(lambda: _watched(bed, namespace))
        await run.create()
        await run.task("build")
        await run.end("build")
        await run.finish()
        code, said = await answer
        assert (code, said["status"]) == (200, "True")
    reads = [e for e in bed.audit(user=USER, resource="pipelineruns") if e["objectRef"]["namespace"] == namespace]
    assert [each["verb"] for each in reads].count("get") == 1


async def test_waiting_has_an_end(url: str, session: aiohttp.ClientSession, namespace: str) -> None:
    code, _ = await asked(session, f"{url}/namespaces/{namespace}/status/demo?wait=1")
    assert code == 404


async def _watched(bed: TestBed, namespace: str) -> bool:
    """The service has looked, and found nothing."""
    found = bed.audit(user=USER, verbs=("get",), resource="taskruns")
    return any(each["objectRef"]["namespace"] == namespace for each in found)
