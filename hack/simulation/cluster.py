"""The cluster of a simulation: its API server, what happens to its runs there, and whose records are settled."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from tekton_integrations.record import rfc3339

from . import tekton
from .kube import Below, marks
from .objects import Object, Path, Store
from .virtual import steady, wall
from .workload import Planned, Workload

RUNS = "/apis/tekton.dev/v1/namespaces/{}/pipelineruns/{}"
RECORDS = "integrationstatuses"


@dataclass(kw_only=True)
class Cluster:
    """`annotations`: those of a run."""

    work: Workload
    annotations: Callable[[Planned], Mapping[str, str]]
    store: Store = field(default_factory=lambda: Store(lambda: rfc3339(wall(), precise=False)))
    _stages: dict[tuple[str, str], tuple[Planned, int]] = field(default_factory=dict)
    _open: dict[tuple[str, str], None] = field(default_factory=dict)
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.store.written = self._on_write
        self._open = dict.fromkeys((run.tenant, run.name) for run in self.work.runs)

    async def play(self) -> None:
        """All that happens, when it happens."""
        for time, run, stage in self.work.steps():
            if (wait := time - steady()) > 0:
                await asyncio.sleep(wait)
            self._stages[run.tenant, run.name] = run, stage
            thing = tekton.pipeline_run(run, stage, self.annotations(run))
            self.store.put(Path.of(RUNS.format(run.tenant, run.name)), thing)

    @property
    def below(self) -> Below:
        return Below(children=self._children, log=self._log)

    async def settled(self, patience: float) -> None:
        """Every record says that nothing is left to do; or patience is over, in seconds since the simulation began."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience - steady()):
                await self._settled.wait()

    def lose_records(self) -> None:
        """Somebody deletes them all."""
        for run in self.work.runs:
            self._open[run.tenant, run.name] = None
        self._settled.clear()
        self.store.clear(RECORDS)

    @property
    def left(self) -> int:
        """Runs whose record is not settled."""
        return len(self._open)

    def _children(self, namespace: str, name: str) -> list[Object]:
        return tekton.task_runs(*self._stages[namespace, name])

    def _log(self, namespace: str, pod: str) -> bytes:
        name = pod.removesuffix("-pod").rpartition("-")[0]
        return tekton.log(self._stages[namespace, name][0])

    def _on_write(self, path: Path, thing: Object) -> None:
        if not path.collection.endswith(RECORDS):
            return
        done = thing["metadata"].get("ownerReferences") and thing["status"]["conditions"][0]["status"] == "True"
        key = (path.namespace, thing["spec"]["runRef"]["name"])
        if not done:
            self._open[key] = None
        elif key in self._open:
            del self._open[key]
            if not self._open:
                self._settled.set()


@contextlib.asynccontextmanager
async def played(cluster: Cluster) -> AsyncIterator[None]:
    """While the runs go on, and the API server sends bookmarks."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(cluster.play()), group.create_task(marks(cluster.store))]
        yield
        for task in tasks:
            task.cancel()
