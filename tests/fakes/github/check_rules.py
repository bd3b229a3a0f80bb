"""What a check run's body may hold, and what it then changes.

https://docs.github.com/en/rest/checks/runs#create-a-check-run
"""

from dataclasses import replace
from typing import Any

from tests.fakes.github.call import ApiError, invalid_request, validation_failed
from tests.fakes.github.clock import timestamp
from tests.fakes.github.entities import CheckRun, Output
from tests.fakes.github.schema import Field, problems

LONGEST = 65_535
STATUSES = ("queued", "in_progress", "completed")
CONCLUSIONS = (
    "success",
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
)  # stale is GitHub's own
ANNOTATION = {
    "path": Field(required=True),
    "start_line": Field(kind="integer", required=True),
    "end_line": Field(kind="integer", required=True),
    "start_column": Field(kind="integer"),
    "end_column": Field(kind="integer"),
    "annotation_level": Field(required=True, choices=("notice", "warning", "failure")),
    "message": Field(required=True, longest=65_536),
    "title": Field(longest=255),
    "raw_details": Field(longest=65_536),
}
OUTPUT = {
    "title": Field(required=True),
    "summary": Field(required=True, longest=LONGEST),
    "text": Field(longest=LONGEST),
    "annotations": Field(kind="array", longest=50, fields=ANNOTATION),
}
ACTION = {
    "label": Field(required=True, longest=20),
    "description": Field(required=True, longest=40),
    "identifier": Field(required=True, longest=20),
}
UPDATE = {
    "name": Field(),
    "details_url": Field(),
    "external_id": Field(),
    "status": Field(choices=STATUSES),
    "conclusion": Field(choices=CONCLUSIONS),
    "started_at": Field(moment=True),
    "completed_at": Field(moment=True),
    "output": Field(kind="object", fields=OUTPUT),
    "actions": Field(kind="array", longest=3, fields=ACTION),
}
CREATE = UPDATE | {"name": Field(required=True), "head_sha": Field(required=True)}


def checked(body: Any, *, creating: bool) -> dict[str, Any]:
    """Raises GitHub's 422."""
    if not isinstance(body, dict):
        raise ApiError(400, "Body should be a JSON object")
    found = list(problems(body, CREATE if creating else UPDATE))
    done = body.get("status") == "completed" or "completed_at" in body
    if done and "conclusion" not in body:
        found.append('"conclusion" wasn\'t supplied.')
    if body.get("name") == "":
        found.append("For 'properties/name', \"\" is too short.")
    if found:
        raise invalid_request(*found)
    _check_details(body)
    return body


def _check_details(body: dict[str, Any]) -> None:
    if "details_url" in body and not body["details_url"].startswith(("http://", "https://")):
        raise validation_failed("CheckRun", "details_url must use the http or https scheme", "details_url")
    output = body.get("output", {})
    for name in ("summary", "text"):  # bytes, too: https://github.com/github/docs/issues/35252
        if len(output.get(name, "").encode()) > LONGEST:
            raise validation_failed("CheckRun", f"{name} exceeds a maximum bytesize of {LONGEST}", name)
    for note in output.get("annotations", ()):
        columns = note.get("start_column"), note.get("end_column")
        one_line = note["start_line"] == note["end_line"]
        if columns.count(None) == 1 or (columns != (None, None) and not one_line):
            raise validation_failed("CheckRun", field="annotations")


def apply(run: CheckRun, body: dict[str, Any], now: float) -> None:
    """Changes the run; a conclusion completes it whatever status was sent."""
    status = "completed" if "conclusion" in body else body.get("status", run.status)
    if run.status == "completed" and status != "completed":
        raise validation_failed("CheckRun", f"status can't go back from completed to {status}", "status")
    run.status = status
    for name in ("name", "details_url", "external_id", "conclusion", "started_at", "completed_at"):
        if name in body:
            setattr(run, name, body[name])
    if status == "completed" and not run.completed_at:
        run.completed_at = timestamp(now)
    if "actions" in body:
        run.actions = tuple(body["actions"])
    if "output" in body:
        run.output = _merged(run.output, body["output"])


def _merged(before: Output, sent: dict[str, Any]) -> Output:
    """Texts are replaced, annotations are added: sending them twice shows them twice."""
    return replace(
        before,
        title=sent["title"],
        summary=sent["summary"],
        text=sent.get("text", before.text),
        annotations=before.annotations + tuple(sent.get("annotations", ())),
    )
