"""What a message says of a run, whether there still is one to ask or only its record is left. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

from tekton_integrations import Child, Milestone, Record, Run, State, rfc3339
from tekton_integrations.outcome import culprits, title
from tekton_integrations.text import one_line

# A message is to stay below 20 kB: https://github.com/standard-webhooks/standard-webhooks
LONGEST_MESSAGE = 2000
MOST_FAILURES = 20
# The last milestone's name.
FINISHED = "finished"
# A key of the record's memory.
PIPELINE = "pipeline"
_UNKNOWN = "The outcome is unknown: the run was deleted, or is no longer told here"


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    task: str
    cause: str
    advice: str = ""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Times are seconds since the epoch."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    pipeline: str
    state: State
    reason: str
    message: str
    title: str
    created: float | None = None
    started: float | None = None
    finished: float | None = None
    failures: tuple[Failure, ...] = ()
    url: str = ""


def of_run(run: Run, children: Sequence[Child], url: str) -> Facts:
    return Facts(
        api_version=run.api_version,
        kind=run.kind,
        namespace=run.namespace,
        name=run.name,
        uid=run.uid,
        pipeline=run.pipeline,
        state=run.state,
        reason=run.reason,
        message=one_line(run.message, LONGEST_MESSAGE),
        title=title(run, children),
        created=run.created,
        started=run.started,
        finished=run.finished,
        failures=failures(run, children),
        url=url,
    )


def failures(run: Run, children: Sequence[Child]) -> tuple[Failure, ...]:
    """The root cause first. Nothing is to blame in a run that ended well."""
    found = culprits(run, children)[:MOST_FAILURES] if run.state.red else []
    return tuple(Failure(task=each.child.task, cause=each.cause.text, advice=each.cause.advice) for each in found)


def of_record(record: Record, ended: float) -> Facts:
    """Nothing that looks like a success: nobody knows."""
    return Facts(
        api_version=record.run.api_version,
        kind=record.run.kind,
        namespace=record.namespace,
        name=record.run.name,
        uid=record.run.uid,
        pipeline=record.memory.get(PIPELINE, ""),
        state=State.CANCELLED,
        reason="OutcomeUnknown",
        message="",
        title=_UNKNOWN,
        finished=ended,
    )


def type_of(facts: Facts, milestone: Milestone) -> str:
    """`[a-zA-Z0-9_.]`, from the broad to the narrow, so that receivers may subscribe to a part."""
    return f"tekton.{facts.kind.lower()}.{milestone.name}"


def values(facts: Facts, milestone: Milestone) -> dict[str, str]:
    """What a template may name."""
    return {
        "id": milestone.id,
        "type": type_of(facts, milestone),
        "timestamp": time(milestone.time),
        "milestone": milestone.name,
        "sequence": str(milestone.sequence),
        "kind": facts.kind,
        "namespace": facts.namespace,
        "name": facts.name,
        "uid": facts.uid,
        "pipeline": facts.pipeline,
        "state": str(facts.state),
        "reason": facts.reason,
        "message": facts.message,
        "title": facts.title,
        "created": time(facts.created),
        "started": time(facts.started),
        "finished": time(facts.finished),
        "url": facts.url,
    }


def time(seconds: float | None) -> str:
    """As in RFC 3339; empty where it is not known."""
    return "" if seconds is None else rfc3339(seconds)


def known(found: Mapping[str, object]) -> dict[str, object]:
    """Without what has no value."""
    return {name: value for name, value in found.items() if value not in ("", None, ())}
