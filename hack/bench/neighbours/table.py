"""The figures of the quiet tenant's latency, and of the noise that it was measured beside."""

from collections.abc import Callable, Iterator, Sequence

from hack.bench.figures import Figure, Group
from hack.bench.judge import percentile
from hack.bench.report import table

from .results import Phase, Results, growth, interval, p99

Delays = Callable[[Phase], Sequence[float]]

_METHOD = """\
How it was measured
  Alone and beside the noise in turn, with a controller of its own each: alone
  it has --watch-namespace, and all objects are in the cluster all the same.
  The noise: {runs} ended runs of one tenant, waiting for {noisy} hosts with
  GitHub's limits; {dead} of another one, for a host that accepts and never
  answers; {other} each for {others} further hosts. Each host has its Provider and token.
  The quiet tenant's runs ({rate}/s for {seconds} s) begin when no name is due, the
  controller used less than a fifth of a processor for 5 s, and hosts got 60
  reports for each noisy one, or {storm} s after its start. Each is shown twice,
  at a host that is a process of its own. A host does what it is asked {service} ms
  after the call: of 10,000 calls of GitHub's API a tenth were faster than 114
  (https://gist.github.com/mbostock/5503544). Delays: until the host shows it,
  and until that call arrives, since the write of the run's status was sent, and
  since a watch of ours had it; of what was not shown within a minute, until
  then. Pooled: the p99 of all rounds' delays together.
  The API server does nothing of its own meanwhile: it collects its garbage
  before each phase (GOGC=1000), and does not check its cache, which takes both
  processors for 40 s every five minutes, alone as well as beside the noise.
"""


def rendered(results: Results) -> str:
    sizes = results.sizes
    method = _METHOD.format(
        runs=sizes.runs,
        noisy=sizes.noisy_hosts,
        dead=sizes.dead_runs,
        other=sizes.other_runs,
        others=sizes.hosts - 2 - sizes.noisy_hosts,
        rate=sizes.rate,
        seconds=sizes.seconds,
        storm=sizes.storm,
        service=sizes.service,
    )
    return "\n".join([*table(_groups(results)), "", method])


def _groups(results: Results) -> Iterator[Group]:
    yield (
        "Latency of the quiet tenant, ms from the write until it is shown",
        list(_delays(results, lambda p: p.shown, target=True)),
    )
    yield "  of that until the call", list(_delays(results, lambda p: p.written))
    yield "    of that until the change's arrival on a watch", list(_delays(results, lambda p: p.told))
    yield (
        "    and from then on, which is the controller's part",
        list(_delays(results, lambda p: p.arrived)),
    )
    yield "The quiet tenant alone", list(_process(results.alone))
    yield "Beside the noise", [*_process(results.beside), *_noise(results.beside)]


def _delays(results: Results, delays: Delays, *, target: bool = False) -> Iterator[Figure]:
    alone, beside = [delays(phase) for phase in results.alone], [delays(phase) for phase in results.beside]
    for name, each in (("alone", alone), ("beside the noise", beside)):
        for percent in (50, 99):
            values = [percentile(some, percent) for some in each]
            yield Figure(name=f"{name}, p{percent}", values=values, digits=1 if max(values) < 10_000 else 0)
    pairs = [growth(p99(before), p99(after)) for before, after in zip(alone, beside, strict=True)]
    yield Figure(name="growth of p99, %", values=pairs, digits=0)
    pooled = growth(p99(_all(alone)), p99(_all(beside)))
    low, high = interval(_all(alone), _all(beside))
    targets = (10,) if target else ()
    yield Figure(name="  pooled; range: 90 % interval", values=[low, pooled, high], targets=targets, digits=0)


def _all(delays: Sequence[Sequence[float]]) -> list[float]:
    return [one for each in delays for one in each]


def _process(phases: Sequence[Phase]) -> Iterator[Figure]:
    yield Figure(name="states that were not shown", values=[each.missing for each in phases], targets=(0,), digits=0)
    yield Figure(name="CPU, % of a processor", values=[each.cpu_share for each in phases], digits=1)
    yield Figure(name="RSS, MiB", values=[each.rss for each in phases], digits=1)
    yield Figure(name="looks over 10 ms late, %", values=[each.late for each in phases], digits=2)
    yield Figure(name="s until it rested", values=[each.storm for each in phases], digits=1)
    yield Figure(name="  1 if it did", values=[each.rested for each in phases], digits=0)
    yield Figure(name="ms of CPU of a fixed loop", values=[each.loop for each in phases], digits=1)


def _noise(phases: Sequence[Phase]) -> Iterator[Figure]:
    def minutely(name: str, count: Callable[[Phase], int]) -> Figure:
        return Figure(name=name, values=[each.per_minute(count(each)) for each in phases], digits=1)

    yield minutely("reports of others per minute", lambda each: each.counts.accepted)
    yield minutely("refused by limits per minute", lambda each: each.counts.refused)
    yield minutely("calls at the dead host per minute", lambda each: each.counts.dead)
    stormed = [each.stormed for each in phases]
    yield Figure(name="reports of others before", values=[each.accepted for each in stormed], digits=0)
    yield Figure(name="calls at the dead host before", values=[each.dead for each in stormed], digits=0)
    violations = [each.counts.violations + each.stormed.violations for each in phases]
    yield Figure(name="violations of limits", values=violations, targets=(0,), digits=0)
