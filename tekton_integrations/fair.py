"""Lines to wait in: the least key goes first, and groups take turns, so that none waits for a longer one's end.

They know no time and not what waits; see workqueue.py.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

# Outdated entries that a line of nobody may hold.
_SPARE = 16


class Waiter:
    """Stands in one line at most."""

    __slots__ = ("entry", "group", "line")

    def __init__(self, group: Hashable = None) -> None:
        self.group = group
        self.line: object = None
        # The entry in that line that counts; others are outdated.
        self.entry: tuple[float, int, Waiter] | None = None


W = TypeVar("W", bound=Waiter)


class Line(Generic[W]):
    """Waiters, the one with the least key first; of equal ones the first come."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, W]] = []
        self._numbers = itertools.count()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def first(self) -> float | None:
        """The least key, None when nobody waits."""
        heap = self._heap
        while heap and heap[0][2].entry is not heap[0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def put(self, waiter: W, key: float) -> None:
        """Puts in, or to another place, a waiter that stands in no other line."""
        if waiter.line is not self:
            waiter.line = self
            self._length += 1
        waiter.entry = entry = (key, next(self._numbers), waiter)
        heapq.heappush(self._heap, entry)
        self._shrink()

    def remove(self, waiter: W) -> None:
        waiter.line = waiter.entry = None
        self._length -= 1
        self._shrink()

    def pop(self) -> W | None:
        heap = self._heap
        while heap:
            entry = heapq.heappop(heap)
            waiter = entry[2]
            if waiter.entry is entry:
                waiter.line = waiter.entry = None
                self._length -= 1
                return waiter
        return None

    def _shrink(self) -> None:
        if len(self._heap) > 2 * self._length + _SPARE:
            self._heap = [entry for entry in self._heap if entry[2].entry is entry]
            heapq.heapify(self._heap)


class _Group(Line[W]):
    """`busy`: how many were taken out and not freed. `in_turn`: whether it stands in the round, at most once."""

    def __init__(self, key: Hashable) -> None:
        super().__init__()
        self.key = key
        self.busy = 0
        self.in_turn = False


class Turns(Generic[W]):
    """A line for each group; of each group at most `cap` are out at once."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._groups: dict[Hashable, _Group[W]] = {}
        self._round: deque[_Group[W]] = deque()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def first(self) -> float | None:
        """The least key of all groups, None when nobody waits."""
        return min((key for group in self._groups.values() if (key := group.first) is not None), default=None)

    def put(self, waiter: W, key: float) -> bool:
        """Puts in, or to another place; tells whether its group may have one more out."""
        group = self._groups.get(waiter.group)
        if group is None:
            group = self._groups[waiter.group] = _Group(waiter.group)
        if waiter.line is not group:
            self._length += 1
        group.put(waiter, key)
        return self._offer(group)

    def remove(self, waiter: W) -> None:
        self._groups[waiter.group].remove(waiter)
        self._length -= 1

    def take(self) -> W | None:
        """The first of the group whose turn it is; it is out until it is freed."""
        while self._round:
            group = self._round.popleft()
            group.in_turn = False
            waiter = group.pop()
            if waiter is not None:
                self._length -= 1
                group.busy += 1
                self._offer(group)
                return waiter
            self._tidy(group)  # all that stood there were removed
        return None

    def free(self, waiter: W) -> bool:
        """It is no longer out; tells whether another of its group may go."""
        group = self._groups[waiter.group]
        group.busy -= 1
        if self._offer(group):
            return True
        self._tidy(group)
        return False

    def _tidy(self, group: _Group[W]) -> None:
        if not (group.busy or group.in_turn or len(group)):
            del self._groups[group.key]

    def _offer(self, group: _Group[W]) -> bool:
        if group.busy >= self._cap or not len(group):
            return False
        if not group.in_turn:
            group.in_turn = True
            self._round.append(group)
        return True
