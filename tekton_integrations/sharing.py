"""What several runs share at the remote: places that only the newest of them may write to (a commit status, a pull
request's comment).

Kept in memory: after a restart it is learnt anew from what is settled, and as each run is looked at.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from tekton_integrations.record import Target
from tekton_integrations.run import Run

# So many places are remembered; what was noted first is forgotten first. 50,000 take 7 MiB.
LIMIT = 100_000
# Of those that had to keep quiet at one place, so many are looked at again once it is free: the newest ones.
_QUIET = 10
_TAIL = (1 << 64) - 1


class Site(NamedTuple):
    """Where a run shows: `provider` is the path of the Provider. Only those who use the same one share a place, since
    anybody may say anything about a Provider of their own. `shares`: at which of the places ("" is the address) only
    the newest may write."""

    provider: str
    target: Target
    shares: tuple[str, ...]

    def place(self, share: str = "") -> int:
        return hash((self.provider, share or self.target.address))

    def places(self) -> Iterator[int]:
        return map(self.place, self.shares)


class Quiet(NamedTuple):
    """A run that was not let in, because of a newer one whose end is not shown yet."""

    rank: int
    kind: str
    namespace: str
    name: str
    uid: str


def rank(run: Run) -> int:
    """Grows with the time of creation. That has whole seconds: among runs of one second the uid decides, which is
    arbitrary, but the same in every process."""
    return int(run.created) << 64 | _tail(run.uid)


def _tail(uid: str) -> int:
    return int.from_bytes(hashlib.blake2b(uid.encode(), digest_size=8).digest())


class Newest:
    """Of the runs that show at a place, or were let in there, the one that was created last. A place is an address
    ("") or one of `Target.shares`, by one Provider.

    Nobody counts by merely asking to be shown: it has to be granted, and to have come as far as to ask here, or else
    any run could keep others from being shown. One that goes before its end was shown counts no more, and `revive` is
    told who had to keep quiet for it.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.revive: Callable[[Quiet], None] = lambda _: None
        self._limit = limit
        # The newest that shows there and goes on, and the newest whose end was shown.
        self._open: dict[int, int] = {}
        self._ended: dict[int, int] = {}
        # Who was let in last by this process; an older one than it should have been, where a newer was not known yet.
        self._last: dict[int, int] = {}
        # Who was let in, and has yet to be shown: by place; and where each was let in, by uid, until its end is shown.
        self._let_in: dict[int, set[int]] = {}
        self._places: dict[str, tuple[int, set[int]]] = {}
        # By place and uid.
        self._quiet: dict[int, dict[str, Quiet]] = {}

    def __len__(self) -> int:
        return len(self._open.keys() | self._ended.keys())

    def note(self, run: Run, site: Site, *, ended: bool) -> None:
        """The run shows at its address; with its end (`ended`) it has been at all that it shares, too."""
        for share in site.shares:
            if ended or not share:
                self._show(site.place(share), rank(run), ended=ended)

    def free(self, run: Run, site: Site, share: str) -> bool:
        """Whether nobody newer is there."""
        return rank(run) >= self._newest(site.place(share))

    def let_in(self, run: Run, site: Site, share: str) -> bool:
        """Whether nobody newer is there; then nobody older is let in any more. RuntimeError for a place that the
        integration does not name: nobody would know of it after a restart."""
        if share not in site.shares:
            raise RuntimeError(f"newest({share!r}): Integration.newest_at() has to name it (by itself: Target.shares)")
        place, mine = site.place(share), rank(run)
        if mine < self._newest(place):
            self._come_out(place, mine)
            self._places.get(run.uid, (mine, set()))[1].discard(place)
            self._keep_quiet(place, Quiet(mine, run.kind, run.namespace, run.name, run.uid))
            return False
        self._let_in.setdefault(place, set()).add(mine)
        self._places.setdefault(run.uid, (mine, set()))[1].add(place)
        self._put(self._last, place, mine)
        return True

    def overwritten(self, run: Run, site: Site) -> bool:
        """Whether an older run was let in after this one was shown, since it was not known here by then that it was; or
        a newer one has gone."""
        mine = rank(run)
        return any(self._last.get(place, mine) < mine for place in self._held(mine, site))

    def shown(self, run: Run, site: Site) -> None:
        """The service accepted what the run was let in for."""
        mine = rank(run)
        places = self._leave(run.uid) if run.final else self._places.get(run.uid, (mine, set()))[1]
        for place in places:
            self._come_out(place, mine)
            self._show(place, mine, ended=run.final)
        for place in self._held(mine, site):
            if place in self._last:
                self._last[place] = mine

    def gone(self, uid: str, site: Site | None = None) -> None:
        """The run was given up before it was shown, or it was deleted or asks no more and what it showed at `site` is
        concluded. Unless its end was shown it keeps nobody out any more."""
        tail = _tail(uid)
        for place in self._leave(uid) | ({site.place()} if site else set()):
            if self._open.get(place, 0) & _TAIL == tail:
                del self._open[place]
            self._freed(place)

    def _newest(self, place: int) -> int:
        return max(self._on_show(place), *self._let_in.get(place, ()), 0)

    def _on_show(self, place: int) -> int:
        return max(self._open.get(place, 0), self._ended.get(place, 0))

    def _held(self, mine: int, site: Site) -> list[int]:
        return [place for place in site.places() if self._on_show(place) == mine]

    def _leave(self, uid: str) -> set[int]:
        mine, places = self._places.pop(uid, (0, set()))
        for place in places:
            self._come_out(place, mine)
        return places

    def _come_out(self, place: int, mine: int) -> None:
        waiting = self._let_in.get(place, set())
        waiting.discard(mine)
        if not waiting:
            self._let_in.pop(place, None)

    def _show(self, place: int, mine: int, *, ended: bool) -> None:
        if mine < self._ended.get(place, 0):
            return
        known = self._ended if ended else self._open
        if mine >= known.get(place, 0):
            self._put(known, place, mine)
        if ended:
            if self._open.get(place, 0) <= mine:
                self._open.pop(place, None)
            self._store_quiet(place, [each for each in self._quiet.get(place, {}).values() if each.rank >= mine])

    def _keep_quiet(self, place: int, quiet: Quiet) -> None:
        if quiet.rank > self._ended.get(place, 0):
            self._store_quiet(place, [*self._quiet.get(place, {}).values(), quiet])

    def _store_quiet(self, place: int, quiet: Iterable[Quiet]) -> None:
        if kept := sorted(quiet, reverse=True)[:_QUIET]:
            self._put(self._quiet, place, {each.uid: each for each in kept})
        else:
            self._quiet.pop(place, None)

    def _freed(self, place: int) -> None:
        newest, quiet = self._newest(place), self._quiet.pop(place, {}).values()
        if quiet or place in self._last:
            self._put(self._last, place, 0)  # what stands there now is of nobody who counts
        self._store_quiet(place, [each for each in quiet if each.rank < newest])
        for each in quiet:
            if each.rank >= newest:
                self.revive(each)

    def _put(self, known: dict[int, Any], place: int, value: Any) -> None:
        known.pop(place, None)
        known[place] = value
        if len(known) > self._limit:
            # A whole portion: to find the first one in a dictionary that lost many takes long.
            for old in list(islice(known, max(1, self._limit // 100))):
                del known[old]
