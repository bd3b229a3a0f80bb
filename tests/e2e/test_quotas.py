"""GitHub's limits: kept, obeyed, and nothing lost or sent too early."""

import asyncio

from hack.controller import Controller
from hack.testbed.api import polled
from tests.e2e.stage import Stage, condition
from tests.fakes.github import Hang, PrimaryLimit, SecondaryLimit, ServerError, TooManyRequests

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


async def test_ten_percent_of_failing_answers_lose_and_double_nothing(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    numbers = iter(range(10**6))
    stage.github.faults.add(lambda call: CHECKS in call.path and next(numbers) % 10 == 3, ServerError(503), times=None)
    await play(stage, namespace, 40)
    await stage.all_reported(namespace, 40, seconds=120)
    assert shown(stage, 40) == [["failure"]] * 40


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
