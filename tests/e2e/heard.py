"""What must be true of the milestones of a run: each was told once, in order, and none is missing."""

from collections.abc import Iterator

from tests.e2e.known import STATUSES, Known
from tests.fakes.echo import Receiver

FINISHED = "finished"


def missed(run: Known, receiver: Receiver) -> Iterator[str]:
    told = receiver.runs.get(run.heard_as)
    names, numbers = (told.names, told.sequence) if told else ([], [])
    # What was in doubt when a run went may have been told or not, and its number is left out then.
    if numbers != (list(range(1, len(names) + 1)) if run.exists else sorted(set(numbers))):
        yield f"told its milestones as {list(zip(numbers, names, strict=True))}"
    if run.exists:
        # Of a silent child, or one that may be, nobody asks.
        wanted = run.milestones if run.heard else []
        if names != wanted and run.silent is not None:
            yield f"is {run.status}, and told {names}"
        if told and names[-1:] == [FINISHED] and told.milestones[-1].state != STATUSES[run.status].state:
            yield f"is {run.status}, and ended as {told.milestones[-1].state}"
    elif names and names not in _ended(run):
        yield f"is gone, it was {run.status}, and told {names}"


def _ended(run: Known) -> list[list[str]]:
    """What may have been told of a run that is gone, if anything was: how far it had come may be known to nobody."""
    before = [each for each in run.milestones if each != FINISHED]
    return [[*before[:count], FINISHED] for count in range(3)]
