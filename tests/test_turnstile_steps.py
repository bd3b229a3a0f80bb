"""What has begun late goes on when nobody is held up by it, and is otherwise as work is without a turnstile."""

import asyncio

import pytest

from tekton_integrations.turnstile import PACE, PATIENCE, PATIENCE_WITHIN, QUIET
from tests.turnstiles import Scene, Work, broken, play, second


def of_steps(scene: Scene, number: int, seconds: float) -> Work:
    """Work of so many steps more, each after so many seconds."""

    async def work() -> None:
        for _ in range(number):
            await asyncio.sleep(seconds)
            scene.step("step")

    return work


def test_what_is_late_goes_on_in_a_gap_too() -> None:
    async def story(scene: Scene) -> None:
        late = scene.begin("late", of_steps(scene, 3, PACE))
        await asyncio.sleep(1.5 * PACE)
        begin = scene.now
        await scene.busy(PATIENCE_WITHIN / 2)
        await late
        first, second, third = scene.of("step")
        assert first == pytest.approx(PACE)
        assert second == pytest.approx(begin + PATIENCE_WITHIN / 2 + QUIET, abs=QUIET / 2)
        assert third == pytest.approx(second + PACE)

    play(story)


def test_without_a_gap_it_goes_on_after_its_patience() -> None:
    async def story(scene: Scene) -> None:
        late = [scene.begin("late", of_steps(scene, 3, PACE)) for _ in range(4)]
        await asyncio.sleep(PACE / 2)
        busy = scene.busy(1)
        await asyncio.gather(*late)
        each = PACE + PATIENCE_WITHIN
        assert scene.of("step") == pytest.approx(sorted([each, 2 * each, 3 * each] * 4))
        await busy

    play(story)


async def given_up() -> str:
    try:
        async with asyncio.timeout(PATIENCE_WITHIN / 2):
            await asyncio.sleep(1)
    except TimeoutError:
        return "given up"
    return "done"


@pytest.mark.parametrize("name", ["new", "late"])
def test_work_is_as_it_would_be_without(name: str) -> None:
    """Its result, its errors, its timeouts."""

    async def story(scene: Scene) -> None:
        late = name == "late"
        busy = scene.busy(1)
        assert await scene.turnstile.through(given_up(), late=late) == "given up"
        with pytest.raises(ValueError, match="broken"):
            await scene.turnstile.through(broken(), late=late)
        begin = scene.now
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(scene.turnstile.through(second(), late=late), PATIENCE + PACE)
        assert scene.now == pytest.approx(begin + PATIENCE + PACE)
        await busy

    play(story)


def test_who_is_cancelled_before_a_step_cleans_up_at_once() -> None:
    ends: list[float] = []

    async def story(scene: Scene) -> None:
        async def work() -> None:
            try:
                await asyncio.sleep(PACE)
            finally:
                ends.append(scene.now)

        task = scene.begin("late", work)
        await asyncio.sleep(PACE / 2)
        busy = scene.busy(1)
        await asyncio.sleep(PACE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ends == pytest.approx([1.5 * PACE])
        await busy

    play(story)
