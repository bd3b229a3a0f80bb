"""Runs as a recording has them, as writes that are ready to be sent."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from hack.recording import SHA, Step, created, load
from hack.rewrite import Rewrite

from .driver import UID, Moment, Write

RECORDING = "success"
RUNS = "/apis/tekton.dev/v1/namespaces/{}/pipelineruns"
TASK_RUNS = "/apis/tekton.dev/v1/namespaces/{}/taskruns"
# Seconds from a run's creation to its first condition: well within the controller's grace for runs without one.
RUNNING_AFTER = 0.3
# Seconds, about, from there to the run's end: the first report is long done then.
RUNNING_FOR = 1.0


@dataclass(frozen=True)
class Load:
    """`prefix` keeps the runs of one phase apart from all others, also at GitHub: each has a commit of its own."""

    namespace: str
    repository: str
    prefix: str
    count: int

    def created(self) -> list[Write]:
        """Without a condition: GitHub gets to see them as queued. Each with the TaskRun that it will list, which says
        nothing as long as no run does: one with copies of its annotations would be looked into."""
        writes = []
        for number in range(self.count):
            writes.append(self._create(number, 0.0))
            writes.append(self._create_below(number, 0.0, annotated=False))
            writes.append(self._end_below(number, 0.0))
        return writes

    def ended(self) -> list[Write]:
        return [self._status(number, _last(), 0.0) for number in range(self.count)]

    def paced(self, rate: float) -> list[Write]:
        """The whole way of each run, with `rate` reports per second, evenly spread; each run makes two."""
        between = 2 / rate
        lasting = (round(RUNNING_FOR / between) + 0.5) * between  # so ends fall halfway between first reports
        writes = []
        for number in range(self.count):
            begin = number * between
            writes.append(self._create(number, begin))
            writes.append(self._create_below(number, begin + 0.9 * RUNNING_AFTER))
            writes.append(self._status(number, _running(), begin + RUNNING_AFTER))
            writes.append(self._end_below(number, begin + RUNNING_AFTER + lasting / 2))
            writes.append(self._status(number, _last(), begin + RUNNING_AFTER + lasting))
        return sorted(writes, key=lambda write: write.at)

    def name(self, number: int) -> str:
        return f"{self.prefix}-{number:05d}"

    def sha(self, number: int) -> str:
        return hashlib.sha1(f"{self.repository}/{self.name(number)}".encode(), usedforsecurity=False).hexdigest()

    def shas(self) -> set[str]:
        return {self.sha(number) for number in range(self.count)}

    def _create(self, number: int, at: float) -> Write:
        first = load(RECORDING)[0]
        return self._post(number, at, RUNS, first, self._rewritten(number, first))

    def _create_below(self, number: int, at: float, *, annotated: bool = True) -> Write:
        found = self._rewritten(number, _task())
        if not annotated:
            del found["metadata"]["annotations"]
        return self._post(number, at, TASK_RUNS, _task(), found)

    def _status(self, number: int, step: Step, at: float) -> Write:
        moment = Moment(self.sha(number), step.status != "Unknown")
        return self._patch(number, at, RUNS, step, moment)

    def _end_below(self, number: int, at: float) -> Write:
        return self._patch(number, at, TASK_RUNS, _task())

    def _post(self, number: int, at: float, collection: str, step: Step, body: Any) -> Write:
        return Write(
            at=at,
            run=self.name(number),
            method="POST",
            path=f"{collection.format(self.namespace)}?fieldManager={step.manager}",
            content_type="application/json",
            body=_raw(body),
        )

    def _patch(self, number: int, at: float, collection: str, step: Step, moment: Moment | None = None) -> Write:
        found = self._rewritten(number, step)
        name = found["metadata"]["name"]
        return Write(
            at=at,
            run=self.name(number),
            moment=moment,
            method="PATCH",
            path=f"{collection.format(self.namespace)}/{name}/status?fieldManager={step.manager}",
            content_type="application/merge-patch+json",
            body=_raw({"status": found["status"]}),
        )

    def _rewritten(self, number: int, step: Step) -> dict[str, Any]:
        first = load(RECORDING)[0].object["metadata"]
        _, _, repository = self.repository.partition("/")
        rewrite = Rewrite(
            recorded=first["name"],
            name=self.name(number),
            namespace=self.namespace,
            annotations={"github.integrations.tekton.dev/repo": repository},
            uids={load(RECORDING)[0].uid: UID},
            shift=datetime.now(UTC).replace(microsecond=0) - created(load(RECORDING)),
            fraction=0,
            sha=(first["annotations"][SHA], self.sha(number)),
        )
        rewritten = rewrite(step.object)
        if children := rewritten.get("status", {}).get("childReferences"):
            del children[1:]
        return rewritten


def _raw(body: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(body))


def _running() -> Step:
    """The first that lists its TaskRun."""
    return next(
        step
        for step in load(RECORDING)
        if step.kind == "PipelineRun" and step.object.get("status", {}).get("childReferences")
    )


def _last() -> Step:
    return next(step for step in load(RECORDING) if step.kind == "PipelineRun" and step.status == "True")


def _task() -> Step:
    """The end of the first TaskRun, which is all that happens to it here after its creation."""
    return next(step for step in load(RECORDING) if step.kind == "TaskRun" and step.status == "True")
