"""The logs of one pod's steps, one after the other, while they are written.

A connection that breaks is opened anew, and what was given on is left out.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import aiohttp
from msgspec import Struct

from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.pieces import Lines, Note, Piece, Splitter
from tekton_integrations.kube.run_watches import Watched
from tekton_integrations.kube.tasks_json import Attempt, TaskStep

# Bytes that are read ahead.
BUFFER = 16 * 1024
# Tries without a new byte, some 40 s; then it is said that there is no more to have.
TRIES = 8
# Bytes after which a kubelet may begin a new file (containerLogMaxSize is 10Mi), and gives no more of the old one.
ROTATED = 8 * 1024 * 1024
# Seconds after which to look again where no change was told of.
AGAIN = 1.0
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10)


class Wanted(Struct, frozen=True, kw_only=True):
    """`wait`: seconds for a run that is not there yet. `follow`: until its end, not just what is there now. `tail`: so
    many lines of each step, None for all. `task`: only this one, by its name in the pipeline. `uid`: only of this run,
    and of no other one of its name."""

    wait: float = 0.0
    follow: bool = True
    tail: int | None = None
    task: str = ""
    uid: str = ""


class Place(NamedTuple):
    """A pod in which a task was tried; `task` as people are told it."""

    task: str
    uid: str
    pod: str


class StepLogs:
    def __init__(
        self, client: KubeClient, watched: Watched, wanted: Wanted, say: Callable[[Piece], Awaitable[None]]
    ) -> None:
        self._client, self._watched, self._wanted, self._say = client, watched, wanted, say
        # The run ended a while ago: nobody will say any more of a task that it has ended as well.
        self.over = False

    async def follow(self, place: Place) -> None:
        """All steps, until the pod has ended."""
        index = 0
        while (attempt := self._attempt(place)) is not None:
            changed = self._watched.next_change()
            if index < len(attempt.steps):
                if await self._step(place, attempt.steps[index]):
                    index += 1
                    continue
            elif attempt.ended or self.over:
                return
            if not self._wanted.follow:
                return
            await within(changed(), AGAIN)

    def _attempt(self, place: Place) -> Attempt | None:
        """None once the run is gone."""
        tasks = (task for task in self._watched.tasks if task.uid == place.uid)
        return next((each for task in tasks for each in task.attempts if each.pod == place.pod), None)

    def _ended(self, place: Place, step: TaskStep) -> bool:
        attempt = self._attempt(place)
        if self.over or attempt is None or attempt.ended:
            return True
        return any(each.ended for each in attempt.steps if each.container == step.container)

    async def _step(self, place: Place, step: TaskStep) -> bool:
        """Whether it is done with; False for a step that has not begun."""
        if not _NAME.fullmatch(place.pod):  # in a URL it would be another call
            return True
        passed, tries = 0, 0
        while True:
            changed = self._watched.next_change()
            try:
                passed = await self._read(place, step, passed)
                if not self._wanted.follow or self._ended(place, step):
                    return True
                await within(changed(), AGAIN)
            except _Broken as broken:
                tries = 0 if broken.passed > passed else tries
                passed = broken.passed
            except ApiError as error:
                if error.status == 400 and not passed and not self._ended(place, step):
                    return False
                if (words := _final_words(error)) or tries >= TRIES:
                    await self._say(Note(words=words or f"can't be read: {error}", task=place.task, step=step.name))
                    return True
                tries += 1
                await asyncio.sleep(min(10.0, 0.25 * 2**tries))

    async def _read(self, place: Place, step: TaskStep, passed: int) -> int:
        """One connection, to its end; gives the bytes that were passed on in all. Raises ApiError, or _Broken where it
        was opened."""
        path = f"{collection('v1', 'pods', self._watched.key.namespace)}/{place.pod}/log"
        params = {"container": step.container, **({"follow": "true"} if self._wanted.follow else {})}
        tail, gap = self._wanted.tail, False
        if passed and (tail is not None or (passed > ROTATED and not self._ended(place, step))):
            # There is no telling where in what is there now we were.
            tail, gap = 0, True
        if tail is not None:
            params["tailLines"] = str(tail)
        splitter, opened = Splitter(passed, skip=0 if gap else passed), False
        try:
            async with self._client.stream(path, params, _TIMEOUT, buffer=BUFFER) as content:
                opened = True
                while chunk := await content.read(4 * BUFFER):
                    if gap:
                        await self._say(Note(words="lines may be missing here", task=place.task, step=step.name))
                    gap = False
                    await self._lines(place, step, splitter.feed(chunk))
            await self._lines(place, step, splitter.flush())
        except ApiError as error:
            if not opened:
                raise
            raise _Broken(splitter.passed) from error
        return splitter.passed

    async def _lines(self, place: Place, step: TaskStep, data: bytes) -> None:
        if data:
            await self._say(Lines(task=place.task, step=step.name, data=data))


class _Broken(Exception):
    """`passed`: as in Splitter."""

    def __init__(self, passed: int) -> None:
        super().__init__()
        self.passed = passed


def _final_words(error: ApiError) -> str:
    """What is said where another try would not help."""
    if error.status == 404:
        return "the pod is gone, and its log with it"
    if error.status == 403:
        return "can't be read: the right to get pods/log is missing in this namespace"
    return f"has no log: {error.message}" if error.status == 400 else ""


async def within(change: Awaitable[Any], seconds: float | None) -> None:
    """Waits for a change, so many seconds at most."""
    try:
        async with asyncio.timeout(seconds):
            await change
    except TimeoutError:
        pass
