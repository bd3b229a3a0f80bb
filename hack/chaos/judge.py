"""What was lost, stands twice, or ended on an older state than the run's last."""

from collections.abc import Collection, Iterator, Sequence

import msgspec

from .driver import Life
from .shown import Shown, Thing, closed, wanted
from .world import SERVICES, World


class Verdict(msgspec.Struct, kw_only=True):
    """Of pairs of a run and a service. `expected`: so many are to show an end. `lost`: never showed it, or lack
    a milestone; `stale`: showed it and then something older, or were left open when the run went. `duplicated`:
    what stands twice; `maybe_sent`: cards too many, or left as they were made when the run went, of whose runs the
    record has said that a call may have been sent."""

    expected: int = 0
    lost: int = 0
    duplicated: int = 0
    stale: int = 0
    maybe_sent: int = 0
    repeats: int = 0
    wrong: list[str] = msgspec.field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.duplicated or self.stale)


def judged(world: World, maybe: Collection[tuple[str, str]]) -> Verdict:
    """`maybe`: uids and integrations of the records that said so (witness.py)."""
    shown = Shown(world)
    verdict = Verdict(repeats=shown.repeats)
    for life in world.lives.values():
        for service in SERVICES:
            things = shown.things(service, life)
            if life.exists or things:
                verdict.expected += 1
                said = (life.uid, service) in maybe
                problems = [*judge(verdict, service, life, things, said=said)]
                states = [list(each.states) for each in things]
                verdict.wrong += [f"{life.name} {life.uid[:8]} at {service} {each}: {states}" for each in problems]
    return verdict


def judge(verdict: Verdict, service: str, life: Life, things: Sequence[Thing], *, said: bool) -> Iterator[str]:
    """Counts what one service shows of a run; gives what is wrong in words. `said`: its record has said MaybeSent."""
    end = wanted(service, life)
    ends = {end} if life.exists else {closed(service)} | ({end} if life.ended else set())
    if said and service == "slack" and not life.exists:
        # Nobody knows which card is that of a call that was cut, and the run is not there to get another.
        known = [each for each in things if len(each.states) > 1 or each.states[-1] in ends]
        verdict.maybe_sent += len(things) - len(known)
        things = known
    extra = max(0, len(things) - 1)
    if extra and said and service == "slack":
        verdict.maybe_sent += extra
        # What stands too many stays as it was.
        things = [each for each in things if each.states[-1] in ends][:1] or things[-1:]
    elif extra:
        verdict.duplicated += extra
        yield "stands twice"
    if any(each.twice for each in things):
        verdict.duplicated += sum(each.twice for each in things)
        yield "was told twice"
    if life.exists and (not any(end in each.states for each in things) or any(each.missing for each in things)):
        verdict.lost += 1
        yield f"lacks {end}"
    elif any(each.states[-1] not in ends or each.mixed for each in things):
        verdict.stale += 1
        yield f"does not end on {' or '.join(sorted(ends))}"
