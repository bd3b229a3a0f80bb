"""Who goes on: one piece of work begins in each turn of the event loop, and what is late keeps to the gaps.

A name that is refused before any call takes a millisecond of the processor and awaits nothing. If a hundred thousand
are, as at a start with as many runs for hosts that are full, each await of somebody's report would meet as many of them
as there are workers. And who has waited for minutes need not go on in the midst of a report that takes milliseconds.
"""

import asyncio
import types
from collections import deque
from collections.abc import Coroutine, Generator
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

# Seconds for which what came late waits for a gap before it begins; and between two that found none.
PATIENCE, PACE = 0.05, 0.01
# Seconds for which it waits for one after each of its calls.
PATIENCE_WITHIN = 0.025
# Seconds without a step of what is not late that make a gap: longer than the API server takes for an answer, so that
# there is none in the midst of a report, and shorter than a service does.
QUIET = 0.01
# Turns of the loop that there are besides before one begins: what has just come in is about to begin by then.
_TURNS = 6


class _Wait(NamedTuple):
    """`until`: when its patience ends, if it is late."""

    until: float
    let_on: asyncio.Future[None]


class Turnstile:
    """What is late begins, and goes on after each await, when nothing else has moved for QUIET or is about to begin; or
    after its patience, those that begin one for each PACE."""

    def __init__(self) -> None:
        self._waiting: deque[_Wait] = deque()
        self._late: deque[_Wait] = deque()
        # Late ones that have begun.
        self._within: deque[_Wait] = deque()
        # When one that is not late took a step.
        self._moved = -QUIET
        # When the next late one may begin that finds no gap.
        self._paced_until = 0.0
        # In which nobody was let on.
        self._turns = 0
        self._timer: asyncio.TimerHandle | None = None
        self._soon = False

    @types.coroutine
    def through(self, work: Coroutine[Any, Any, T], *, late: bool) -> Generator[Any, None, T]:
        """To be awaited: what `work` returns, which begins in a later turn, and is the task's own but for the waits
        between its steps."""
        loop = asyncio.get_running_loop()
        error: BaseException | None = None
        turn: asyncio.Future[None] | None = self._turn(self._late if late else self._waiting, PATIENCE)
        while True:
            try:
                if turn is not None:
                    yield from turn
            except BaseException as raised:  # it is the work's to say what follows from a cancellation
                error = raised
            try:
                awaited = work.send(None) if error is None else work.throw(error)
            except StopIteration as end:
                result: T = end.value
                return result
            finally:
                if not late:
                    self._moved = loop.time()
            error = turn = None
            try:
                yield awaited
                turn = self._turn(self._within, PATIENCE_WITHIN) if late and not self._quiet(loop.time()) else None
            except BaseException as raised:
                error = raised

    def _turn(self, queue: deque[_Wait], patience: float) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        wait = _Wait(loop.time() + patience, loop.create_future())
        queue.append(wait)
        self._look_soon()
        return wait.let_on

    def _quiet(self, now: float) -> bool:
        return not self._waiting and now >= self._moved + QUIET

    def _look_soon(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._soon:
            self._soon = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        """Once in each turn, as long as somebody may be let on in it."""
        self._soon, self._timer = False, None
        loop = asyncio.get_running_loop()
        now = loop.time()
        found = self._next(now)
        if found is not None:
            found.set_result(None)  # who is let on takes its step before the next look
        self._turns = self._turns + 1 if found is None else 0
        if self._waiting:
            self._look_soon()
        elif self._within or self._late:
            self._timer = loop.call_at(self._next_look, self._look)

    @property
    def _next_look(self) -> float:
        """When a late one may be let on, if nobody moves meanwhile; what is past means in the next turn."""
        found = [self._moved + QUIET]
        if self._within:
            found.append(self._within[0].until)
        if self._late:
            found.append(self._without_a_gap)
        return min(found)

    @property
    def _without_a_gap(self) -> float:
        """When the first late one may begin at the latest."""
        return max(self._late[0].until, self._paced_until)

    def _next(self, now: float) -> asyncio.Future[None] | None:
        self._forget_the_cancelled()
        if self._late and now >= self._without_a_gap:
            return self._begun_late(now)
        if self._waiting:
            return self._waiting.popleft().let_on
        quiet = self._quiet(now)
        if self._within and (quiet or now >= self._within[0].until):
            return self._within.popleft().let_on
        if self._late and quiet and self._turns >= _TURNS:
            return self._begun_late(now)
        return None

    def _begun_late(self, now: float) -> asyncio.Future[None]:
        self._paced_until = now + PACE
        return self._late.popleft().let_on

    def _forget_the_cancelled(self) -> None:
        for queue in (self._waiting, self._within, self._late):
            while queue and queue[0].let_on.cancelled():
                queue.popleft()
