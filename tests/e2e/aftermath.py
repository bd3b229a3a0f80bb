"""Recorded runs, one on each commit, and what is not right about them at GitHub in the end."""

import asyncio
from collections.abc import Iterator

from hack.testbed.api import polled
from tests.e2e.stage import Stage
from tests.fakes.github import CheckRun

RECORDINGS = ("success", "failure", "cancelled", "not-found", "skipped")
ENDS = {
    "success": "success",
    "failure": "failure",
    "cancelled": "cancelled",
    "not-found": "failure",
    "skipped": "success",
}
CREATE = "^POST /repos/acme/api/check-runs$"
LIST = "^GET .*/commits/.*/check-runs$"
# A call in doubt is settled within 30 s, and once more looked at 20 s later.
REPAIR = 150


def sha_of(number: int) -> str:
    return f"{number + 1:040x}"


def mistakes(stage: Stage, count: int) -> Iterator[str]:
    """What is not right about the runs 0..count-1 at GitHub."""
    for number in range(count):
        checks = stage.checks(sha_of(number))
        wanted = ENDS[RECORDINGS[number % len(RECORDINGS)]]
        if not checks:
            yield f"run {number} is not shown"
        elif checks[-1].conclusion != wanted:
            yield f"run {number} shows {checks[-1].status} {checks[-1].conclusion}, not {wanted}"
        if any(check.status != "completed" for check in checks):
            yield f"run {number} has a check that is still open"
        if len({check.external_id for check in checks}) > 1:
            yield f"run {number} has several ids"
        if [check for check in checks[:-1] if check.conclusion not in ("cancelled", wanted)]:
            yield f"run {number} has a stale twin"


def twins(stage: Stage, count: int) -> list[CheckRun]:
    return [check for number in range(count) for check in stage.checks(sha_of(number))[:-1]]


async def play(stage: Stage, namespace: str, count: int, speed: float) -> None:
    plays = [
        stage.player.play(
            RECORDINGS[number % len(RECORDINGS)],
            namespace=namespace,
            name=f"run-{number}",
            sha=sha_of(number),
            speed=speed,
            events=False,
        )
        for number in range(count)
    ]
    await asyncio.gather(*plays)


async def all_settled(stage: Stage, namespace: str, count: int) -> None:
    """Every record says True, waits for nothing more, and goes with its run."""

    async def probe() -> bool:
        records = await stage.records(namespace)
        return len(records) == count and all("ownerReferences" in r["metadata"] for r in records)

    await polled(probe, REPAIR)
