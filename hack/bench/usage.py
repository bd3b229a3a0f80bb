"""What processes use, read from /proc: nothing is loaded into the measured ones."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hack.testbed.api import polled

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
# A process that used no CPU for so long has nothing left to do.
QUIET_SECONDS = 0.3
_POLL_SECONDS = 0.05


def cpu(pid: int) -> float:
    """Seconds in user and kernel mode so far, of all threads, without child processes."""
    # The name in parentheses may hold anything; utime and stime are fields 14 and 15 (man 5 proc).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Others:
    """How many processors all processes but this one and its descendants keep busy, from the moment it is made."""

    def __init__(self) -> None:
        self._begin = time.monotonic(), _machine(), descendants()

    @property
    def busy(self) -> float:
        begin, machine, ours = self._begin
        used = (_machine() - machine) - (descendants() - ours)
        return max(0.0, used / (time.monotonic() - begin))


def _machine() -> float:
    """Seconds in which any processor was not idle. The fields are those of man 5 proc."""
    user, nice, system, _, _, irq, softirq, steal, *_ = map(int, Path("/proc/stat").read_text().split()[1:11])
    return (user + nice + system + irq + softirq + steal) / _TICKS


def descendants() -> float:
    """Seconds that this process and all below it used, those that ended included."""
    used, parents = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it may end at any time
            fields = path.read_text().rpartition(")")[2].split()
            pid = int(path.parent.name)
            parents[pid] = int(fields[1])
            used[pid] = sum(map(int, fields[11:15])) / _TICKS
    return sum(seconds for pid, seconds in used.items() if _below(pid, os.getpid(), parents))


def _below(pid: int, top: int, parents: Mapping[int, int]) -> bool:
    while pid not in (0, top):
        pid = parents.get(pid, 0)
    return pid == top


def rss(pid: int) -> float:
    """Resident memory in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20


def pss(pid: int) -> float:
    """Its proportional share of resident memory in MiB: pages that others have too are divided by their number."""
    return _kibibytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss") / 1024


def peak_rss(pid: int) -> float:
    """The highest resident memory so far, in MiB."""
    return _kibibytes(Path(f"/proc/{pid}/status"), "VmHWM") / 1024


def _kibibytes(path: Path, name: str) -> int:
    lines = path.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def descriptors(pid: int) -> int:
    """How many are open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def maps(pid: int, name: str) -> bool:
    """Whether a shared library or extension module of that name is loaded."""
    return name in Path(f"/proc/{pid}/maps").read_text()


def load() -> float:
    """The machine's load average of the last minute."""
    return os.getloadavg()[0]


async def cpu_when_idle(pid: int) -> float:
    """`cpu`, once it grows no more: what follows an accepted report (the record, the Event) is in it."""
    quiet = 0.0
    last = cpu(pid)

    async def probe() -> bool:
        nonlocal quiet, last
        now = cpu(pid)
        quiet = quiet + _POLL_SECONDS if now == last else 0.0
        last = now
        return quiet > QUIET_SECONDS

    await polled(probe)
    return last
