"""Who comes late begins when nobody is held up by it."""

import asyncio
import itertools

import pytest

from tekton_integrations.turnstile import PACE, PATIENCE, QUIET
from tests.turnstiles import Scene, broken, nothing, play, second


def test_one_begins_in_each_turn_of_the_loop() -> None:
    async def story(scene: Scene) -> None:
        counting = asyncio.create_task(scene.count_turns())
        works = [scene.begin("new", second) for _ in range(8)]
        for _ in range(20):
            await asyncio.sleep(0)
        turns = [turn for _, turn, _ in scene.steps]
        assert turns == list(range(turns[0], turns[0] + len(works)))
        counting.cancel()
        await asyncio.gather(*works)

    play(story)


def test_alone_the_late_take_no_time_and_let_some_turns_pass() -> None:
    async def story(scene: Scene) -> None:
        counting = asyncio.create_task(scene.count_turns())
        await asyncio.gather(*scene.late(workers=4, times=10))
        counting.cancel()
        assert scene.of("late") == [0.0] * 40
        turns = [turn for _, turn, _ in scene.steps]
        assert min(after - before for before, after in itertools.pairwise(turns)) > 4

    play(story)


def test_one_that_is_late_waits_for_a_gap() -> None:
    async def story(scene: Scene) -> None:
        busy = scene.busy(PATIENCE / 2)
        late = scene.begin("late", nothing)
        await asyncio.gather(busy, late)
        assert scene.of("late") == pytest.approx([PATIENCE / 2 + QUIET])

    play(story)


def test_who_waits_for_a_service_makes_a_gap() -> None:
    async def story(scene: Scene) -> None:
        waiting = scene.begin("new", second)
        await asyncio.gather(*scene.late(workers=4, times=10))
        assert scene.of("late") == pytest.approx([QUIET] * 40)
        assert not waiting.done()
        await waiting

    play(story)


def test_without_a_gap_it_waits_no_longer_than_its_patience() -> None:
    async def story(scene: Scene) -> None:
        busy = scene.busy(1)
        await asyncio.gather(*scene.late(workers=1, times=3))
        assert scene.of("late") == pytest.approx([PATIENCE, 2 * PATIENCE, 3 * PATIENCE])
        await busy

    play(story)


def test_without_a_gap_many_begin_one_for_each_pace() -> None:
    async def story(scene: Scene) -> None:
        busy = scene.busy(1)
        late = scene.late(workers=16, times=100)
        await busy
        begun = scene.of("late")
        assert len(begun) == pytest.approx((1 - PATIENCE) / PACE, abs=2)
        assert min(after - before for before, after in itertools.pairwise(begun)) > 0.99 * PACE
        await asyncio.gather(*late)
        assert scene.now == pytest.approx(1 + QUIET, abs=QUIET)  # then all the others at once

    play(story)


def test_late_ones_that_await_something_do_not_hold_up_each_other() -> None:
    async def story(scene: Scene) -> None:
        works = [scene.begin("late", second) for _ in range(10)]
        await asyncio.gather(*works)
        assert scene.of("late") == [0.0] * 10

    play(story)


def test_who_comes_in_begins_before_them() -> None:
    async def story(scene: Scene) -> None:
        late = scene.late(workers=4, times=100)
        for _ in range(300):
            await asyncio.sleep(0)
        before = len(scene.steps)
        assert before > 30
        await scene.begin("new", nothing)
        assert [name for name, _, _ in scene.steps].index("new") - before <= 1
        await asyncio.gather(*late)

    play(story)


def test_a_flood_of_others_does_not_keep_them_out() -> None:
    async def story(scene: Scene) -> None:
        late = scene.late(workers=2, times=5)
        flood = [scene.begin("new", lambda: asyncio.sleep(PACE), 100) for _ in range(100)]
        await asyncio.gather(*late)
        assert not any(each.done() for each in flood)
        await asyncio.gather(*flood)

    play(story)


@pytest.mark.parametrize("moment", range(6))
def test_who_is_cancelled_holds_up_nobody(moment: int) -> None:
    async def story(scene: Scene) -> None:
        cancelled = [scene.begin(name, second) for name in ("new", "late", "new", "late")]
        for _ in range(moment):
            await asyncio.sleep(0)
        for task in cancelled:
            task.cancel()
        await asyncio.gather(*cancelled, return_exceptions=True)
        await asyncio.gather(*scene.late(workers=2, times=3), scene.begin("new", nothing))
        assert scene.now <= QUIET

    play(story)


def test_work_that_fails_is_over() -> None:
    async def story(scene: Scene) -> None:
        with pytest.raises(ValueError, match="broken"):
            await scene.begin("new", broken)
        await scene.begin("late", nothing)
        assert scene.now == QUIET

    play(story)
