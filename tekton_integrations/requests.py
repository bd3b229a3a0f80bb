"""Who asks for what: from a run's annotations to the names that go into work queues. Pure."""

from typing import NamedTuple

import msgspec

from tekton_integrations import annotations
from tekton_integrations.record import Record, RunRef, record_name
from tekton_integrations.run import Run


class Request(NamedTuple):
    """The name of a piece of work: one run at one integration. Says nothing about the run's state."""

    integration: str
    notification: str
    kind: str
    namespace: str
    name: str
    uid: str

    @property
    def record_name(self) -> str:
        return record_name(self.name, self.uid, self.integration, self.notification)


class Asked(msgspec.Struct, frozen=True):
    """What a run asks of one integration: its options as written, and the keys that do not count."""

    options: dict[str, str]
    ignored: tuple[str, ...]


def asked(run: Run) -> dict[str, Asked]:
    """What a run asks, by integration. A run that another run controls asks nothing: its parent does."""
    if run.parent:
        return {}
    counted = annotations.by_integration(run.annotations)
    ignored = annotations.by_integration(dict.fromkeys(run.ignored, ""))
    return {
        name: Asked(counted.get(name, {}), tuple(sorted(ignored.get(name, {}))))
        for name in sorted(counted.keys() | ignored.keys())
    }


def for_run(run: Run) -> list[Request]:
    return [Request(name, "", run.kind, run.namespace, run.name, run.uid) for name in asked(run)]


def for_record(record: Record) -> Request:
    return Request(
        record.integration,
        record.notification,
        record.run.kind,
        record.namespace,
        record.run.name,
        record.run.uid,
    )


def new_record(request: Request, run: Run) -> Record:
    return Record(
        namespace=run.namespace,
        name=request.record_name,
        run=RunRef(api_version=run.api_version, kind=run.kind, name=run.name, uid=run.uid),
        integration=request.integration,
        notification=request.notification,
    )
