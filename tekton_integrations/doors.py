"""Where calls wait that a quota does not let go yet: a door for each cost, and turns for those who wait at one."""

from collections.abc import Callable
from typing import Protocol

from tekton_integrations.limits import Cost
from tekton_integrations.opening import Opening

# Costs for which there is a place to wait.
MOST = 256


class Keeper(Protocol):
    """Says when such calls may go, and how many: see Opening."""

    def until(self, cost: Cost) -> float: ...

    def openings(self, cost: Cost) -> int: ...

    def on_open(self, callback: Callable[[], None]) -> None: ...


class Doors:
    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._doors: dict[Cost, _Door] = {}

    def __len__(self) -> int:
        return len(self._doors)

    def at(self, cost: Cost) -> Opening:
        if len(self._doors) >= MOST:
            self._doors.clear()
        return self._doors.setdefault(cost, _Door(self._keeper, cost))


class _Door:
    """An Opening for calls of one cost."""

    def __init__(self, keeper: Keeper, cost: Cost) -> None:
        self._keeper = keeper
        self._cost = cost

    def wait(self) -> float:
        return self._keeper.until(self._cost)

    def openings(self) -> int:
        return self._keeper.openings(self._cost)

    def on_open(self, callback: Callable[[], None]) -> None:
        self._keeper.on_open(callback)
