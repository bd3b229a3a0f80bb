"""What GitHub shows in the end, beside what happened. The controller is not asked."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.fakes.github import CheckRun, Comment, GitHub

from .workload import Planned, Workload


@dataclass
class Verdict:
    """`lost`: a final state that is not shown, a finding or a comment that is missing. `doubled`: a second check run or
    comment, an annotation that stands twice. `stale`: something else is shown than the last state."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)


def judged(github: GitHub, work: Workload) -> Verdict:
    verdict = Verdict()
    newest: dict[int, CheckRun] = {}
    for run in work.runs:
        if check := _check(github, run, verdict):
            newest[run.number] = check
    for (repository, pull, pipeline), runs in work.conversations().items():
        marked = _marked(github.comments(repository, pull))
        _comment(marked.get(pipeline, []), runs, newest, verdict)
    return verdict


def _check(github: GitHub, run: Planned, verdict: Verdict) -> CheckRun | None:
    found = [check for check in github.check_runs(run.repository, run.sha) if check.name == run.check]
    if not found:
        verdict.lost.append(f"{run.name}: no check run")
        return None
    if len(found) > 1:
        verdict.doubled.append(f"{run.name}: {len(found)} check runs")
    last = found[-1]
    if last.status != "completed":
        verdict.lost.append(f"{run.name}: shown as {last.status}")
    elif last.conclusion != run.ending.conclusion:
        verdict.stale.append(f"{run.name}: {last.conclusion}, not {run.ending.conclusion}")
    verdict.lost += _missing(run, last)
    verdict.doubled += _twice(run, last)
    return last


def _missing(run: Planned, check: CheckRun) -> Iterator[str]:
    shown = len({str(sorted(each.items())) for each in check.output.annotations})
    if shown != run.findings:
        yield f"{run.name}: {shown} of {run.findings} annotations"


def _twice(run: Planned, check: CheckRun) -> Iterator[str]:
    counts = Counter(str(sorted(each.items())) for each in check.output.annotations)
    if again := sum(count - 1 for count in counts.values()):
        yield f"{run.name}: {again} annotations twice"


def _marked(comments: list[Comment]) -> dict[str, list[Comment]]:
    """By the pipeline that the head of each names."""
    found: dict[str, list[Comment]] = {}
    for comment in comments:
        name = comment.body.partition("Tekton / ")[2].partition("`")[0]
        found.setdefault(name, []).append(comment)
    return found


def _comment(comments: list[Comment], runs: list[Planned], newest: dict[int, CheckRun], verdict: Verdict) -> None:
    last = runs[-1]
    if len(comments) > 1:
        verdict.doubled.append(f"{last.name}: {len(comments)} comments")
    if last.ending.red and not comments:
        verdict.lost.append(f"{last.name}: no comment")
    check = newest.get(last.number)
    if comments and (check is None or f"/runs/{check.id}" not in comments[-1].body):
        verdict.stale.append(f"{last.name}: the comment shows an older run")
