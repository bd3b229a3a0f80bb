"""Several API servers at once, each with a case at a time: most of a case is waiting."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hack.testbed import TEKTON_CRDS, TestBed

from .cases import CASES
from .stage import Play, Row, played

_BASE = Path(__file__).parents[2] / "manifests" / "base"


def ordered(rows: Iterable[Row]) -> list[Row]:
    """In the order of the table."""
    order = list(CASES)
    return sorted(rows, key=lambda row: (row.seed, order.index(row.case)))


class Lanes:
    """`said` hears of each row when it is there, with what is wrong in words."""

    def __init__(self, plays: Sequence[Play], said: Callable[[Row, Sequence[str]], None]) -> None:
        self._left = list(plays)
        self._said = said

    async def run(self, lanes: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(lanes, len(self._left))):
                group.create_task(self._lane())

    async def _lane(self) -> None:
        async with TestBed.started(controller_manager=True, manifests=[TEKTON_CRDS, _BASE]) as bed:
            while self._left:
                self._said(*await played(bed, self._left.pop(0)))
