"""What must be true at GitHub and in the record when all is quiet: each thing once, and showing the last state."""

from collections import Counter
from collections.abc import Iterator

from integrations.github.tests.blows import FINDINGS, TASKS
from integrations.github.tests.history import PULL, SHA, History
from tests.fakes.github import CheckRun

NAME = "Tekton / build"
DUPLICATE = "Duplicate"
ENDS = {NAME: "failure"} | {
    f"{NAME} / {task}": {"Succeeded": "success", "Failed": "failure"}[states[-1]] for task, states in TASKS.items()
}
GREEN = ("success", "neutral", "skipped")


async def complaints(history: History, *, again: bool = False) -> list[str]:
    """Of a run that has ended and is still there. `again`: a call took effect so late that it was made once more, which
    docs/decisions/0002 allows: then nothing is lost or open, and what stands there twice says so, or says the same."""
    found = [*_checks(history, again=again)] if history.by_app else [*_statuses(history)]
    found += [*_deployments(history, again=again), *_comments(history, again=again)]
    record = await history.record()
    if record is None or not record.settled:
        found.append(f"the record says {record.condition if record else 'nothing'}")
    elif record.intent or record.verify_after:
        found.append("the record is in doubt")
    return found + [f"called {each.early_by:.0f} s early" for each in history.github.violations]


def _checks(history: History, *, again: bool) -> Iterator[str]:
    checks = history.github.check_runs("acme/api", SHA)
    newest = {check.name: check for check in checks}
    if {name: check.conclusion or check.status for name, check in newest.items()} != ENDS:
        yield f"the checks are {_said(checks)}"
    older = [check for check in checks if check is not newest[check.name]]
    if any(check.conclusion != ENDS[check.name] and not ended_as(check, DUPLICATE) for check in older):
        yield f"of twins there are {_said(checks)}"
    # GitHub calls the one the latest that was completed last.
    if any((check.completed_at or "") > (newest[check.name].completed_at or "") for check in older):
        yield f"an older twin stands before the newest: {_said(checks)}"
    notes = Counter(note["start_line"] for note in newest[NAME].output.annotations) if NAME in newest else Counter()
    if len(notes) != FINDINGS:
        yield f"there are {len(notes)} annotations"
    if not again and (older or set(notes.values()) != {1}):
        yield f"there is something twice: {_said(checks)}, {notes.total()} annotations"


def _said(checks: list[CheckRun]) -> list[tuple[str, str, str | None]]:
    return [(check.name, check.conclusion or check.status, check.output.title) for check in checks]


def ended_as(check: CheckRun, title: str) -> bool:
    return check.conclusion == "cancelled" and check.output.title == title


def _statuses(history: History) -> Iterator[str]:
    if history.github.check_runs("acme/api", SHA):
        yield "there is a check"
    states = [status.state for status in history.github.statuses("acme/api", SHA)]
    if not states or states[-1] != "failure":
        yield f"the statuses are {states}"


def _deployments(history: History, *, again: bool) -> Iterator[str]:
    told = [[status.state for status in each.statuses] for each in history.github.deployments("acme/api")]
    live = [states for states in told if states[-1:] != ["inactive"]]
    if len(live) != 1 or live[0][-1:] != ["failure"]:
        yield f"the deployments were told {told}"
    if not again and (len(told) != 1 or told[0].count("failure") != 1):
        yield f"there is something twice: the deployments were told {told}"


def _comments(history: History, *, again: bool) -> Iterator[str]:
    bodies = [comment.body for comment in history.github.comments("acme/api", PULL)]
    live = [body for body in bodies if not body.startswith("A duplicate of ")]
    if len(live) != 1 or "test failed" not in live[0] or (len(bodies) > 1 and not again):
        yield f"the comments are {[body[:40] for body in bodies]}"


async def left_behind(history: History) -> list[str]:
    """What a run that was deleted has left: nothing open, and nothing green but of a task that has succeeded."""
    found = []
    for check in history.github.check_runs("acme/api", SHA):
        if check.status != "completed":
            found.append(f"{check.name} is left {check.status}")
        if check.conclusion in GREEN and ENDS[check.name] != check.conclusion:
            found.append(f"{check.name} is left {check.conclusion}")
    statuses = history.github.statuses("acme/api", SHA)
    if statuses and statuses[-1].state not in ("error", "failure"):
        found.append(f"the status is left {statuses[-1].state}")
    for deployment in history.github.deployments("acme/api"):
        if deployment.state not in ("error", "failure"):
            found.append(f"a deployment is left {deployment.state}")
    record = await history.record()
    if record is not None and not record.owned:
        found.append("a record is left that nobody will collect")
    return found
