"""GitHub's limits: kept, obeyed, and nothing lost or sent too early, whoever is in charge."""

import asyncio
import logging
import time
from datetime import datetime
from typing import Any

import pytest

from hack import objects
from hack.controller import NAMESPACE, Controller
from hack.testbed.api import polled
from tests.e2e.replicas import Replicas
from tests.e2e.stage import GROUP, USER, Stage, condition
from tests.e2e.test_wakeups import rested, sees
from tests.fakes.github import Hang, PrimaryLimit, SecondaryLimit, ServerError, TooManyRequests

log = logging.getLogger(__name__)

PROVIDER = f"{GROUP}/namespaces/{NAMESPACE}/providers/github"
CREATE = "^POST /repos/acme/api/check-runs$"
CHECKS = "/repos/acme/api/check-runs"


def sha_of(number: int) -> str:
    return f"{number + 1:040x}"


async def play(stage: Stage, namespace: str, count: int) -> None:
    plays = [
        stage.player.play("failure", namespace=namespace, name=f"run-{n}", sha=sha_of(n), events=False, children=False)
        for n in range(count)
    ]
    await asyncio.gather(*plays)


def shown(stage: Stage, count: int) -> list[list[str | None]]:
    return [[check.conclusion for check in stage.checks(sha_of(n))] for n in range(count)]


async def test_a_429_with_retry_after_is_obeyed_by_all_runs(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    stage.github.faults.add(CREATE, TooManyRequests(retry_after=3), times=1)
    await play(stage, namespace, 20)
    await stage.all_reported(namespace, 20)
    assert shown(stage, 20) == [["failure"]] * 20
    # What was under way already when the answer came can't be taken back.
    assert len([v for v in stage.github.violations if v.early_by < 2.5]) == 0


async def test_a_wait_of_over_five_seconds_is_said_in_the_record_and_costs_one_write(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    stage.github.faults.add(CREATE, SecondaryLimit(retry_after=8), times=1)
    await play(stage, namespace, 1)
    record = await stage.until_record(namespace, lambda r: condition(r)["reason"] == "Throttled")
    assert condition(record)["status"] == "Unknown"
    assert "GitHub asked to wait" in condition(record)["message"]
    await stage.reported(namespace)
    assert shown(stage, 1) == [["failure"]]
    assert stage.github.violations == []
    assert len(stage.writes(namespace, "integrationstatuses")) <= 4
    assert await stage.events(namespace, "Warning") == []


async def test_a_spent_primary_limit_is_waited_out(stage: Stage, controller: Controller, namespace: str) -> None:
    stage.github.faults.add(CREATE, PrimaryLimit(reset_after=6), times=1)
    await play(stage, namespace, 3)
    await stage.all_reported(namespace, 3)
    assert shown(stage, 3) == [["failure"]] * 3


@pytest.mark.long
async def test_ten_percent_of_failing_answers_lose_and_double_nothing(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    numbers = iter(range(10**6))
    stage.github.faults.add(lambda call: CHECKS in call.path and next(numbers) % 10 == 3, ServerError(503), times=None)
    count = 40
    await play(stage, namespace, count)
    await stage.all_reported(namespace, count, seconds=120)
    assert shown(stage, count) == [["failure"]] * count


async def test_a_call_that_hangs_does_not_hold_up_the_others(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    rule = stage.github.faults.add(CREATE, Hang(), times=1)
    await play(stage, namespace, 10)

    async def others() -> bool:
        return sum(conclusions == ["failure"] for conclusions in shown(stage, 10)) == 9

    await polled(others, 8)
    rule.release()
    await stage.all_reported(namespace, 10)
    assert shown(stage, 10) == [["failure"]] * 10


async def allowance(stage: Stage, field: str) -> Any:
    """What the Provider's status says of acme, once it says it."""

    async def probe() -> Any:
        provider = await stage.bed.request("GET", PROVIDER)
        found = [each for each in provider.get("status", {}).get("allowances", []) if each["scope"] == "acme"]
        return found[0].get(field) if found else None

    return await polled(probe, 20)


@pytest.mark.long
async def test_a_holder_that_is_killed_after_a_refusal_is_followed_by_one_that_waits(
    stage: Stage, namespace: str
) -> None:
    async with Replicas.started(stage) as replicas:
        rule = stage.github.faults.add(CREATE, SecondaryLimit(retry_after=45), times=1)
        playing = asyncio.create_task(play(stage, namespace, 3))
        await rule.struck()
        refused = time.monotonic()
        until = datetime.fromisoformat(await allowance(stage, "blockedUntil")).timestamp() - time.time()
        log.info("%.0f ms after the refusal its end was in the Provider's status", 1000 * (time.monotonic() - refused))
        await replicas.leader.kill()
        killed = time.monotonic()
        taken = (await replicas.taken_over()).time
        await stage.all_reported(namespace, 3, 90)
        # What was sent before is served for a moment. What the App itself asks (for a token) has a limit of its own.
        calls = [call for call in stage.github.requests if call.client.startswith("installation")]
        first = next(call.loop_time for call in calls if call.loop_time > killed + 0.1)
        log.info("Lease after %.1f s, first call after %.1f s", taken - refused, first - refused)
        await playing
    assert 43 < until <= 46.5
    assert taken - refused < 25
    assert 45 <= first - refused < 60
    assert shown(stage, 3) == [["failure"]] * 3
    assert stage.github.violations == []


async def test_a_holder_that_goes_hands_on_what_remains(stage: Stage, namespace: str) -> None:
    stage.github.limits.hourly = 40
    async with Replicas.started(stage) as replicas:
        await play(stage, namespace, 3)
        await stage.all_reported(namespace, 3)
        left = stage.github.limits.figures(stage.github.requests[-1].client)["remaining"]
        await replicas.leader.stop()
        assert await allowance(stage, "remaining") == left
        assert await allowance(stage, "limit") == 40
        await replicas.taken_over()


async def test_what_is_written_about_limits_wakes_nobody_and_reads_no_secret(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.provide()  # no grants: a run whose report waits for a change of the Provider
    await stage.player.play("success", namespace=namespace, events=False, children=False)
    await stage.failed(namespace, "NotGranted")
    await polled(lambda: tried(stage))
    looks, reads = await rested(controller), len(secret_reads(stage))
    status = {"status": {"allowances": [{"scope": "acme", "limit": 5000, "remaining": 7}]}}
    await stage.bed.api.patch(f"{PROVIDER}/status", status, "merge")
    later = objects.github_app("default", "later", app_id=7, secret="none", endpoint=stage.github.url, grants=[])
    await stage.bed.apply(later)
    try:
        await polled(lambda: sees(controller, providers=2))  # and so what was written before
        assert await rested(controller) == looks
        assert len(secret_reads(stage)) == reads
    finally:
        await stage.bed.kubectl("delete", "providers.integrations.tekton.dev", "later", "-n", "default")


async def tried(stage: Stage) -> bool:
    """Whether its credential was, as it is now; that reads the Secret."""
    found = await stage.bed.request("GET", PROVIDER)
    conditions = found.get("status", {}).get("conditions", [])
    return [each["observedGeneration"] for each in conditions] == [found["metadata"]["generation"]]


def secret_reads(stage: Stage) -> list[Any]:
    """Those of the shared Provider; `later` is tried, as each new one is."""
    entries = stage.bed.audit(user=USER, verbs=["get"], resource="secrets")
    return [each for each in entries if each["objectRef"]["namespace"] == NAMESPACE]
