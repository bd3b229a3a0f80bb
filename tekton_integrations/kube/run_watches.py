"""One run and what is below it, watched for as long as somebody reads it; all who read the same one share the watch."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.informer import Informer
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.metadata_json import PARENT_LABEL
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.kube.source import Source
from tekton_integrations.kube.tasks_json import Task, decode_task
from tekton_integrations.run import KINDS, Run

# Seconds for the first answer of the API server.
PATIENCE = 30.0


class RunName(NamedTuple):
    """Which run; `below`: and what is below it."""

    kind: str
    namespace: str
    name: str
    below: bool = True


class Watched:
    """As the API server last told it. A run that was deleted and made anew is another one: compare `run.uid`."""

    def __init__(self, client: KubeClient, key: RunName, silence: float) -> None:
        self.key = key
        self.readers = 0
        # The process is about to end: readers have a moment to say so.
        self.closing = False
        self._silence = silence
        self._client = client
        self._runs = self._informer("run", key.kind, decode_run, {"fieldSelector": f"metadata.name={key.name}"})
        below = f"{PARENT_LABEL}={key.name}" if key.kind == "PipelineRun" else ""
        selector = {"labelSelector": below} if below else {"fieldSelector": f"metadata.name={key.name}"}
        self._below: dict[str, Informer[Task]] = {
            kind: self._informer("below", kind, decode_task, selector)
            for kind in (_below(key.kind) if key.below else ())
        }
        self._changed = asyncio.Event()
        self._work: list[asyncio.Task[None]] = []

    @property
    def run(self) -> Run | None:
        """None while there is none, or no more."""
        return self._runs.lister.get(self.key.namespace, self.key.name)

    @property
    def tasks(self) -> list[Task]:
        """What is below the run, in the order in which it started; of a TaskRun, itself."""
        run = self.run
        if run is None:
            return []
        # The label can be forged; the owner's uid says whose child it is.
        found = [task for task in self._all() if run.uid in (task.parent, task.uid)]
        return sorted(found, key=lambda task: (task.child.started or float("inf"), task.name))

    def next_change(self) -> Callable[[], Any]:
        """To be called before looking, so that no change is missed; what it gives is awaited."""
        return self._changed.wait

    async def ready(self) -> None:
        """Raises ApiError if there is no first answer in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                for informer in (self._runs, *self._below.values()):
                    await informer.synced.wait()
        except TimeoutError as error:
            raise ApiError(0, "Unreachable", "runs can't be watched") from error

    def begin(self) -> None:
        self._work = [asyncio.create_task(each.run()) for each in (self._runs, *self._below.values())]

    def close(self) -> None:
        self.closing = True
        self._tell()

    async def end(self) -> None:
        for work in self._work:
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    def _all(self) -> Iterator[Task]:
        for informer in self._below.values():
            yield from informer.lister

    def _informer(self, role: str, kind: str, decode: Callable[..., Any], selector: dict[str, str]) -> Informer[Any]:
        path = collection(*KINDS[kind], self.key.namespace)
        source = Source(f"{kind} ({role})", path, decode, self._silence, selector=selector)
        informer: Informer[Any] = Informer(self._client, source, Lister())
        informer.add_handler(self._tell)
        return informer

    def _tell(self, *_: object) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class RunWatches:
    """`silence`: seconds without a byte after which a watch counts as dead."""

    def __init__(self, client: KubeClient, silence: float = 90.0) -> None:
        self._client, self._silence = client, silence
        self._open: dict[RunName, Watched] = {}
        self._closing = False

    def __len__(self) -> int:
        return len(self._open)

    def close(self) -> None:
        """Tells all readers that the process is about to end."""
        self._closing = True
        for watched in self._open.values():
            watched.close()

    @asynccontextmanager
    async def of(self, key: RunName) -> AsyncIterator[Watched]:
        """The run, from what it is now on. Names must be such as an object can have. Raises ApiError."""
        watched = self._open.get(key)
        if watched is None:
            watched = self._open[key] = Watched(self._client, key, self._silence)
            watched.closing = self._closing
            watched.begin()
        watched.readers += 1
        try:
            await watched.ready()
            yield watched
        finally:
            watched.readers -= 1
            if not watched.readers:
                del self._open[key]
                await watched.end()


def _below(kind: str) -> tuple[str, ...]:
    """The kinds of what can be below a run of this kind."""
    return {"PipelineRun": tuple(KINDS), "TaskRun": ("TaskRun",)}.get(kind, ())
