"""Tekton's messages cut to what a person needs. Their shapes stand in tektoncd/pipeline: pkg/pod/status.go and
pkg/reconciler/{pipelinerun,taskrun}. One that is not known is shown as it is, without what only names the run. Pure.
"""

import re

import msgspec

KINDS = {"pipelines": "Pipeline", "tasks": "Task", "clustertasks": "ClusterTask", "stepactions": "StepAction"}
SKIPPED = {
    "When Expressions evaluated to false": "its when condition is not met",
    "Parent Tasks were skipped": "a task before it was skipped",
    "PipelineRun was stopping": "another task failed",
    "PipelineRun was gracefully cancelled": "the run was cancelled",
    "PipelineRun was gracefully stopped": "the run was stopped",
    "Results were missing": "a result that it needs is missing",
    "PipelineRun timeout has been reached": "the run's time was up",
    "PipelineRun Tasks timeout has been reached": "the time for tasks was up",
    "PipelineRun Finally timeout has been reached": "the time for finally tasks was up",
    "Matrix Parameters have an empty array": "its matrix is empty",
}
# A message that is longer was not written for people; what follows is not looked at.
_LOOKED_AT = 8000
_USER_ERROR = "[User error] "
_BEFORE = re.compile(r"\nPrevious status: \[(\w*)\] (.*)\Z", re.DOTALL)
_NOT_FOUND = re.compile(r'\b(pipelines|tasks|clustertasks|stepactions)\.tekton\.dev "([^"]{1,253})" not found')
_PARAMETERS = re.compile(r"(?:missing parameters|params which have no default values): \[([^\[\]]{1,500})\]")
_WORKSPACE = re.compile(r'requires workspace with name "([^"]{1,253})" be provided')
_EXIT = re.compile(
    r'"(?:(?P<kind>step|sidecar)-)?(?P<name>[^"]{1,253})" exited with code (?P<code>\d{1,9})(?:: (?P<reason>\w+))?'
)
_TALLY = re.compile(
    r"Tasks Completed: (?P<completed>\d{1,9}) \(Failed: (?P<failed>\d{1,9})(?: \(Ignored: (?P<ignored>\d{1,9})\))?, "
    r"Cancelled (?P<cancelled>\d{1,9})\)(?:, Incomplete: (?P<incomplete>\d{1,9}))?, Skipped: (?P<skipped>\d{1,9})"
)


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks of a pipeline did what; `completed` includes the failed and the cancelled ones."""

    completed: int
    failed: int
    incomplete: int
    skipped: int

    @property
    def due(self) -> int:
        return self.completed + self.incomplete


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """A container that ended: `what` is a step, a sidecar, or an init container."""

    what: str
    name: str
    code: int
    reason: str

    @property
    def who(self) -> str:
        return f"{self.what} {self.name}"


def essence(message: str, namespace: str, name: str) -> str:
    """What is wrong, without the run's own name and whoever passed the error on."""
    text = before(message)[0].removeprefix(_USER_ERROR)
    if found := _NOT_FOUND.search(text):
        # A resolver looks elsewhere.
        where = "" if "resol" in text.lower() else f' in namespace "{namespace}"'
        return f'{KINDS[found[1]]} "{found[2]}" not found{where}'
    if found := _PARAMETERS.search(text):
        return f"no value for {_parameters(found[1].split())}"
    if found := _WORKSPACE.search(text):
        return f'no workspace for "{found[1]}"'
    return _shorter(text, namespace, name)


def _parameters(names: list[str]) -> str:
    return f"the parameter{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _shorter(text: str, namespace: str, name: str) -> str:
    """Without the beginnings that name the run, or the namespace's Pipeline or Task, up to their colon."""
    own = re.compile(rf"\b{re.escape(namespace)}/|\b{re.escape(name)}\b")
    head, _, rest = text.partition(": ")
    while rest and own.search(head):
        text = rest
        head, _, rest = text.partition(": ")
    return text.strip()


def before(message: str) -> tuple[str, str, str]:
    """The message, then reason and message of the condition that a time-out or a cancellation replaced."""
    text = message[:_LOOKED_AT]
    found = _BEFORE.search(text)
    return (text[: found.start()], found[1], found[2]) if found else (text, "", "")


def exited(message: str) -> Exit | None:
    """The container that Tekton blames."""
    found = _EXIT.search(message[:_LOOKED_AT])
    if not found:
        return None
    what = "init container" if message.startswith("init container") else found["kind"] or "container"
    return Exit(what=what, name=found["name"], code=int(found["code"]), reason=found["reason"] or "")


def tally(message: str) -> Tally | None:
    found = _TALLY.search(message[:_LOOKED_AT])
    if not found:
        return None
    return Tally(
        completed=int(found["completed"]),
        failed=int(found["failed"]),
        incomplete=int(found["incomplete"] or 0),
        skipped=int(found["skipped"]),
    )


def skipped(reason: str) -> str:
    return SKIPPED.get(reason, reason)
