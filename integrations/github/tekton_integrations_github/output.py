"""What GitHub shows of a run: run → payload. Pure; the words stand in title.py, causes.py, table.py and page.py.

Limits: https://docs.github.com/en/rest/checks/runs (title 255, summary 65,535 characters) and
https://docs.github.com/en/rest/commits/statuses (description 140).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from tekton_integrations import Child, Excerpt, Run, Skipped, State, clean, rfc3339
from tekton_integrations.outcome import Culprit, culprits, skipped, title
from tekton_integrations.text import count, one_line
from tekton_integrations_github import findings
from tekton_integrations_github import page as pages
from tekton_integrations_github.comment_text import comment
from tekton_integrations_github.findings import Annotations
from tekton_integrations_github.markdown import link
from tekton_integrations_github.page import Page
from tekton_integrations_github.states import LOOKS

MAX_DESCRIPTION = 140
MAX_TITLE = 255
# Ends of a run at which what was skipped did not have to run; and Tekton's reasons of tasks that never have to.
_GREEN = (State.SUCCEEDED, State.SKIPPED, State.FAILURE_IGNORED)
_MEANT = ("When Expressions evaluated to false", "Parent Tasks were skipped", "Matrix Parameters have an empty array")
# State → (status, conclusion) of a check run, and state of a commit status: for the docs, which show them.
_CHECK = {
    state: (look.status if look.conclusion is None else "completed", look.conclusion) for state, look in LOOKS.items()
}
_STATUS = {state: look.commit for state, look in LOOKS.items()}
SETTLED_TITLE = "Run deleted, outcome unknown"
SETTLED = "The run was deleted, or no longer asks to be shown here, before it ended. Its outcome is unknown."
_NOTHING_MORE = Page()


def check_run(run: Run, children: Sequence[Child], page: Page = _NOTHING_MORE) -> dict[str, Any]:
    """The fields of a check run that follow from the run, but for its annotations, which GitHub adds up."""
    left = annotations(run, page.excerpts).omitted
    notes = (f"{count(left, 'more finding')} in the log {'is' if left == 1 else 'are'} not shown.",) if left else ()
    return _check(run, children, replace(page, notes=(*page.notes, *notes)))


def _check(run: Run, children: Sequence[Child], page: Page) -> dict[str, Any]:
    shown = {"title": title(run, children), "summary": pages.summary(run, children, page.notes, page.footer)}
    # An empty text is sent, too: GitHub would keep the one before.
    shown["text"] = pages.text(run, children, page.excerpts)
    status, conclusion = _CHECK[run.state]
    payload: dict[str, Any] = {"status": status, "output": shown}
    if run.started:
        payload["started_at"] = rfc3339(run.started, precise=False)
    if conclusion:
        payload["conclusion"] = conclusion
        payload["completed_at"] = rfc3339(run.finished or run.created, precise=False)
    if link("", page.details_url):
        payload["details_url"] = page.details_url
    return payload


def ended(run: Run, children: Sequence[Child]) -> list[Child]:
    """Tekton ends what is below a run a moment after the run, which nobody is told of: it will not go on."""
    return [_ended(run, child) if run.final and not child.state.final else child for child in children]


def _ended(run: Run, child: Child) -> Child:
    """As Tekton itself will have it."""
    why = "has timed out" if run.state is State.TIMED_OUT else "has ended"
    message = f"TaskRun cancelled as the PipelineRun it belongs to {why}."
    steps = tuple(
        replace(step, exit_code=1, reason="TaskRunCancelled", finished=run.finished)
        if step.started is not None and step.finished is None
        else step
        for step in child.steps
    )
    reason = "TaskRunCancelled"
    return replace(child, state=State.CANCELLED, finished=run.finished, reason=reason, message=message, steps=steps)


def task_check(run: Run, child: Child, page: Page = _NOTHING_MORE) -> dict[str, Any]:
    """A check run for one task alone. Notes and findings stand in the run's."""
    [alone] = ended(run, [child])
    as_run = replace(
        run,
        kind=alone.kind,
        name=alone.name,
        state=alone.state,
        reason=alone.reason,
        message=alone.message,
        created=run.created if alone.started is None else alone.started,
        started=alone.started,
        finished=alone.finished,
        children=(),
        skipped=(),
    )
    return _check(as_run, [alone], replace(page, notes=(), footer=""))


def skipped_check(run: Run, task: Skipped, page: Page = _NOTHING_MORE) -> dict[str, Any]:
    """A check run for a task that did not run, at the run's end. `skipped` satisfies a required check, so it is said
    only where the pipeline meant it so; of a task that the failure of another kept from running, `cancelled`."""
    meant = run.state in _GREEN or task.reason in _MEANT
    why = skipped(task.reason)
    payload: dict[str, Any] = {
        "status": "completed",
        "conclusion": "skipped" if meant else "cancelled",
        "completed_at": rfc3339(run.finished or run.created, precise=False),
        "output": {
            "title": one_line(f"{'Skipped' if meant else 'Did not run'}{f': {why}' if why else ''}", MAX_TITLE),
            "summary": pages.unrun(run, task),
            "text": "",
        },
    }
    return payload | ({"details_url": page.details_url} if link("", page.details_url) else {})


def annotations(run: Run, excerpts: Mapping[str, Excerpt]) -> Annotations:
    """What the logs say of files; nothing while the run goes on, since GitHub never takes one back."""
    return findings.annotations(excerpts.values()) if run.final else Annotations()


def commit_status(run: Run, children: Sequence[Child], details_url: str = "") -> dict[str, str]:
    # GitHub keeps 1,000 statuses of a name, so they do not tell of progress.
    said = title(run, children) if run.final else str(run.state)
    description = one_line(plain(said), MAX_DESCRIPTION)
    payload = {"state": _STATUS[run.state], "description": description}
    return payload | {"target_url": details_url} if link("", details_url) else payload


def deployment_state(run: Run) -> tuple[str, str]:
    """(state, description of at most 140 characters) of a deployment status."""
    return LOOKS[run.state].deployment, one_line(plain(title(run, [])), MAX_DESCRIPTION)


def plain(text: str) -> str:
    """For commit statuses, in which GitHub refuses characters of four bytes."""
    return "".join(c if ord(c) <= 0xFFFF else "?" for c in text)


def is_settled(check: Mapping[str, Any]) -> bool:
    """Whether a check run is one that `settled_check_run` concluded."""
    return check["status"] == "completed" and (check.get("output") or {}).get("title") == SETTLED_TITLE


def settled_check_run() -> dict[str, Any]:
    """Never success, neutral or skipped: those satisfy a required check."""
    return {
        "status": "completed",
        "conclusion": "cancelled",
        "output": {"title": SETTLED_TITLE, "summary": SETTLED},
    }


def twin_check_run(started_at: str, kept: int) -> dict[str, Any]:
    """Ends in its own past, since GitHub calls the one that completed last the latest."""
    return {
        "status": "completed",
        "conclusion": "cancelled",
        "completed_at": started_at,
        "output": {"title": "Duplicate", "summary": f"The same run is shown by check run {kept}."},
    }


__all__ = [
    "SETTLED_TITLE",
    "Annotations",
    "Culprit",
    "Page",
    "annotations",
    "check_run",
    "clean",
    "comment",
    "commit_status",
    "culprits",
    "deployment_state",
    "is_settled",
    "plain",
    "settled_check_run",
    "skipped_check",
    "task_check",
    "title",
    "twin_check_run",
]
