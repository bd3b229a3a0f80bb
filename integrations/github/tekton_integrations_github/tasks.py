"""One more check run for each task, where `checks: tasks` asks for them: so that a task can be a required check.

What each one shows is remembered, so that one that has not changed costs no call. A task that did not have to run has
none before the run's end, and then one that says so: a required check that nobody makes would be waited for.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tekton_integrations import Child, PermanentError, Record, Skipped
from tekton_integrations.outcome import labels
from tekton_integrations.text import count
from tekton_integrations_github import output
from tekton_integrations_github.check_runs import CheckRun, CheckRuns, reopenable
from tekton_integrations_github.needs import CHECKS
from tekton_integrations_github.options import MAX_NAME
from tekton_integrations_github.report import Report, digest

# Begins a key of the record's memory; what follows is the child's name, or of a skipped task its own and a slash, which
# no child has.
TASK = "task-check:"
# A record is a small thing, and each check costs two calls.
MAX_TASKS = 50
# Instead of a digest: nobody will say any more how it ended.
_LEFT = "left"


@dataclass(frozen=True)
class Task:
    """What has a check of its own: its name and external id there. `id`: what the record knows it by."""

    of: Child | Skipped
    id: str
    name: str
    external_id: str

    @property
    def key(self) -> str:
        return TASK + self.id


async def planned(report: Report) -> tuple[list[Task], tuple[str, ...]]:
    """The tasks that get a check of their own, and what the run's own check says about the others."""
    tasks = _named(report)
    granted = [task for task in tasks[:MAX_TASKS] if await _granted(report, task)]
    notes = []
    if (more := len(tasks) - MAX_TASKS) > 0:
        notes.append(f"Without a check of their own: {count(more, 'more task')}.")
    if refused := min(len(tasks), MAX_TASKS) - len(granted):
        notes.append(not_granted(refused))
    return granted, tuple(notes)


def not_granted(tasks: int) -> str:
    return f"Without a check of their own, since no grant allows their names: {count(tasks, 'task')}."


async def _granted(report: Report, task: Task) -> bool:
    """A name is given once, even if another run of the task's matrix would give it another one by now."""
    return task.key in report.memory or await report.calls.named(task.name).allowed(CHECKS)


async def show(report: Report, tasks: Sequence[Task]) -> int:
    """How many could not be shown, as the repository turned out to be where no grant allows their names."""
    refused = 0
    checks = CheckRuns(report.calls, report.target, report.context)
    found = await checks.with_ids([task.external_id for task in tasks]) if report.context.search and tasks else []
    for task in tasks:
        own = CheckRuns(report.calls.named(task.name), report.target, report.context)
        try:
            await _show(report, own, task, [check for check in found if check.external_id == task.external_id])
        except PermanentError as error:
            if error.reason != "NotGranted":
                raise
            refused += 1
    if report.run.final:
        await _leave(report, checks, {task.key for task in tasks})
    return refused


async def _show(report: Report, checks: CheckRuns, task: Task, found: Sequence[CheckRun]) -> None:
    """`found`: its checks, oldest first, where it was looked for."""
    payload = _spared(report, task)
    usable = reopenable(found, payload)
    if found:
        known = _Known.read(report, task).checked(usable, payload)
        report.keep({task.key: str(known)})
    known = _Known.read(report, task)
    number = known.number if known.number and known.shown == digest(payload) else await _bring(report, checks, task)
    for twin in usable[:-1]:
        await checks.end_twin(twin, int(number))


def _payload(report: Report, task: Task) -> dict[str, Any]:
    if isinstance(task.of, Skipped):
        return output.skipped_check(report.run, task.of, report.page)
    return output.task_check(report.run, task.of, report.page)


def _spared(report: Report, task: Task) -> dict[str, Any]:
    """Without the text where a log stands there that can't be read any more: GitHub keeps it."""
    payload, excerpt = _payload(report, task), report.page.excerpts.get(task.id)
    if excerpt and excerpt.gone and _Known.read(report, task).log:
        del payload["output"]["text"]
    return payload


class _Known(NamedTuple):
    """What the record remembers of one: its number, a digest of what it shows, and whether there is a log in that."""

    number: str = ""
    shown: str = ""
    log: str = ""

    @classmethod
    def read(cls, report: Report, task: Task) -> "_Known":
        return cls(*report.memory.get(task.key, "").split(":")[:3])

    def __str__(self) -> str:
        return ":".join(self if self.log else self[:2]) if any(self) else ""

    def checked(self, usable: Sequence[CheckRun], payload: Mapping[str, Any]) -> "_Known":
        """As far as it does not contradict what GitHub has: the newest counts there."""
        if not usable:
            return _Known()
        newest = usable[-1]
        same = self.number == str(newest.id)
        return _Known(str(newest.id), self.shown if same and newest.shows(payload) else "", self.log if same else "")


async def _bring(report: Report, checks: CheckRuns, task: Task) -> str:
    """Its number."""
    payload, known = _spared(report, task), _Known.read(report, task)
    check = await checks.update(int(known.number), payload) if known.number.isdecimal() else None
    if check is None:
        payload = _payload(report, task)
        report.keep({task.key: ":"})  # stored before it is made, so that it can be settled without the run
        check = await checks.create(task.name, task.external_id, payload)
    excerpt = report.page.excerpts.get(task.id)
    log = "log" if "text" not in payload["output"] or (excerpt and excerpt.lines) else ""
    report.keep({task.key: str(_Known(str(check.id), digest(payload), log))})
    return str(check.id)


async def _leave(report: Report, checks: CheckRuns, shown: set[str]) -> None:
    """Ends those of tasks that are gone, with the deleted run, or are not asked for any more."""
    for key, value in report.memory.items():
        number, _, said = value.partition(":")
        if key.startswith(TASK) and key not in shown and number.isdecimal() and said != _LEFT:
            await checks.end(int(number))
            report.keep({key: f"{number}:{_LEFT}"})


def _named(report: Report) -> list[Task]:
    run = report.run
    if run.kind != "PipelineRun":
        return []
    names = labels(run, report.children)
    found: list[tuple[Child | Skipped, str, str]] = [
        (child, child.name, names[child.name]) for child in report.children
    ]
    if run.final:
        ran = {child.task for child in report.children}
        found += [(each, f"{each.task}/", each.task) for each in run.skipped if each.task not in ran]
    check, mine = report.target.name, report.context.external_id
    return [Task(of, known_by, _name(check, name), external_id(mine, known_by)) for of, known_by, name in found]


def _name(check: str, task: str) -> str:
    ending = f" / {task}"
    return (check[: max(0, MAX_NAME - len(ending))] + ending)[-MAX_NAME:]


def external_id(mine: str, child: str) -> str:
    """As opaque as the run's own."""
    return hashlib.sha256(f"{mine}\0{child}".encode()).hexdigest()[:32]


def external_ids(record: Record, mine: str) -> list[str]:
    """Of the checks that the record remembers."""
    return [external_id(mine, key.removeprefix(TASK)) for key in record.memory if key.startswith(TASK)]
