"""The milestones of a run, for consumers that need each transition and not just the newest state. Pure.

They follow from the run alone, so that after a crash or a fail-over the same ones are due, under the same ids.
"""

import uuid

import msgspec

from tekton_integrations.run import Run

CREATED, STARTED, RETRIED, FINISHED = "created", "started", "retried", "finished"
_NAMESPACE = uuid.UUID("6f1f8a3e-6a0c-5d0e-9a57-3b2f5f0e7c11")


class Milestone(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`key` tells the milestones of a run apart (`created`, `started`, `retried/1`, `finished`); `name` is the key
    without its number. `sequence` counts from 1 without gaps; `time` is when it was reached, in seconds since the
    epoch. `id` is the same whenever and by whomever it is delivered, so that receivers can drop repetitions."""

    key: str
    name: str
    sequence: int
    id: str
    time: float


def reached(run: Run) -> list[tuple[str, float]]:
    """Key and time of all that the run has reached, in order. A run that could not start was never started."""
    found = [(CREATED, run.created)]
    if run.started is not None:
        found.append((STARTED, run.started))
    found += [(f"{RETRIED}/{number}", time) for number, time in enumerate(run.retries, 1)]
    if run.final:
        found.append((FINISHED, run.finished or run.created))
    return found


def due(run: Run, last: str, delivered: int, external_id: str) -> list[Milestone]:
    """What is to be delivered after the milestone `last` (empty: none yet), the `delivered`th."""
    missing = [(key, time) for key, time in reached(run) if _rank(key) > _rank(last)]
    return [
        Milestone(
            key=key,
            name=key.partition("/")[0],
            sequence=delivered + number,
            id=_id(external_id, key),
            time=time,
        )
        for number, (key, time) in enumerate(missing, 1)
    ]


def repeated(run: Run, last: str, delivered: int, external_id: str) -> list[Milestone]:
    """The last one again, under the number and the id that it had; none where there was none."""
    time = dict(reached(run)).get(last)
    if time is None:
        return []
    name = last.partition("/")[0]
    return [Milestone(key=last, name=name, sequence=delivered, id=_id(external_id, last), time=time)]


def ending(last: str, delivered: int, external_id: str, now: float, *, in_doubt: bool = False) -> Milestone | None:
    """The end of a run of which nothing is known any more, for whoever heard of it; None for whoever knows its end.
    `in_doubt`: one more may have been told. The end is numbered as if it was: a gap does less harm than two of a
    number, of which a receiver may take the end for the older one."""
    told = delivered + in_doubt
    if not told or last == FINISHED:
        return None
    return Milestone(key=FINISHED, name=FINISHED, sequence=told + 1, id=_id(external_id, FINISHED), time=now)


def _id(external_id: str, key: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{external_id}/{key}"))


def _rank(key: str) -> tuple[int, int]:
    """What nobody ever delivered comes before all."""
    name, _, number = key.partition("/")
    order = (CREATED, STARTED, RETRIED, FINISHED)
    return (order.index(name) + 1, int(number) if number.isdecimal() else 0) if name in order else (0, 0)
