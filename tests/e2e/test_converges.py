"""Random histories of runs under real controllers that die, compete and lose their connections, on a real API server.

After quiet GitHub shows exactly the last state of each run, and each milestone was told once and in order.
CONVERGES_EXAMPLES sets how many histories are tried.
"""

import os
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hack.testbed import TestBed
from tests.e2e import blows as b
from tests.e2e import machine as m
from tests.e2e.arena import Arena
from tests.e2e.known import ASKS, OWN, PATHS, STATUSES
from tests.sizes import sized

EXAMPLES = int(os.environ.get("CONVERGES_EXAMPLES", str(sized(8, 25))))
ACTIONS = int(os.environ.get("CONVERGES_ACTIONS", "8"))
# So many histories are drawn for each that is played: Hypothesis draws the least one first, and of each new one five
# that nearly are the same, which is cheap to look at and dear to play.
DRAWN = 12


@pytest.fixture
async def arena(bed: TestBed, tmp_path: Path) -> AsyncIterator[Arena]:
    async with Arena.set(bed, tmp_path) as arena:
        yield arena


Strategy = st.SearchStrategy[m.Action]
slots = st.sampled_from([0, 0, 0, 1, 1, 2])
kinds = st.sampled_from(list(PATHS))
statuses = st.sampled_from(list(STATUSES))
checks = st.sampled_from(["main", *(ask for ask in ASKS if ask not in (OWN, "shared"))])
ends = st.sampled_from([b.Crash(), b.Crash(), b.CrashAtWrite(), b.Rival(), b.TakeOver(), b.Stop()])
world_ = st.one_of(
    st.builds(m.EditRecord, slots, st.sampled_from(m.EDITS)),
    st.builds(m.Conflict, st.integers(1, 3)),
    st.builds(m.Trouble, st.sampled_from(list(m.FAULTS)), st.integers(1, 2)),
    st.builds(m.Deaf, st.sampled_from(list(m.DEAF)), st.integers(1, 2)),
    st.builds(b.Cut, st.sampled_from(["reset", "silence", "part", "expire", "expire", "slow"])),
    st.sampled_from([m.Revoke(), m.Revoke("provider"), m.Grant(), b.Heal()]),
    ends,
)
pauses = st.one_of(st.builds(b.Pause, st.sampled_from([0.01, 0.03, 0.1, 0.3, 0.8])), st.just(b.Settle()))


def created(
    asks: st.SearchStrategy[str], kinds: st.SearchStrategy[str] = kinds, slots: st.SearchStrategy[int] = slots
) -> Strategy:
    return st.builds(m.Create, slots, kinds, asks, statuses, st.booleans())


def changes(asks: st.SearchStrategy[str], *more: Strategy, slots: st.SearchStrategy[int] = slots) -> Strategy:
    """What happens to runs."""
    return st.one_of(
        *more,
        created(asks),
        st.builds(m.Status, slots, statuses),
        st.builds(m.Status, slots, statuses),
        st.builds(m.Annotate, slots, asks),
        st.builds(m.Delete, slots),
        st.builds(m.Recreate, slots, statuses),
        st.builds(m.Touch, slots),
    )


