"""The figures of memory and start, with their targets."""

import textwrap
from collections.abc import Callable, Iterator

from hack.bench.figures import Figure, Group
from hack.bench.report import table

from .results import Results, Round

_METHOD = """\
How it was measured
  {runs} runs, each of {size:.1f} KB with its record on the wire: a recorded
  one with its managedFields, and the record that the controller left for it.
  Written into etcd in {filled:.1f} s, as the API server stored those that the
  controller reported itself.
  Bare read: a process reads the initial events of both watches with the same
  HTTP library and account, and looks at no object; without starting Python.
  At once: the mean of one before and one after the controller's start.
  Start: from exec to 200 from /readyz (asked every 50 ms), imports and all.
  Meanwhile a recorded run comes and ends about every 0.5 s: from its end to the
  look-alike's call. Repeated: calls for old runs, writes in their namespaces.
"""


def rendered(results: Results) -> str:
    each = results.rounds[0].before
    size = each.size / results.sizes.runs / 1000
    method = _METHOD.format(runs=results.sizes.runs, size=size, filled=results.filled)
    cached = ", ".join(f"{kind} {count}" for kind, count in results.rounds[-1].started.cached.items())
    return "\n".join(
        [*table(_groups(results)), "", textwrap.fill(f"In the cache at the end: {cached}", 79), "", method]
    )


def _groups(results: Results) -> Iterator[Group]:
    yield "Start, s", list(_start(results))
    yield "Memory of the controller, MiB", list(_memory(results))
    yield "Meanwhile", list(_meanwhile(results))


def _start(results: Results) -> Iterator[Figure]:
    def each(name: str, value: Callable[[Round], float], *targets: float, digits: int = 2) -> Figure:
        return Figure(name=name, values=[value(each) for each in results.rounds], targets=targets, digits=digits)

    yield each("bare read, in turn", lambda r: r.in_turn.seconds)
    yield each("  its CPU", lambda r: r.in_turn.cpu)
    yield each("bare read, at once", lambda r: r.bare)
    yield each("  its CPU", lambda r: r.bare_cpu)
    yield each("start to /readyz", lambda r: r.started.ready)
    yield each("  its CPU", lambda r: r.started.cpu)
    yield each("start / bare read, at once", lambda r: r.started.ready / r.bare, 1.3)
    yield each("  CPU / its CPU", lambda r: r.started.cpu / r.bare_cpu)
    yield each(f"CPU in the {results.sizes.idle} s after", lambda r: r.started.idle_cpu)
    yield each("ms of CPU of a fixed loop", lambda r: r.loop, digits=1)
    yield each("processors that strangers used", lambda r: r.others)


def _memory(results: Results) -> Iterator[Figure]:
    idle, rounds = results.sizes.idle, [each.started for each in results.rounds]
    yield Figure(name="RSS when ready", values=[each.at_ready.rss for each in rounds], targets=(120,), digits=1)
    yield Figure(name=f"RSS {idle} s later", values=[each.later.rss for each in rounds], targets=(120,), digits=1)
    yield Figure(name="  PSS when ready", values=[each.at_ready.pss for each in rounds], digits=1)
    yield Figure(name=f"  PSS {idle} s later", values=[each.later.pss for each in rounds], digits=1)
    yield Figure(name="  highest RSS", values=[each.later.peak for each in rounds], digits=1)


def _meanwhile(results: Results) -> Iterator[Figure]:
    rounds = [each.started for each in results.rounds]
    yield Figure(name="new runs", values=[each.newcomers.count for each in rounds], digits=0)
    yield Figure(name="  not reported", values=[each.newcomers.lost for each in rounds], targets=(0,), digits=0)
    shown = [each.newcomers.seconds for each in rounds if each.newcomers.seconds]
    if shown:
        yield Figure(name="  longest until shown, s", values=[each[-1] for each in shown])
    for what in rounds[0].repeated:
        values = [each.repeated[what] for each in rounds]
        yield Figure(name=f"repeated {what}", values=values, targets=(0,), digits=0)
