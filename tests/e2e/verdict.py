"""What must be true of every run that there ever was, once all is quiet: at GitHub, and in its record."""

from collections.abc import Iterator
from typing import Any

from tests.e2e.heard import missed
from tests.e2e.known import ASKS, STATUSES, Known
from tests.e2e.shared import on_display
from tests.e2e.stage import condition
from tests.e2e.world import World
from tests.fakes.github import CheckRun

Object = dict[str, Any]
CONCLUDED = ("Duplicate", "Run deleted, outcome unknown")
FOREIGN = "other/"


async def complaints(world: World) -> list[str]:
    records = await world.records()
    found = [*on_display(world)]
    for run in world.runs:
        mine = [each for each in records if (_uid(each), each["spec"]["integration"]) == (run.uid, "github")]
        checks = [check for check in world.github.all_check_runs() if check.external_id == run.external_id]
        found += [f"{run.name} {run.uid[:8]}: {text}" for text in _of_run(world, run, mine, checks)]
        found += [f"{run.name} {run.uid[:8]}: {text}" for text in _heard(world, run, records)]
    known = {run.uid for run in world.runs}
    found += [f"record {each['metadata']['name']} of nobody" for each in records if _uid(each) not in known]
    return found


def _of_run(world: World, run: Known, records: list[Object], checks: list[CheckRun]) -> Iterator[str]:
    if run.exists and run.silent is not False:
        if run.silent and (records or checks):
            yield f"is its parent's business, and has {_all(checks)}, {_said(records)}"
        return
    ask = ASKS[run.ask]
    if any(check.repository.full_name.startswith(FOREIGN) for check in checks):
        yield "is shown where nothing is granted"
    if run.exists and ask.sha is not None and not ask.problem:
        here = [check for check in checks if _address(check) == _target(world, run) and not ask.shared]
        if not ask.shared:
            yield from _shown(run, here)
        yield from _left([check for check in checks if check not in here], run)
        yield from _reported(run, records)
        return
    yield from _left(checks, run)
    if run.exists and ask.problem:
        yield from _refused(records, ask.problem)
    elif any(not (run.exists and _rests(record)) for record in records):
        yield f"has records although it {'asks nothing' if run.exists else 'is gone'}: {_said(records)}"


def _heard(world: World, run: Known, records: list[Object]) -> Iterator[str]:
    mine = [each for each in records if (_uid(each), each["spec"]["integration"]) == (run.uid, "milestones")]
    yield from missed(run, world.receiver)
    if run.exists and run.heard:
        yield from _reported(run, mine)
    elif any(not run.exists or run.silent is False for _ in mine):
        yield f"has records of what nobody {'asks' if run.exists else 'can ask'}: {_said(mine)}"


def _shown(run: Known, checks: list[CheckRun]) -> Iterator[str]:
    live = [check for check in checks if not _concluded(check)]
    wanted = STATUSES[run.status].shown
    if [(check.status, check.conclusion) for check in live] != [wanted]:
        yield f"is {run.status}, and shows {_all(checks)}"


def _left(checks: list[CheckRun], run: Known) -> Iterator[str]:
    """At a place where it no longer asks to be shown."""
    possible = {"cancelled", STATUSES[run.status].shown[1]}
    for check in checks:
        if check.status != "completed" and not run.excused:
            yield f"left {check.name} open at {check.head_sha[:7]} of {check.repository.full_name}: {check.status}"
        if check.status == "completed" and check.conclusion not in possible:
            yield f"left {check.conclusion}, though it was {run.status}"


def _reported(run: Known, records: list[Object]) -> Iterator[str]:
    status, reason = ("True", "Reported") if run.final else ("Unknown", "InProgress")
    wanted = (status, reason, STATUSES[run.status].state)
    said = [(condition(r)["status"], condition(r)["reason"], r["status"].get("observedState")) for r in records]
    if said != [wanted]:
        yield f"is {run.status}, and its records say {_said(records)}"
    if any("intent" in record["status"] or "verifyTime" in record["status"] for record in records):
        yield f"is in doubt: {_said(records)}"


def _refused(records: list[Object], problem: str) -> Iterator[str]:
    if [(condition(record)["status"], condition(record)["reason"]) for record in records] != [("False", problem)]:
        yield f"has {problem}, and its records say {_said(records)}"


def _rests(record: Object) -> bool:
    """The record of a finished report stays until its run goes, whatever the run asks then."""
    return condition(record)["status"] == "True" and "ownerReferences" in record["metadata"]


def _concluded(check: CheckRun) -> bool:
    return check.conclusion == "cancelled" and check.output.title in CONCLUDED


def _target(world: World, run: Known) -> tuple[str, str, str]:
    ask = ASKS[run.ask]
    return ask.repository, world.sha(ask.sha or 0), ask.name or f"Tekton / {run.name}"


def _address(check: CheckRun) -> tuple[str, str, str]:
    return check.repository.full_name, check.head_sha, check.name


def _uid(record: Object) -> str:
    return str(record["spec"]["runRef"]["uid"])


def _all(checks: list[CheckRun]) -> str:
    return ", ".join(f"#{c.id} {c.status} {c.conclusion} {c.output.title!r}" for c in checks) or "nothing"


def _said(records: list[Object]) -> str:
    def one(record: Object) -> str:
        status, now = record["status"], condition(record)
        more = {
            key: status[key] for key in ("observedState", "intent", "verifyTime", "nextAttemptTime") if key in status
        }
        owned = "ownerReferences" in record["metadata"]
        return f"{now['status']} {now['reason']} {now.get('message', '')!r} {more}{' owned' if owned else ''}"

    return "; ".join(map(one, records)) or "nothing"
