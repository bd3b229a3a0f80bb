"""Follows the logs of a run: all its tasks and steps while they come, in order of start, until it has ended.

Nothing is kept: who reads slowly makes the API server wait. So one reader costs some buffers, however long the log is.
Closing gives everything back.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.pieces import Note, Outcome, Piece, outcome_of
from tekton_integrations.kube.run_watches import RunName, RunWatches, Watched
from tekton_integrations.kube.step_log import Place, StepLogs, Wanted, within
from tekton_integrations.kube.tasks_json import Attempt, Task
from tekton_integrations.run import Run
from tekton_integrations.text import listed

# Pieces that nobody has taken yet, and pods that one reader follows at a time.
QUEUE = 2
PODS = 32
# Seconds that a run's tasks may take to be known after its end.
LATE = 5.0
# After so many seconds they are known, or gone.
LONG_AGO = 60.0
_End = Exception | None
_CLOSING = Outcome(run=None, words="the service ends here, not the run; ask again")


@asynccontextmanager
async def following(
    client: KubeClient, watches: RunWatches, key: RunName, wanted: Wanted
) -> AsyncIterator[AsyncIterator[Piece]]:
    """The pieces of its logs; the last one is an Outcome, unless only what is there now was wanted and the run goes on.
    Names must be such as an object can have. Raises ApiError, also while the pieces are taken."""
    queue: asyncio.Queue[Piece | _End] = asyncio.Queue(QUEUE)
    async with watches.of(key) as watched:
        work = asyncio.create_task(_Follow(client, watched, wanted, queue).run())
        try:
            yield _taken(queue)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


async def _taken(queue: asyncio.Queue[Piece | _End]) -> AsyncIterator[Piece]:
    while (piece := await queue.get()) is not None:
        if isinstance(piece, Exception):
            raise piece
        yield piece


class _Follow:
    def __init__(
        self, client: KubeClient, watched: Watched, wanted: Wanted, queue: "asyncio.Queue[Piece | _End]"
    ) -> None:
        self._watched, self._wanted = watched, wanted
        self._say = queue.put
        self._logs = StepLogs(client, watched, wanted, queue.put)
        self._turns = asyncio.Semaphore(PODS)
        self._begun: set[tuple[str, str]] = set()
        self._told: set[str] = set()
        self._beside: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Puts None, or what went wrong, at the end."""
        end: _End = None
        try:
            await self._whole()
        except Exception as error:  # told to whoever reads
            end = error
        await self._say(end)

    async def _whole(self) -> None:
        run = self._watched.run or await self._awaited()
        if run is None and self._watched.closing:
            await self._say(_CLOSING)
        if run is None or self._wanted.uid not in ("", run.uid):
            return
        async with asyncio.TaskGroup() as group:
            await self._all_of(run, group)
        if self._watched.closing:
            await self._say(_CLOSING)
        elif (now := self._now(run)) is None:
            gone = f"{run.kind} {run.name} was deleted"
            await self._say(Outcome(run=None, words=f"{gone} while it went on" if not run.final else gone))
        elif now.final:
            await self._say(outcome_of(now))

    async def _awaited(self) -> Run | None:
        """The run, once it is there."""
        kind, namespace, name, _ = self._watched.key
        seconds = self._wanted.wait
        if seconds:
            words = f"waits up to {seconds:g} s for {kind} {name} in namespace {namespace}, which is not there yet"
            await self._say(Note(words=words))
        try:
            async with asyncio.timeout(seconds):
                while (run := self._watched.run) is None and not self._watched.closing:
                    await self._watched.next_change()()
                return run
        except TimeoutError:
            await self._say(Outcome(run=None, words=f"no {kind} {name} came within {seconds:g} s"))
            return None

    def _now(self, run: Run) -> Run | None:
        """The same run, not another of its name."""
        now = self._watched.run
        return now if now and now.uid == run.uid else None

    async def _all_of(self, run: Run, group: asyncio.TaskGroup) -> None:
        """Begins with each try of each task once it has a pod, until no more can come."""
        ended: float | None = None
        clock = asyncio.get_running_loop().time
        while True:
            changed = self._watched.next_change()
            now = self._now(run)
            if now is None or self._watched.closing:
                for each in self._beside:
                    each.cancel()  # of a deleted run, the pods are about to go as well
                return
            for task in self._watched.tasks:
                await self._begin(task, group)
            await self._tell_skipped(now)
            if not self._wanted.follow or (now.final and self._complete(now)):
                return
            ended = (ended or clock()) if now.final else None
            late = LATE if time.time() - (now.finished or 0.0) < LONG_AGO else 0.0
            if ended and clock() - ended >= late:
                self._logs.over = True
                await self._tell_gone(now)
                return
            await within(changed(), late - (clock() - ended) if ended else None)

    def _complete(self, run: Run) -> bool:
        """Whether all that the run lists is known, and nothing of it goes on."""
        tasks = self._watched.tasks
        return {task.name for task in tasks} >= set(run.children) and all(task.child.state.final for task in tasks)

    async def _begin(self, task: Task, group: asyncio.TaskGroup) -> None:
        if self._wanted.task not in ("", task.child.task):
            return
        for number, attempt in enumerate(task.attempts):
            key = (task.uid, attempt.pod)
            if not attempt.pod or key in self._begun:
                continue
            self._begun.add(key)
            label = _label(self._watched.key.name, task)
            if number:
                await self._say(Note(words=f"is tried again ({number + 1})", task=label))
            await self._follow(Place(task=label, uid=task.uid, pod=attempt.pod), attempt, group)
        await self._tell_odd(task)

    async def _follow(self, place: Place, attempt: Attempt, group: asyncio.TaskGroup) -> None:
        """What has ended comes as a whole, unless something else goes on beside it."""
        self._beside = [each for each in self._beside if not each.done()]
        if attempt.ended and not self._beside:
            await self._logs.follow(place)
        else:
            self._beside.append(group.create_task(self._in_turn(place)))

    async def _in_turn(self, place: Place) -> None:
        async with self._turns:
            await self._logs.follow(place)

    async def _tell_odd(self, task: Task) -> None:
        """Of a task that has no log: why."""
        child = task.child
        if child.kind != "TaskRun":
            await self._once(
                task.uid, Note(words=f"is the {child.kind} {child.name}, whose log is not here", task=child.task)
            )
        elif child.state.final and not any(attempt.pod for attempt in task.attempts):
            words = f"{child.state.value} before it had a pod: {child.message or child.reason}"
            await self._once(task.uid, Note(words=words, task=child.task))

    async def _tell_skipped(self, run: Run) -> None:
        for skipped in run.skipped:
            if self._wanted.task in ("", skipped.task):
                why = f": {skipped.reason}" if skipped.reason else ""
                await self._once(f"skipped {skipped.task}", Note(words=f"skipped{why}", task=skipped.task))

    async def _tell_gone(self, run: Run) -> None:
        known = {task.name for task in self._watched.tasks}
        if gone := [name for name in run.children if name not in known]:
            await self._say(Note(words=f"gone, and their logs with them: {listed(gone, 10)}"))

    async def _once(self, key: str, note: Note) -> None:
        if key not in self._told:
            self._told.add(key)
            await self._say(note)


def _label(run: str, task: Task) -> str:
    """The name in the pipeline; of a matrix, which has several of that name, with the number."""
    number = task.name.removeprefix(f"{run}-{task.child.task}-")
    return f"{task.child.task}-{number}" if number.isdecimal() else task.child.task
