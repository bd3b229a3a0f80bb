"""What a run of a random example may be and ask, what GitHub then shows, and what is known of one that was made."""

from dataclasses import dataclass

OWN = "own"
PATHS = {
    "PipelineRun": ("tekton.dev/v1", "pipelineruns", {"pipelineSpec": {"tasks": []}}),
    "TaskRun": ("tekton.dev/v1", "taskruns", {"taskSpec": {"steps": []}}),
    "CustomRun": ("tekton.dev/v1beta1", "customruns", {"customSpec": {"apiVersion": "test/v1", "kind": "Test"}}),
}


@dataclass(frozen=True)
class Ask:
    """`sha` is the number of one; `problem` is the reason that the record names, if this can't be served. `key` is the
    annotation that says `name`; `shared`: a commit status, one for all that ask for it."""

    repository: str = ""
    sha: int | None = None
    name: str = ""
    problem: str = ""
    key: str = "name"
    shared: bool = False


ASKS = {
    "main": Ask("acme/api", 0),
    "moved": Ask("acme/api", 1),
    "renamed": Ask("acme/api", 0, "Another name"),
    "elsewhere": Ask("acme/web", 0),
    "ungranted": Ask("other/api", 0, problem="NotGranted"),
    "incomplete": Ask("acme/api", problem="MissingAnnotation"),
    "nothing": Ask(),
    "shared": Ask("state/api", 0, "ci", shared=True),
}
# What a child asks that says something of its own: by an annotation that no parent has.
ASKS[OWN] = Ask("acme/api", 2, "Of its own", key="context")


@dataclass(frozen=True)
class Status:
    """What Tekton would say, and what a check run and a commit status show then. A run gets only statuses of a higher
    rank."""

    rank: int
    status: str | None
    reason: str
    shown: tuple[str, str | None]
    state: str
    commit: str


STATUSES = {
    "none": Status(0, None, "", ("queued", None), "Queued", "pending"),
    "pending": Status(1, "Unknown", "Pending", ("queued", None), "Queued", "pending"),
    "running": Status(2, "Unknown", "Running", ("in_progress", None), "Running", "pending"),
    "succeeded": Status(3, "True", "Succeeded", ("completed", "success"), "Succeeded", "success"),
    "failed": Status(3, "False", "Failed", ("completed", "failure"), "Failed", "failure"),
    "ignored": Status(3, "False", "FailureIgnored", ("completed", "neutral"), "FailureIgnored", "success"),
    "invalid": Status(3, "False", "ParameterMissing", ("completed", "failure"), "CouldNotStart", "error"),
    "cancelled": Status(3, "False", "Cancelled", ("completed", "cancelled"), "Cancelled", "error"),
    "timed out": Status(3, "False", "TaskRunTimeout", ("completed", "timed_out"), "TimedOut", "failure"),
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A run that is to be made. `heard`: its milestones are told, too. `listed`: by its parent, which then answers for
    it unless it asks OWN."""

    slot: int
    kind: str
    ask: str
    heard: bool = False
    parent: "Known | None" = None
    listed: bool = False


@dataclass(eq=False, kw_only=True)
class Known:
    """A run that was made. `created`: in seconds since the epoch; `external_id` is its name at GitHub, `heard_as` where
    milestones are told. `excused`: what it left open could not be concluded, as nothing was granted then, or nobody
    knew of it. `silent`: its parent answers for it; None: perhaps, as the parent has changed. `forgotten`: somebody
    deleted its record, and perhaps no controller has seen that; `missed`: a controller has died since.
    `has_shared`: it asks for a shared place, or did; `has_child`: it lists one, or did."""

    slot: int
    kind: str
    name: str
    uid: str
    ask: str
    external_id: str
    heard_as: str
    created: float = 0.0
    heard: bool = False
    parent: "Known | None" = None
    silent: bool | None = False
    status: str = "none"
    exists: bool = True
    excused: bool = False
    forgotten: bool = False
    missed: bool = False
    has_shared: bool = False
    has_child: bool = False

    @property
    def final(self) -> bool:
        return STATUSES[self.status].shown[0] == "completed"

    @property
    def milestones(self) -> list[str]:
        """All that it has reached."""
        rank = STATUSES[self.status].rank
        return ["created", *(["started"] if rank > 1 else []), *(["finished"] if rank > 2 else [])]
