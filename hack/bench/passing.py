"""Runs that come, end, and are pruned, batch after batch, before one controller: whether its memory stays flat."""

from hack.controller import Controller

from . import usage
from .lookalike import OWNER
from .place import Place
from .results import Passed, Sizes
from .session import Session

_BATCH = 500
REPOSITORY = f"{OWNER}/passing"


async def passed(place: Place, sizes: Sizes) -> Passed:
    """Memory is read when each batch has been reported, and before it is pruned."""
    await place.github.add_repository(REPOSITORY)
    rss: list[float] = []
    async with (
        place.namespace("passing") as namespace,
        Controller.started(place.pod, place.folder / "passing.log") as controller,
    ):
        session = await Session.opened(place, controller.child, namespace, REPOSITORY)
        await session.warm_up()
        for begin in range(0, sizes.passed, _BATCH):
            load = session.load(f"batch-{begin}", min(_BATCH, sizes.passed - begin))
            await session.creating(load)
            await session.concluding(load)
            rss.append(usage.rss(session.pid))
            session.calls.clear()  # of so many runs, they would fill this process
            await place.pruned(namespace)
        return Passed(runs=sizes.passed, rss=rss, verdict=await session.verdict())
