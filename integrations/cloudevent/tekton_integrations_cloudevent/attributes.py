"""The attributes of a CloudEvent about a run: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md.

Types are those of Tekton's own CloudEvents (https://tekton.dev/docs/pipelines/events/), so that their receivers take
these, too. Pure.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import quote

import msgspec

from tekton_integrations import Milestone, Record, Run, State

FINISHED = "finished"
_WORDS: Mapping[str, str] = {"created": "queued", "started": "started", "retried": "running"}
# Tekton has no `queued` for them: it sends `started` where there is no condition yet, and `running` from then on
# (getEventType in pkg/reconciler/events/cloudevent/cloudevent.go of https://github.com/tektoncd/pipeline).
_OF_CUSTOM_RUNS: Mapping[str, str] = {"created": "started", "started": "running", "retried": "running"}
# Those whose condition is True.
_SUCCESSFUL = frozenset({State.SUCCEEDED, State.SKIPPED})


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Which run it is about, also where only its record is left."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str

    @classmethod
    def run(cls, run: Run) -> Self:
        return cls(api_version=run.api_version, kind=run.kind, namespace=run.namespace, name=run.name, uid=run.uid)

    @classmethod
    def record(cls, record: Record) -> Self:
        ref = record.run
        return cls(api_version=ref.api_version, kind=ref.kind, namespace=record.namespace, name=ref.name, uid=ref.uid)

    @property
    def key(self) -> str:
        """Under which the run stands in the data: `pipelineRun`."""
        return f"{self.kind[0].lower()}{self.kind[1:]}"


def attributes(about: About, milestone: Milestone, state: State) -> dict[str, Any]:
    """All but what is said of the data. The same milestone has the same id and source whenever it is sent, by which
    receivers know repetitions."""
    found = {
        "specversion": "1.0",
        "id": milestone.id,
        "source": _source(about),
        "type": type_of(about.kind, milestone.name, state),
        "subject": about.name,
        "time": datetime.fromtimestamp(milestone.time, UTC),
        "datacontenttype": "application/json",
        # In the order of letters, so with zeros: cloudevents/extensions/sequence.md of the specification.
        "sequence": f"{milestone.sequence:010d}",
        # A broker with partitions keeps the order within one: cloudevents/extensions/partitioning.md.
        "partitionkey": about.uid,
        "milestone": milestone.name,
    }
    # What came before the end may be sent after it, and must not be taken for it.
    return found | ({"runstate": str(state)} if milestone.name == FINISHED else {})


def type_of(kind: str, milestone: str, state: State) -> str:
    if milestone == FINISHED:
        word = "successful" if state in _SUCCESSFUL else "failed"
    else:
        word = (_OF_CUSTOM_RUNS if kind == "CustomRun" else _WORDS)[milestone]
    return f"dev.tekton.event.{kind.lower()}.{word}.v1"


def _source(about: About) -> str:
    parts = ("namespaces", about.namespace, f"{about.kind.lower()}s", about.name)
    return "/".join((f"/apis/{about.api_version}", *(quote(part, safe="") for part in parts)))
