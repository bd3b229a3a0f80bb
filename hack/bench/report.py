"""The table: each figure beside its target and an honest verdict, 80 columns wide; and how it was measured."""

from collections.abc import Iterable, Iterator

from .figures import Figure, Group, groups
from .judge import percentile
from .results import Results

_ROW = "  {:<33}{:>8}{:>16}{:>8}  {}"
_ROUND = "  {:>5}{:>7}{:>8}{:>7}{:>9}{:>11}{:>7}{:>7}{:>8}{:>9}"
_METHOD = """\
How it was measured
  Etcd, kube-apiserver, look-alike, controller, driver and bare loop are
  processes of their own on this machine; the load average counts all of them
  and whatever else runs. TLS to the API server, none to the look-alike.
  On a shared host the same work may take twice the CPU time in the next minute:
  the fixed loop shows it, and the ratios suffer least.
  CPU: user and kernel time of one process from /proc/PID/stat. A report is a
  state of a run that the look-alike accepted, its record and Event included.
  Saturation: new runs without a condition, which are all due one grace later
  (a first report each), then all their ends from {connections} connections of a driver.
  Bare loop: what the controller sent at saturation, sent again by plain
  aiohttp from as many workers, with one answer's id or version put into the
  next call: GitHub, as many record writes and lists of TaskRuns (of one
  run, which has one), and with Events where it says so.
  No watch, no cache, no decisions.
  Latency: an own watch in this process sees the change arrive, the look-alike
  notes the arrival of the call, both by the machine's clock. Either watch may
  get a change first, so single values are off by the difference (they can
  fall below zero); the sending of the change by the driver is the upper bound.
  Runs at {rate}/s: created, Running after 0.3 s, ended about 1 s later.
  Runs that pass: in batches of 500, created, ended, and deleted with their
  records; memory after the first and the last batch.
  Many runs: finished and reported ones, written into an etcd of their own
  beforehand; a bare read of them and their records by the same HTTP library.
  Memory when ready or {idle} s later, whichever is more.
  kube-apiserver's CPU: of its process while runs come at {rate}/s, less what the
  same load took without a controller. In it: the controller's watches, lists,
  writes of records and Events. Not in it: etcd.
  kopf: the same load, look-alike and machine; a run's first state and its end
  are shown, its check's id is an annotation of the run, and kopf keeps its own
  there, too. No records, no Events, no grants, no repair: it does less.
  Each run has one TaskRun, which is there before its end and does not change.
  Not in it: logs of failed ones, other runs' churn.
"""


def rendered(results: Results, *, connections: int) -> str:
    """`connections` is the driver's number of them."""
    parts = [*table(groups(results)), "", *_rounds(results)]
    parts += ["", _METHOD.format(connections=connections, rate=results.sizes.rate, idle=results.sizes.idle)]
    return "\n".join(parts)


def table(groups: Iterable[Group]) -> Iterator[str]:
    yield _ROW.format("", "median", "range", "target", "").rstrip()
    for title, figures in groups:
        yield from ("", title, *(row for figure in figures for row in _rows(figure)))


def _rows(figure: Figure) -> Iterator[str]:
    digits = figure.digits
    name, value = figure.name, f"{figure.median:.{digits}f}"
    spread = f"{min(figure.values):.{digits}f} - {max(figure.values):.{digits}f}"
    if not figure.targets:
        yield _ROW.format(name, value, spread, "", "").rstrip()
    for target in figure.targets:
        yield _ROW.format(name, value, spread, f"<= {target:g}", figure.verdict(target)).rstrip()
        name, value, spread = "  and then", "", ""


def _rounds(results: Results) -> Iterator[str]:
    yield "Round by round: load average; processors that strangers kept busy; CPU ms of a"
    yield "fixed loop; CPU ms per report; ours / bare; ms until a run's end is shown"
    rate = f"at {results.sizes.rate}/s"
    yield _ROUND.format("round", "load", "others", "loop", rate, "saturated", "bare", "ratio", "p50", "p99")
    for number, each in enumerate(results.rounds, 1):
        ours, bare = each.ours, each.bare
        yield _ROUND.format(
            number,
            f"{each.load:.2f}",
            f"{each.others:.2f}",
            f"{each.loop:.1f}",
            f"{ours.steady.each:.2f}",
            f"{ours.saturated.each:.2f}",
            f"{bare.each:.2f}",
            f"{ours.saturated.each / bare.each:.2f}",
            f"{percentile(ours.arrived.final, 50):.1f}",
            f"{percentile(ours.arrived.final, 99):.1f}",
        )
