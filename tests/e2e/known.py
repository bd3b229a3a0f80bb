"""What a run of a random example may be and ask, what GitHub then shows, and what is known of one that was made."""

from dataclasses import dataclass

PATHS = {
    "PipelineRun": ("tekton.dev/v1", "pipelineruns", {"pipelineSpec": {"tasks": []}}),
    "TaskRun": ("tekton.dev/v1", "taskruns", {"taskSpec": {"steps": []}}),
    "CustomRun": ("tekton.dev/v1beta1", "customruns", {"customSpec": {"apiVersion": "test/v1", "kind": "Test"}}),
}


@dataclass(frozen=True)
class Ask:
    """`sha` is the number of one; `problem` is the reason that the record names, if this can't be served."""

    repository: str = ""
    sha: int | None = None
    name: str = ""
    problem: str = ""


ASKS = {
    "main": Ask("acme/api", 0),
    "moved": Ask("acme/api", 1),
    "renamed": Ask("acme/api", 0, "Another name"),
    "elsewhere": Ask("acme/web", 0),
    "ungranted": Ask("other/api", 0, problem="NotGranted"),
    "incomplete": Ask("acme/api", problem="MissingAnnotation"),
    "nothing": Ask(),
}


@dataclass(frozen=True)
class Status:
    """What Tekton would say, and what a check run shows then. A run gets only statuses of a higher rank."""

    rank: int
    status: str | None
    reason: str
    shown: tuple[str, str | None]
    state: str


STATUSES = {
    "none": Status(0, None, "", ("queued", None), "Queued"),
    "pending": Status(1, "Unknown", "Pending", ("queued", None), "Queued"),
    "running": Status(2, "Unknown", "Running", ("in_progress", None), "Running"),
    "succeeded": Status(3, "True", "Succeeded", ("completed", "success"), "Succeeded"),
    "failed": Status(3, "False", "Failed", ("completed", "failure"), "Failed"),
    "ignored": Status(3, "False", "FailureIgnored", ("completed", "neutral"), "FailureIgnored"),
    "invalid": Status(3, "False", "ParameterMissing", ("completed", "failure"), "CouldNotStart"),
    "cancelled": Status(3, "False", "Cancelled", ("completed", "cancelled"), "Cancelled"),
    "timed out": Status(3, "False", "TaskRunTimeout", ("completed", "timed_out"), "TimedOut"),
}


@dataclass(eq=False)
class Known:
    """A run that was made. `excused`: what it left open could not be concluded, as nothing was granted then."""

    slot: int
    kind: str
    name: str
    uid: str
    ask: str
    external_id: str
    status: str = "none"
    exists: bool = True
    excused: bool = False

    @property
    def final(self) -> bool:
        return STATUSES[self.status].shown[0] == "completed"
