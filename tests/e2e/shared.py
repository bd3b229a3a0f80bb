"""What must be true of the commit status that several runs share: it is the newest run's."""

from collections.abc import Iterator

from tekton_integrations.sharing import rank
from tekton_integrations.testing import make_run
from tests.e2e.known import ASKS, STATUSES, Known
from tests.e2e.world import World

SHARED = ASKS["shared"]
UNKNOWN = "error"  # what is shown of a run whose outcome nobody knows


def on_display(world: World) -> Iterator[str]:
    statuses = world.github.statuses(SHARED.repository, world.sha(SHARED.sha or 0))
    shown = statuses[-1].state if statuses else ""
    runs = sorted((run for run in world.runs if run.has_shared and not run.silent), key=_age)
    present = [run for run in runs if run.exists and ASKS[run.ask].shared and run.silent is False]
    newest = present[-1] if present else None
    younger = runs[runs.index(newest) + 1 :] if newest else runs
    possible = {STATUSES[newest.status].commit} if newest else {""}
    for run in younger:
        possible |= _left(run, alone=newest is None)
    if shown not in possible:
        of = f"{newest.name} {newest.uid[:8]} is {newest.status}" if newest else "nobody asks"
        history = [(status.state, status.description) for status in statuses]
        yield f"the shared status should be one of {possible}, as {of}; it is {history}"


def _left(run: Known, *, alone: bool) -> set[str]:
    """What may stand of one that is gone, or asks no more. If it had not ended there, who is older is shown again; but
    only by a controller that knew that this one had to give way."""
    ended = {STATUSES[run.status].commit} if run.final else set()
    return ended | ({UNKNOWN} if alone or run.missed else set()) | ({"pending"} if run.excused else set())


def _age(run: Known) -> int:
    return rank(make_run(uid=run.uid, created=run.created))
