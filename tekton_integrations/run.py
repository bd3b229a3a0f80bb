"""A Tekton run as integrations see it: one flat value for every kind.

A row in KINDS makes a further kind known. What a run's condition means is decided here once, for all
integrations: by the status first, refined by the reason, so that an unknown reason falls back.
"""

import enum

import msgspec

# kind → apiVersion and plural
KINDS = {
    "PipelineRun": ("tekton.dev/v1", "pipelineruns"),
    "TaskRun": ("tekton.dev/v1", "taskruns"),
    "CustomRun": ("tekton.dev/v1beta1", "customruns"),
}


class State(enum.StrEnum):
    """What a run is, in the words that users see."""

    QUEUED = "Queued"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    SKIPPED = "Skipped"
    FAILED = "Failed"
    FAILURE_IGNORED = "FailureIgnored"
    COULD_NOT_START = "CouldNotStart"
    CANCELLED = "Cancelled"
    TIMED_OUT = "TimedOut"

    @property
    def final(self) -> bool:
        return self not in (State.QUEUED, State.RUNNING)

    @property
    def red(self) -> bool:
        """Something for a person to look at."""
        return self in (State.FAILED, State.COULD_NOT_START, State.TIMED_OUT)


# Reasons: pkg/apis/pipeline/v1/{pipelinerun,taskrun}_types.go, v1beta1/customrun_types.go and pkg/pod/status.go
# of https://github.com/tektoncd/pipeline.
_QUEUED = frozenset({"PipelineRunPending", "TaskRunPending", "Pending"})
_CANCELLED = frozenset({"Cancelled", "TaskRunCancelled", "CustomRunCancelled"})
_TIMED_OUT = frozenset({"PipelineRunTimeout", "TaskRunTimeout", "CustomRunTimedOut"})
_COULD_NOT_START = frozenset(
    {
        "CELEvaluationFailed",
        "CouldntGetPipeline",
        "CouldntGetTask",
        "CreateRunFailed",
        "CustomRunWorkspaceNotSupported",
        "InvalidMatrixParameterTypes",
        "InvalidParamValue",
        "InvalidPipelineResourceBindings",
        "InvalidPipelineResultReference",
        "InvalidTaskResultReference",
        "InvalidTaskRunSpecs",
        "InvalidWorkspaceBindings",
        "ObjectParameterMissKeys",
        "ParamArrayIndexingInvalid",
        "ParameterMissing",
        "ParameterTypeMismatch",
        "PipelineInvalidGraph",
        "PipelineValidationFailed",
        "PodAdmissionFailed",
        "PodCreationFailed",
        "RequiredWorkspaceMarkedOptional",
        "ResourceVerificationFailed",
        "TaskRunResolutionFailed",
        "TaskRunValidationFailed",
        "TaskValidationFailed",
    }
)


def state_of(
    status: str | None, reason: str = "", *, began: bool = True, ran_nothing: bool = False, retried: bool = False
) -> State:
    """The state behind a `Succeeded` condition (status None: there is no condition yet, be it that Tekton has not
    come to it, or that the run is managed by somebody else, who keeps it waiting).

    `began`: the run has a child or a pod, so a validation error is an ordinary failure.
    `ran_nothing`: every task was skipped. `retried`: it has run before, so waiting for a pod is no queue any more.
    """
    if status is None:
        return State.QUEUED
    if status == "True":
        return State.SKIPPED if ran_nothing else State.SUCCEEDED
    if status == "False" and reason != "ToBeRetried":
        if reason in _CANCELLED:
            return State.CANCELLED
        if reason in _TIMED_OUT:
            return State.TIMED_OUT
        if reason == "FailureIgnored":
            return State.FAILURE_IGNORED
        return State.COULD_NOT_START if reason in _COULD_NOT_START and not began else State.FAILED
    return State.QUEUED if reason in _QUEUED and not retried else State.RUNNING


class Skipped(msgspec.Struct, frozen=True, gc=False):
    """A task of a pipeline that did not have to run, and why, in Tekton's words."""

    task: str
    reason: str = ""


class Inferred(msgspec.Struct, frozen=True, gc=False):
    """What an integration's option is to be where the run doesn't say, and where that was found: "label x"."""

    integration: str
    key: str
    value: str
    source: str


class Matched(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A Notification (namespace/name) that wants the run reported, with these options; see joining.py.

    `merged`: beneath what the run itself says to the integration; `instead`: in its place. `record` is the Notification
    that the record is kept for, empty where the annotations' own record is. `within` is the namespace of its Provider.
    """

    notification: str
    integration: str
    record: str
    options: dict[str, str]
    merged: bool = False
    instead: bool = False
    sources: dict[str, str] = {}
    within: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Times are seconds since the epoch. `unresolved`: it refers to a Pipeline or Task that Tekton has yet to look
    at, and whose annotations it may copy. `annotations` holds ours only; `ignored` those of them that came with
    a remotely resolved Pipeline or Task and do not count. `parent` is the uid of the run that says to control this
    one, empty once that is known not to silence it. `children` are the names that the run lists as its own, and
    `child_kinds` their kinds; `retries` the times at which tries ended that were not the last. `inferred` is empty
    unless the controller was told to infer; `matched` has the Notifications that ask.
    `pipelines_as_code`: this tool made the run and reports it; only known of one that asks us, too."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    created: float
    started: float | None
    finished: float | None
    state: State
    reason: str
    message: str
    pipeline: str
    parent: str
    unresolved: bool
    annotations: dict[str, str]
    ignored: tuple[str, ...]
    children: tuple[str, ...] = ()
    retries: tuple[float, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    child_kinds: tuple[str, ...] = ()
    inferred: tuple[Inferred, ...] = ()
    pipelines_as_code: bool = False
    matched: tuple[Matched, ...] = ()

    @property
    def final(self) -> bool:
        return self.state.final

    @property
    def asks(self) -> bool:
        """It says anything to any integration, be it that this does not count."""
        return bool(self.annotations or self.ignored or self.inferred or self.matched)

    def ended_before(self, time: float) -> bool:
        return self.final and (self.finished or self.created) < time


class Step(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`exit_code` is None while it runs, and for one that was allowed to fail (`onError: continue`). `container` is the
    pod's in which it runs; times are seconds since the epoch."""

    name: str
    exit_code: int | None
    reason: str
    container: str = ""
    started: float | None = None
    finished: float | None = None


class Child(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run below a run (of a TaskRun: itself), read when a report needs to say what failed. `pod` is the name of a
    TaskRun's pod, empty as long as it has none; `retries`: so many tries failed before this one."""

    name: str
    task: str
    state: State
    reason: str
    message: str
    started: float | None
    finished: float | None
    steps: tuple[Step, ...]
    kind: str = "TaskRun"
    pod: str = ""
    retries: int = 0


class Excerpt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The end of a step's log, clean: no colours or control characters, no secrets. `omitted`: so many lines before
    it were left out, None where that is not known. `withheld` says why there is none, in a sentence without a full
    stop, such as "the namespace has not enabled it"; `gone`: because there is none any more."""

    step: str = ""
    lines: tuple[str, ...] = ()
    omitted: int | None = 0
    withheld: str = ""
    gone: bool = False
