"""What this process knows about a record besides what stands there: when to look at its run again, and why.

Lost with the process, which costs no more than a look or a report too many.
"""

import math
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from tekton_integrations.record import Record
from tekton_integrations.workqueue import Wait

# Seconds between reports of one run in which nothing but its progress is new.
PACE = 10.0
# Seconds by which progress stands behind in the queue; the same as whatever else is not a run's end (serving.py).
SLACK = 5.0
# Seconds between looks for a call in doubt: until it can no longer take effect, or where it can't be looked into.
LOOK_AGAIN = 5.0


class Page(msgspec.Struct, frozen=True, gc=False):
    """`again`: when the integration wants another look; `told`: when progress was tried last, or any report accepted.
    Both in seconds since the epoch. `edited`: somebody else wrote the record; `woken`: what its failure came from may
    be cured."""

    again: float = math.inf
    told: float = -math.inf
    edited: bool = False
    woken: bool = False


_EMPTY = Page()


class Diary:
    """A page for each record, by its name."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._pages: dict[str, Page] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def __getitem__(self, name: str) -> Page:
        return self._pages.get(name, _EMPTY)

    def note(self, name: str, **changes: Any) -> None:
        """Changes fields of the page. One on which nothing is left takes no memory."""
        page = replace(self[name], **changes)
        if page == _EMPTY:
            self._pages.pop(name, None)
        else:
            self._pages[name] = page

    def forget(self, name: str) -> None:
        self._pages.pop(name, None)

    def is_blank(self, name: str) -> bool:
        """Nothing was noted since this process began."""
        return name not in self._pages

    def is_due_again(self, name: str) -> bool:
        return self._now() >= self[name].again

    def until_progress(self, name: str) -> float:
        """Seconds until progress of the run is news again, `PACE` at most, whatever the clock does; 0 for now."""
        return min(PACE, max(0.0, self[name].told + PACE - self._now()))

    def wait(self, record: Record, progress: float = math.inf) -> Wait | None:
        """Until something is to be looked at again: a call in doubt, what the integration asked for, or `progress`,
        which is due in so many seconds. None if nothing is."""
        now, waits = self._now(), [progress]
        if (again := self[record.name].again) < math.inf:
            waits.append(max(0.1, again - now))
        if record.verify_after is not None:
            # One that is overdue but can't be looked at (an annotation is missing) is not to be asked for in a loop.
            waits.append(record.verify_after - now if record.verify_after > now else LOOK_AGAIN)
        first = min(waits)
        return None if first == math.inf else Wait(first, slack=SLACK if first == progress else 0.0)
