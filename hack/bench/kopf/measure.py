"""The operator of checks.py under the load that the controller gets, in the same round."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hack.bench import usage
from hack.bench.lookalike import OWNER
from hack.bench.place import Place
from hack.bench.results import Kopf, Sizes
from hack.bench.session import Session
from hack.testbed.process import Child

_OPERATOR = Path(__file__).with_name("checks.py")
_COMMAND = (sys.executable, "-m", "kopf", "run", "--all-namespaces", "--standalone", str(_OPERATOR))


async def played(place: Place, sizes: Sizes, number: int) -> Kopf:
    """It has admin's rights. What the warm-up takes is its start, too."""
    repository = f"{OWNER}/kopf-{number}"
    await place.github.add_repository(repository)
    async with place.namespace("kopf") as namespace, _running(place, repository) as child:
        session = await Session.opened(place, child, namespace, repository)
        await session.warm_up()
        load = session.load("full", sizes.runs)
        creating, concluding = await session.creating(load), await session.concluding(load)
        steady, _, _ = await session.steady(session.load("steady", sizes.paced_runs), sizes.rate)
        return Kopf(
            saturated=creating + concluding,
            steady=steady,
            rss=usage.rss(child.pid),
            verdict=await session.verdict(),
        )


@asynccontextmanager
async def _running(place: Place, repository: str) -> AsyncIterator[Child]:
    environment = {
        "KUBECONFIG": str(place.bed.admin_kubeconfig),
        "GITHUB_URL": place.github.url,
        "GITHUB_TOKEN": await place.github.token(repository),
    }
    child = await Child.started(_COMMAND, place.folder / "kopf.log", environment)
    try:
        yield child
    finally:
        await child.stop()
