"""What is remembered is bounded; what many wait for is done once."""

import asyncio

import pytest
from tekton_integrations_github.memory import Flights, Remembered

from integrations.github.tests.helpers import together
from tekton_integrations import Throttled


def test_the_one_unused_for_longest_goes_first() -> None:
    kept: Remembered[str, int] = Remembered(2, 100)
    kept.put("a", 1, 0)
    kept.put("b", 2, 1)
    assert kept.get("a", 2) == 1
    kept.put("c", 3, 3)
    assert (kept.get("a", 4), kept.get("b", 4), kept.get("c", 4)) == (1, None, 3)


def test_what_was_not_used_for_long_is_forgotten() -> None:
    kept: Remembered[str, int] = Remembered(10, 100)
    kept.put("a", 1, 0)
    kept.put("b", 2, 50)
    assert kept.get("b", 101) == 2
    assert (len(kept), kept.get("a", 101)) == (1, None)


class Maker:
    """Made calls, each of which waits until it is let go."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.began = asyncio.Event()
        self.go = asyncio.Event()

    async def work(self) -> str:
        self.made.append("work")
        self.began.set()
        await self.go.wait()
        return "done"

    async def refuse(self) -> str:
        self.made.append("refuse")
        self.began.set()
        await self.go.wait()
        raise Throttled("not now", 5.0)


async def test_a_final_one_makes_the_call_itself_where_progress_was_held_back() -> None:
    flights: Flights[str, str] = Flights()
    maker = Maker()
    waiting = [
        asyncio.create_task(flights.join("key", maker.refuse, insist=False)),
        asyncio.create_task(flights.join("key", maker.refuse, insist=False)),
        asyncio.create_task(flights.join("key", maker.work, insist=True)),
        asyncio.create_task(flights.join("key", maker.work, insist=True)),
    ]
    await maker.began.wait()
    maker.go.set()
    answers = await together(*waiting)
    assert [type(each) for each in answers] == [Throttled, Throttled, str, str]
    assert maker.made == ["refuse", "work"]
    assert len(flights) == 0


async def test_a_call_that_nobody_waits_for_any_more_ends_quietly() -> None:
    flights: Flights[str, str] = Flights()
    maker = Maker()
    only = asyncio.create_task(flights.join("key", maker.refuse, insist=False))
    await maker.began.wait()
    only.cancel()
    maker.go.set()
    with pytest.raises(asyncio.CancelledError):
        await only
    with pytest.raises(Throttled):
        await flights.join("key", maker.refuse, insist=False)
