"""Long work leaves the event loop to others in between."""

import asyncio
from collections.abc import Iterator

from tekton_integrations.slices import SLICE, Slices, in_slices


async def test_others_have_their_turn_when_the_time_of_a_slice_is_over_and_not_before() -> None:
    now, turns = [0.0], 0
    slices = Slices(lambda: now[0])

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    for _ in range(100):
        await slices.breathe()
    assert turns == 0
    for expected in (1, 2, 3):
        now[0] += SLICE
        await slices.breathe()
        await slices.breathe()
        assert turns == expected
    task.cancel()


async def test_work_that_nobody_wants_any_more_is_left() -> None:
    done: list[int] = []

    def steps() -> Iterator[None]:
        for number in range(10):
            done.append(number)
            yield

    await in_slices(steps(), going_on=lambda: len(done) < 3)
    assert done == [0, 1, 2]
    await in_slices(steps())
    assert done[3:] == list(range(10))
