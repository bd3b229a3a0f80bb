"""Runs that go while they are shown."""

from collections.abc import Sequence

from hack.chaos.acts import DELETE, END, Act, Script, life
from hack.chaos.cases.case import Case


def _deleted(script: Script) -> Sequence[Act]:
    """A third of them, at any moment of their way."""
    return [_delete(each, script.dice.uniform(each[0].at, each[-1].at)) for each in script.some(1 / 3)]


def _pruned(script: Script) -> Sequence[Act]:
    """All, as soon as they have ended, while the controller is down for a part of them."""
    at = script.dice.uniform(0.4, 0.8) * script.over
    prune = [_delete(each, each[-1].at + script.dice.uniform(0, 1)) for each in script.lives]
    return [*prune, Act(at=at, do="kill", on="0"), Act(at=at + 3, do="start", on="0")]


def _recreated(script: Script) -> Sequence[Act]:
    """A third of them are deleted in the midst and made anew under their name."""
    found: list[Act] = []
    for each in script.some(1 / 3):
        at = script.dice.uniform(each[1].at, each[-1].at)
        name, number = each[0].value.partition(" ")[0], f"{each[0].on}b"
        found += [_delete(each, at), *life(script.dice, number, name, at + 0.2)]
    return found


def _delete(acts: Sequence[Act], at: float) -> Act:
    assert acts[-1].do == END
    return Act(at=at, do=DELETE, on=acts[0].on)


CASES = (
    Case(name="deleted", title="runs deleted while in progress", disturb=_deleted),
    Case(name="pruned", title="runs pruned, kill -9 meanwhile", disturb=_pruned),
    Case(name="recreated", title="runs recreated while in progress", disturb=_recreated),
)