def histories(runs: Strategy, *first: Strategy) -> st.SearchStrategy[list[m.Action]]:
    meanwhile = st.one_of(runs, st.builds(m.EditRecord, slots, st.sampled_from(["label", "delete"])))
    outages = st.builds(b.Outage, st.lists(meanwhile, min_size=1, max_size=3))
    actions = st.one_of(runs, runs, runs, world_, world_, pauses, pauses, outages)
    some = st.lists(actions, min_size=2, max_size=ACTIONS // 2)
    # Few of the actions end a controller, and nearly nothing is as telling.
    blow = st.one_of(st.sampled_from([b.Crash(), b.CrashAtWrite(), b.TakeOver(), b.Stop()]), outages, world_)
    return st.builds(
        lambda *parts: [each for part in parts for each in part], st.tuples(*first), some, st.tuples(blow), some
    )


# Of runs that are shown as checks, of some that share a commit status, and of a PipelineRun with a child.
shared = st.sampled_from(["shared", "shared", "shared", "shared", "main", "nothing"])
children = st.builds(
    m.Child, st.sampled_from([True, True, False]), st.sampled_from([True, True, True, False]), statuses
)
some_history = st.one_of(
    histories(changes(checks), created(checks)),
    histories(
        changes(shared),
        created(st.just("shared"), slots=st.just(0)),
        pauses,
        created(st.just("shared"), slots=st.just(1)),
    ),
    histories(
        changes(checks, children, slots=st.sampled_from([0, 0, m.CHILD, m.CHILD, 1])),
        created(st.sampled_from(["main", "renamed"]), st.just("PipelineRun")),
        children,
    ),
)


def is_new(history: Sequence[m.Action], played: Iterable[Sequence[m.Action]]) -> bool:
    """Whether it is long enough, and no more than half of it has been played."""
    mine = Counter(map(repr, history))
    common = (sum((mine & Counter(map(repr, each))).values()) for each in played)
    return len(mine) > ACTIONS // 2 and max(common, default=0) <= len(history) / 2


@pytest.mark.sized
@settings(
    max_examples=EXAMPLES * DRAWN,
    deadline=None,
    derandomize="CONVERGES_EXAMPLES" not in os.environ,  # the same ones each time, but for a hunt
    database=None,
    phases=[Phase.generate, Phase.shrink],
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(history=some_history)
async def test_whatever_happens_github_shows_the_last_state_of_each_run(arena: Arena, history: list[m.Action]) -> None:
    if arena.failed or (len(arena.played) < EXAMPLES and is_new(history, arena.played)):
        await arena.play(history)


@pytest.mark.long
@pytest.mark.parametrize(
    "history",
    [
        # An update was cut, and the run deleted before that was looked at: the wait was put off for ever.
        [
            m.Create(0, status="pending"),
            b.Settle(),
            m.Trouble("cut after", 1),
            m.Status(0, "running"),
            b.Pause(0.3),
            m.Delete(0),
        ],
        # What the record remembered was taken from it, and nobody saw that: what it had shown stayed open.
        [m.Create(0, status="running"), b.Settle(), b.Outage([m.EditRecord(0, "forget"), m.Delete(0)])],
        # What stood where the run had asked before stayed open when it then asked for what can't be had.
        [m.Create(0, status="running"), b.Settle(), m.Annotate(0, "ungranted")],
        [m.Create(0, status="running"), b.Settle(), m.Annotate(0, "incomplete"), m.Status(0, "failed")],
        [m.Create(0, status="running"), b.Settle(), m.Annotate(0, "incomplete"), b.Settle(), m.Annotate(0, "main")],
        [m.Create(0, status="succeeded"), b.Settle(), m.Annotate(0, "incomplete"), b.Settle(), m.Annotate(0, "main")],
        [m.Create(0, status="succeeded"), b.Settle(), m.Annotate(0, "ungranted"), b.Settle(), m.Annotate(0, "main")],
        # A check that was concluded can't be reopened.
        [m.Create(0, status="running"), b.Settle(), m.Annotate(0, "moved"), b.Settle(), m.Annotate(0, "main")],
        # Asked for again, before and after its end, while calls are cut and controllers die.
        [
            m.Create(0, status="running"),
            b.Settle(),
            m.Trouble("cut after", 1),
            m.Again(0),
            m.Status(0, "failed"),
            b.CrashAtWrite(),
            m.Again(0),
            b.Settle(),
            m.EditRecord(0, "forget"),
            m.Again(0),
            b.Crash(),
            m.Again(0),
        ],
        # Made anew in the place of a child, with annotations that no other run has.
        [
            m.Create(0, status="ignored", ask="renamed"),
            m.Child(own=True, listed=True, status="failed"),
            m.Recreate(m.CHILD, status="ignored"),
            m.Annotate(m.CHILD, "main"),
        ],
        # The first milestone was cut after it had been told, and its run deleted: of its end nobody heard.
        [
            m.Create(1),
            b.Settle(),
            m.Deaf("cut after", 1),
            m.Create(0, heard=True),
            b.Pause(0.3),
            b.Outage([m.Delete(0)]),
        ],
        # Never seen to fail, and met by few examples.
        [
            m.Create(0, "PipelineRun", "shared", "running", heard=True),
            b.Pause(1.1),
            m.Create(1, "TaskRun", "shared", "running", heard=True),
            m.Child(status="running"),
            b.Settle(),
            b.Cut("expire"),
            m.Status(0, "succeeded"),
            m.Status(m.CHILD, "failed"),
            b.Settle(),
            m.Delete(1),
        ],
        # The check that the record remembers is not there (any more): those that were found stayed open.
        [m.Create(0, status="running"), b.Settle(), b.Outage([m.EditRecord(0, "mislead"), m.Delete(0)])],
    ],
    ids=[
        "cut and deleted",
        "forgotten and deleted",
        "to no grant",
        "to nowhere and ended",
        "to nowhere and back",
        "ended and back",
        "ended, to no grant and back",
        "there and back",
        "asked for again",
        "in the place of a child",
        "told and deleted",
        "each kind of neighbour",
        "misled",
    ],
)
async def test_what_once_went_wrong_goes_right(arena: Arena, history: list[m.Action]) -> None:
    await arena.play(history)
