"""What processes use, read from /proc: nothing is loaded into the measured ones."""

import os
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


def rss(pid: int) -> float:
    """Resident memory in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20


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
