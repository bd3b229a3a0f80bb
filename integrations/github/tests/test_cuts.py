"""Nothing is lost, doubled or stale, wherever a call is cut, refused or late, and wherever the process dies: at each
call and each write of the record in the life of a run with everything switched on.

All of it takes minutes: `CUTS=all`. Else the same part of it each time: about one of each kind, and in `make test-long`
several.
"""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from integrations.github.tests import verdict
from integrations.github.tests.blows import AFTER, BEFORE, Killed, Late
from integrations.github.tests.history import History
from tests.fakes.github import CutAfterWrite, CutBeforeWrite, SecondaryLimit, ServerError, Unauthorized
from tests.sizes import LONG, sized

pytestmark = pytest.mark.sized
ALL = os.environ.get("CUTS") == "all"
# Calls to GitHub, and writes of the record, at most; those of a run that is shown as queued, running, further, failed.
CALLS, WRITES = {"app": 22, "token": 12}, {"app": 15, "token": 12}
# One of so many calls is struck in `make test-long`, and of so many times so many in an ordinary test.
SHARES = {"app": 6, "token": 2}
RARER = sized(12, 1)
# Seconds between the run's changes: each is shown, none is settled before the next, or all is settled in between.
GAPS = (30.0, 4.0, 70.0)
FAULTS: dict[str, Callable[[History], Any]] = {
    "cut before": lambda _: CutBeforeWrite(),
    "cut after": lambda _: CutAfterWrite(),
    "12 s late": lambda history: Late(history, 12.0),
    "28 s late": lambda history: Late(history, 28.0),
    "502": lambda _: ServerError(502),
    "403": lambda _: SecondaryLimit(30),
    "401": lambda _: Unauthorized(),
    "killed before": lambda history: Killed(history, after=False),
    "killed after": Killed,
}
credentials = pytest.mark.parametrize("credential", ["app", "token"])


def part(count: int, share: int, *salt: object) -> list[int]:
    """From 1 to `count`: all, or about one of so many and at least one, which are others for each salt."""
    chance = random.Random(repr(salt))
    chosen = [number for number in range(1, count + 1) if ALL or chance.random() < 1 / (RARER * share)]
    return chosen or [chance.randint(1, count)]


def gaps(*salt: object) -> list[float]:
    """All; in an ordinary test one, which is another one for each salt."""
    return [*GAPS] if ALL or LONG else [random.Random(repr(salt)).choice(GAPS)]


def case(*what: object) -> str:
    """Its name; what is left to chance (how long a back-off is) is the same each time."""
    random.seed(repr(what))
    return " ".join(map(str, what))


@credentials
async def test_a_run_that_nothing_happens_to_is_shown_by_few_calls_and_writes(credential: str) -> None:
    async with History.begun(by_app=credential == "app") as history:
        await history.lives()
        assert await verdict.complaints(history) == []
        assert len(history.github.requests) <= CALLS[credential]
        assert len(history.api.writes) <= WRITES[credential]
        assert history.looks == 4


@credentials
@pytest.mark.parametrize("fault", FAULTS)
async def test_whichever_call_fails_each_thing_is_there_once_and_right(credential: str, fault: str) -> None:
    found = {}
    for gap in gaps(credential, fault):
        for number in part(CALLS[credential], SHARES[credential], fault, gap):
            name = case(credential, fault, "at call", number, "gap", gap)
            async with History.begun(by_app=credential == "app") as history:
                history.gap = gap
                history.at_call(number, FAULTS[fault](history))
                await history.lives()
                found[name] = await verdict.complaints(history)
    assert {name: said for name, said in found.items() if said} == {}


@credentials
async def test_a_call_that_lands_when_it_was_given_up_leaves_nothing_open_or_wrong(credential: str) -> None:
    found = {}
    for gap in gaps(credential):
        for number in part(CALLS[credential], 3, credential, gap):
            name = case(credential, "40 s late at call", number, "gap", gap)
            async with History.begun(by_app=credential == "app") as history:
                history.gap = gap
                history.at_call(number, Late(history, 40.0))
                await history.lives()
                found[name] = await verdict.complaints(history, again=True)
    assert {name: said for name, said in found.items() if said} == {}


@credentials
@pytest.mark.parametrize("pace", [0.2, 0.05])
async def test_where_few_writes_go_all_is_shown_all_the_same_also_after_a_cut(credential: str, pace: float) -> None:
    """`pace`: writes a second that GitHub was found to bear. A look must not spend them on what is right already."""
    found = {}
    for fault in ("cut after", "12 s late"):
        for number in part(CALLS[credential], 5, credential, fault, pace):
            name = case(credential, fault, "at call", number, "pace", pace)
            async with History.begun(by_app=credential == "app", pace=pace) as history:
                history.at_call(number, FAULTS[fault](history))
                await history.lives()
                # What comes between a cut call and the look for it may make it twice for a while: decision 0002.
                found[name] = await verdict.complaints(history, again=True)
    assert {name: said for name, said in found.items() if said} == {}


@credentials
@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("deleted", [False, True])
async def test_whichever_write_of_the_record_the_process_dies_at_nothing_is_lost(
    credential: str, when: str, *, deleted: bool
) -> None:
    found = {}
    for gap in gaps(credential, when, deleted):
        for number in part(WRITES[credential], 4, credential, when, gap, deleted):
            name = case(credential, "dies", when, "write", number, "gap", gap, "deleted" if deleted else "goes on")
            async with History.begun(by_app=credential == "app") as history:
                history.gap = gap
                history.dies_at_write(number, when, deleted=deleted)
                await history.lives()
                found[name] = await (verdict.left_behind if deleted else verdict.complaints)(history)
    assert {name: said for name, said in found.items() if said} == {}


@credentials
@pytest.mark.parametrize("fault", ["", *FAULTS])
@pytest.mark.parametrize("seen", [False, True])
async def test_a_run_that_is_deleted_after_whichever_call_leaves_nothing_open_and_nothing_green(
    credential: str, fault: str, *, seen: bool
) -> None:
    found = {}
    for tasks in (True, False) if seen else (True,):
        for number in part(CALLS[credential], 5, credential, fault, seen, tasks):
            name = case(credential, fault or "deleted", "at call", number, "tasks gone", tasks)
            async with History.begun(by_app=credential == "app") as history:
                if fault:
                    history.at_call(number, FAULTS[fault](history))
                history.stop_at = number
                await history.lives()
                history.is_deleted(seen=seen, tasks=tasks)
                await history.rests()
                found[name] = await verdict.left_behind(history)
    assert {name: said for name, said in found.items() if said} == {}
