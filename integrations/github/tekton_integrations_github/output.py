"""What GitHub shows of a run: run → payload. Pure.

Limits: https://docs.github.com/en/rest/checks/runs (title 255, summary 65,535 characters) and
https://docs.github.com/en/rest/commits/statuses (description 140).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tekton_integrations import Child, Run, State, clean

MAX_TITLE = 255
# GitHub counts characters and also bytes.
MAX_SUMMARY_BYTES = 65_000
MAX_DESCRIPTION = 140

# State → (status, conclusion) of a check run, and state of a commit status, which knows fewer words.
_CHECK = {
    State.QUEUED: ("queued", None),
    State.RUNNING: ("in_progress", None),
    State.SUCCEEDED: ("completed", "success"),
    State.SKIPPED: ("completed", "skipped"),
    State.FAILED: ("completed", "failure"),
    State.FAILURE_IGNORED: ("completed", "neutral"),
    State.COULD_NOT_START: ("completed", "failure"),
    State.CANCELLED: ("completed", "cancelled"),
    State.TIMED_OUT: ("completed", "timed_out"),
}
_STATUS = {
    State.QUEUED: "pending",
    State.RUNNING: "pending",
    State.SUCCEEDED: "success",
    State.SKIPPED: "success",
    State.FAILED: "failure",
    State.FAILURE_IGNORED: "success",
    State.COULD_NOT_START: "error",
    State.CANCELLED: "error",
    State.TIMED_OUT: "failure",
}
SETTLED_TITLE = "Run deleted, outcome unknown"
SETTLED = "The run was deleted, or no longer asks to be shown here, before it ended. Its outcome is unknown."


def check_run(run: Run, children: Sequence[Child]) -> dict[str, Any]:
    """The fields of a check run that follow from the run's state."""
    status, conclusion = _CHECK[run.state]
    payload: dict[str, Any] = {
        "status": status,
        "output": {"title": title(run, children), "summary": summary(run, children)},
    }
    if run.started:
        payload["started_at"] = _time(run.started)
    if conclusion:
        payload["conclusion"] = conclusion
        payload["completed_at"] = _time(run.finished or run.created)
    return payload


def commit_status(run: Run, children: Sequence[Child]) -> dict[str, str]:
    return {"state": _STATUS[run.state], "description": clean(plain(title(run, children)), MAX_DESCRIPTION)}


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


def title(run: Run, children: Sequence[Child]) -> str:
    """The outcome in a line, and what failed."""
    return clean(_title(run, failed(children)), MAX_TITLE)


def _title(run: Run, culprits: Sequence[Child]) -> str:
    match run.state:
        case State.SUCCEEDED:
            return f"Succeeded{_took(run)}"
        case State.SKIPPED:
            return "Skipped: no task had to run"
        case State.FAILED if culprits:
            more = f" (and {len(culprits) - 1} more)" if len(culprits) > 1 else ""
            return f"{culprits[0].task} failed: {cause(culprits[0])}{more}"
        case State.FAILED | State.FAILURE_IGNORED:
            return f"Failed: {run.message or run.reason}"
        case State.COULD_NOT_START:
            return f"Could not start: {run.message or run.reason}"
        case State.CANCELLED:
            return f"Cancelled{_took(run, 'after')}"
        case State.TIMED_OUT:
            return f"Timed out{_took(run, 'after')}"
        case _:
            return str(run.state)


def summary(run: Run, children: Sequence[Child]) -> str:
    parts = [f"{run.kind} {code(run.name)} in namespace {code(run.namespace)}: **{run.state}**."]
    if run.final and run.state is not State.SUCCEEDED:
        parts.append(f"\n\nTekton says {code(run.reason)}: {code(clean(run.message, 2000))}")
    for number, child in enumerate(failed(children)):
        separator = "\n" if number else "\n\n"
        parts.append(f"{separator}- {code(child.task)}: {code(cause(child))}")
    return _fitting(parts)


def _fitting(parts: Sequence[str]) -> str:
    """As many whole parts as GitHub takes, and how many were left out: half a part could leave markup open."""
    room, text = MAX_SUMMARY_BYTES, ""
    for number, part in enumerate(parts):
        room -= len(part.encode())
        if room < 0:
            return f"{text}\n\n{len(parts) - number} more are left out."
        text += part
    return text


def failed(children: Sequence[Child]) -> list[Child]:
    """The children that a person should look at, in the order in which they started."""
    return [child for child in children if child.state.red]


def cause(child: Child) -> str:
    """Which step ended how; else Tekton's reason and message."""
    for step in child.steps:
        if step.exit_code:
            why = f" ({step.reason})" if step.reason not in ("Error", "") else ""
            return f"step {step.name} exited with code {step.exit_code}{why}"
    return f"{child.reason}: {child.message}" if child.message else child.reason


def code(text: str) -> str:
    """Untrusted text as a Markdown code span: nothing in it is markup, a link or a mention."""
    return f"`{clean(text, 2000).replace('`', chr(39))}`" if text else "nothing"


def _took(run: Run, word: str = "in") -> str:
    if run.finished is None or run.started is None:
        return ""
    seconds = round(run.finished - run.started)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    text = " ".join(f"{value} {unit}" for value, unit in parts if value)
    return f" {word} {text or 'less than a second'}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
