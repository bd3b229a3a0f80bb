"""Who asks for what: from a run's annotations to the names that go into work queues. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from tekton_integrations import annotations
from tekton_integrations.errors import PermanentError
from tekton_integrations.record import Record, RunRef, record_name
from tekton_integrations.run import Inferred, Run


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
    """What a run asks of one integration: its options as written or inferred, and the keys that do not count.
    `sources`: where those came from that were inferred."""

    options: dict[str, str]
    ignored: tuple[str, ...]
    sources: dict[str, str] = {}


def asked(run: Run) -> dict[str, Asked]:
    """What a run asks, by integration. A run that another run controls asks nothing: its parent does."""
    if run.parent:
        return {}
    counted = annotations.by_integration(run.annotations)
    ignored = annotations.by_integration(dict.fromkeys(run.ignored, ""))
    inferred: dict[str, dict[str, Inferred]] = {}
    for each in run.inferred:
        inferred.setdefault(each.integration, {})[each.key] = each
    return {
        name: _asked(counted.get(name, {}), inferred.get(name, {}), ignored.get(name, {}))
        for name in sorted(counted.keys() | ignored.keys() | inferred.keys())
    }


def _asked(written: dict[str, str], inferred: dict[str, Inferred], ignored: Iterable[str]) -> Asked:
    left_out = {key: each for key, each in inferred.items() if key not in written}
    options = {key: each.value for key, each in left_out.items()} | written
    return Asked(options, tuple(sorted(ignored)), {key: each.source for key, each in left_out.items()})


def inherited(integration: str, key: str) -> PermanentError:
    """What to say of a key that does not count because Tekton copied it to the run."""
    where = annotations.annotation(integration, key)
    return PermanentError(
        "InheritedAnnotationIgnored",
        f"{where} came with a remotely resolved Pipeline and does not count; set it on the run itself",
    )


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


def sourced(record: Record, wanted: Asked) -> Record:
    """Where options came from is told whatever becomes of them."""
    return replace(record, sources=wanted.sources)
