"""The whole outcome, as it is written to build/soak.json and read again for the docs."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from . import rules
from .fates import INTEGRATIONS
from .rules import Row
from .samples import Sample
from .sizes import Sizes

# A part of all runs that may fail to be played: what breaks there is not the controller.
_UNPLAYED = 0.001


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """`found`: by integration, how often each word of judge.py was said. `late`: what services show of runs that had
    been judged before. `repeats`: messages that came again under the same id. `delay`: seconds by which the load was
    late at worst."""

    runs: int
    judged: int
    unplayed: list[str]
    kills: int
    lives: int
    found: Mapping[str, Mapping[str, int]]
    late: Mapping[str, int]
    repeats: int
    problems: list[str]
    seconds: float
    delay: float


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """`machine`: Python and processors. `others`: how many processors strangers kept busy meanwhile."""

    sizes: Sizes
    machine: str
    others: float
    begun: str
    before: Sample
    after: Sample
    counts: Counts
    samples: list[Sample]

    def rows(self) -> Iterator[Row]:
        yield from self._work()
        found = {(name, word): n for name, words in self.counts.found.items() for word, n in words.items()}
        yield from rules.counted(found, self.counts.late, INTEGRATIONS)
        yield Row(name="messages that came again, under their id", value=str(self.counts.repeats))
        yield from self._controller()
        if self.sizes.rest:
            yield from rules.at_rest(self.before, self.after)
        yield from self._cluster()

    def _work(self) -> Iterator[Row]:
        counts, sizes = self.counts, self.sizes
        rate = 3 * counts.runs / counts.seconds
        yield Row(
            name="transitions per second",
            value=f"{rate:.2f}",
            rule=f"within 2 % of {sizes.rate:g}",
            ok=abs(rate - sizes.rate) <= 0.02 * sizes.rate,
        )
        yield Row(name="runs judged", value=f"{counts.judged} of {counts.runs}", rule="all", ok=self._all_judged)
        yield Row(name="ends of the controller", value=f"{counts.lives - 1}, {counts.kills} of them by kill -9")
        used = [each.processors for each in self.samples]
        yield Row(name="processors in use, of all processes", value=_spread(used, 2))
        yield Row(name="  of the controller", value=_spread([each.busy for each in self.samples], 3))

    @property
    def _all_judged(self) -> bool:
        return self.counts.judged >= (1 - _UNPLAYED) * self.counts.runs

    def _controller(self) -> Iterator[Row]:
        full = [each for each in self.samples if each.age >= rules.STARTING and each.live] or self.samples
        yield Row(name="memory (RSS) under load, MiB", value=_spread([each.rss for each in full], 1))
        yield Row(name="descriptors under load", value=_spread([each.descriptors for each in full], 0))
        yield Row(name="tasks under load", value=_spread([each.tasks for each in full], 0))
        yield Row(name="longest wait in the queue, s", value=f"{max(each.oldest for each in self.samples):.1f}")
        yield from rules.trends(self.samples)

    def _cluster(self) -> Iterator[Row]:
        yield from rules.etcd(self.samples)
        for name in ("runs", "records", "kube_events"):
            values = [getattr(each, name) for each in self.samples]
            yield Row(name=f"keys in etcd: {name.replace('kube_events', 'Events')}, most", value=str(max(values)))
        yield Row(name="API server's memory, MiB", value=_spread([each.apiserver for each in self.samples], 0))

    @property
    def failures(self) -> Sequence[str]:
        broken = [f"{row.name}: {row.value} (wanted: {row.rule})" for row in self.rows() if row.ok is False]
        return [*broken, *self.counts.problems, *self.counts.unplayed[:5]]


def _spread(values: Sequence[float], digits: int) -> str:
    """Median and largest."""
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.{digits}f}, at most {ordered[-1]:.{digits}f}"
