"""What a service lets one credential do: its own count, our buckets, the pace that it was found to bear, its blocks.

Asked before a call and fed from its answers; it never sleeps. A call goes when none of these objects.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from tekton_integrations.allowance import Allowance
from tekton_integrations.doors import Doors
from tekton_integrations.errors import Throttled
from tekton_integrations.learning import Pace
from tekton_integrations.limits import Cost, Levels, Limits, Spare
from tekton_integrations.opening import UNKNOWN_DELAY, Opening, bounded
from tekton_integrations.primary import Primary

# Final calls for each one of progress that may use what is kept for them, so that progress moves on in a flood of ends.
_FINALS = 10
# Seconds for which calls that were under way at a refusal may yet be refused: that teaches nothing new.
_UNDER_WAY = 10.0
# Seconds; a service that refuses again and again without saying for how long is left alone twice as long each time.
_LONGEST_GUESS = 3600.0
# What many may ask for at once where nothing limits them.
_PLENTY = 100
# Who waits to be called, at most.
_CALLBACKS = 256
# Seconds. What is over sooner need not be kept for others.
_SOON = 5.0


class Quota:
    """Idle until the service shows that it limits at all, unless its `limits` are certain.

    A third of everything is kept for final states. Of the service's own count that third shrinks as the reset comes
    near. `news` is called when a block begins and when a pace is learnt: then others should know `state` soon.
    """

    def __init__(
        self, limits: Limits, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self.news: Callable[[], None] = _nothing
        self._clock = clock
        self._wall = wall
        self._paced = limits.certain
        self._levels = Levels(limits, clock())
        self._primary = Primary(limits.window)
        self._pace = Pace()
        self._blocked_until = 0.0
        # When the block ends after which only a few may go at once; None if that has been seen to.
        self._reopens_at: float | None = None
        self._taught_at = -_UNDER_WAY
        self._guess = 0.0
        # When the first call went since then.
        self._tried_at = math.inf
        # What the dearest call so far cost, in points.
        self._largest = 0.0
        # Since progress used what is kept for them; and whether some had to wait since the last that went.
        self._finals = 0
        self._held_back = False
        self._doors = Doors(self)
        self._callbacks: list[Callable[[], None]] = []

    @property
    def blocked_for(self) -> float:
        """Seconds until the service may be called again; 0 when it may be called now."""
        return max(0.0, self._blocked_until - self._clock())

    @property
    def limit(self) -> int | None:
        """Calls in the service's window, as it said last."""
        return self._primary.limit

    @property
    def remaining(self) -> int | None:
        """How many of them are left."""
        return self._primary.remaining

    @property
    def reset(self) -> float | None:
        """Seconds until they begin anew; None when the service did not say."""
        return self._primary.reset_in(self._clock())

    def take(self, cost: Cost) -> None:
        """Takes what one call costs, or raises Throttled with the seconds to wait."""
        self.check(cost)
        now = self._clock()
        self._tried_at = min(self._tried_at, now)
        self._largest = max(self._largest, cost.points)
        if cost.final:
            self._finals += 1
        else:
            self._held_back = False
            if self._wait(cost, now, Spare.THIRD) > 0:
                self._finals = 0
        self._primary.take(now)
        if self.remaining == 0 and self.reset:
            self.block(self.reset)
        if cost.write:
            self._pace.take(now)
        for level in self._levels.of(cost, now):
            level.points -= cost.points
            if not self._paced:
                level.points = max(0.0, level.points)
        if self._finals == _FINALS:
            self._open()

    def check(self, cost: Cost) -> None:
        """Like `take`, but takes nothing: to be asked before a call is announced."""
        if wait := self.until(cost):
            asked = f"the service asked to wait; {self.blocked_for:.0f} s are left"
            raise Throttled(asked if self.blocked_for else "kept below the service's limit", wait, at=self.at(cost))

    @contextmanager
    def held(self, cost: Cost) -> Iterator[None]:
        """Like `check`, and what it costs is kept from others while the block lasts: for what has to be read before a
        call, so that no more read it at once than may call then. The call itself comes after the block."""
        self.check(cost)
        with ExitStack() as stack:
            if self._paced:
                for level in self._levels.of(cost, self._clock()):
                    stack.enter_context(level.held(cost.points))
            if cost.write:
                stack.enter_context(self._pace.held())
            yield

    def block(self, seconds: float) -> None:
        """No call for so long, a day at most; then a few may go, and more at the rate."""
        until = self._clock() + bounded(seconds)
        self._paced = True
        if until > self._blocked_until:
            self._blocked_until = self._reopens_at = until
            self.news()

    def penalise(self, seconds: float | None = None) -> float:
        """The service refused without having told a limit (a secondary one): writes go slower, and nothing for so long.

        None: it did not say how long; then a minute, and twice as long each time. Gives the seconds to wait.
        """
        now = self._clock()
        if now >= max(self._blocked_until, self._taught_at + _UNDER_WAY):
            if seconds is None:
                well = now - min(self._tried_at + _UNDER_WAY, self._blocked_until + self._guess) > 0
                self._guess = UNKNOWN_DELAY if well else min(_LONGEST_GUESS, 2 * self._guess)
            self._taught_at, self._tried_at = now, math.inf
            self._pace.refused(now)
            self.news()
        self.block(max(UNKNOWN_DELAY, self._guess) if seconds is None else seconds)
        return self.blocked_for

    def learn(self, *, limit: int | None = None, remaining: int | None = None, reset_in: float | None = None) -> None:
        """What an answer says of the service's own count; from now on the buckets hold, and nothing goes when nothing
        remains. `reset_in`: seconds until it begins anew. What an answer does not say is left out.
        """
        now = self._clock()
        self._paced = True
        before = self._primary.remaining
        self._primary.learn(now, limit, remaining, reset_in)
        if remaining is not None and remaining <= 0:
            self.block(UNKNOWN_DELAY if reset_in is None else reset_in)
        elif before is not None and (self._primary.remaining or 0) > before:
            self._open()

    def at(self, cost: Cost) -> Opening:
        """Where such calls wait. All that wait for the same wait together, so that they take turns."""
        return self._doors.at(self._narrowest(cost))

    def until(self, cost: Cost) -> float:
        """Seconds until such a call may go."""
        wait = self._wait(cost, self._clock(), self._spare(cost))
        self._held_back = self._held_back or (wait > 0 and not cost.final)
        return wait

    def openings(self, cost: Cost) -> int:
        """How many such calls may go now."""
        if self.until(cost):
            return 0
        now, spare = self._clock(), self._spare(cost)
        fitting = [_PLENTY, self._primary.fitting(now, spare)]
        if cost.write:
            fitting.append(self._pace.fitting(spare))
        if self._paced:
            fitting += [level.fitting(cost.points, spare) for level in self._levels.of(cost, now)]
        return max(1, min(number for number in fitting if number is not None))

    def on_open(self, callback: Callable[[], None]) -> None:
        """Calls it once, when somebody may go sooner than `until` said."""
        self._callbacks.append(callback)
        if len(self._callbacks) >= _CALLBACKS:
            self._open()  # some may be of who is gone; the others ask again

    def state(self, scope: str) -> Allowance | None:
        """What others should know of it, under this name; None for nothing."""
        now, wall = self._clock(), self._wall()
        limit, remaining, reset_in = self.limit, self.remaining, self.reset
        blocked, full_in = self.blocked_for, self._levels.full_in(now) if self._paced else 0.0
        self._pace.wait(now, Spare.NOTHING)
        rate = self._pace.rate
        if not (reset_in or blocked or rate or full_in > _SOON):
            return None
        return Allowance(
            scope=scope,
            limit=limit if reset_in else None,
            remaining=remaining if reset_in else None,
            reset_time=wall + reset_in if reset_in else None,
            blocked_until=wall + blocked if blocked else None,
            writes_per_second=rate,
            refused_time=wall + self._pace.refused_at - now if rate else None,
            full_time=wall + full_in if full_in > _SOON else None,
        )

    def restore(self, known: Allowance) -> None:
        """A new one goes on from what another process knew. Its clock is taken to be right."""
        now, wall = self._clock(), self._wall()
        self._paced = True
        if known.blocked_until is not None and known.blocked_until > wall:
            self._blocked_until = self._reopens_at = now + bounded(known.blocked_until - wall)
        if known.reset_time is not None and known.reset_time > wall:
            self._primary.resume(known.limit, known.remaining, now + bounded(known.reset_time - wall))
        if known.writes_per_second:
            ago = max(0.0, wall - (known.refused_time or wall))
            self._pace.resume(known.writes_per_second, now - ago, now)
        if known.full_time is not None:
            self._levels.lack(now + bounded(known.full_time - wall))

    def _narrowest(self, cost: Cost) -> Cost:
        """What keeps such a call back, as a cost: the buckets, the pace of all writes, or what holds for every call."""
        now, spare = self._clock(), self._spare(cost)
        every = max(self._blocked_until - now, self._primary.wait(now, spare))
        writes = self._pace.wait(now, spare) if cost.write else 0.0
        wait = self._wait(cost, now, spare)
        if wait <= 0 or wait > max(every, writes):
            return cost
        return Cost(points=max(self._largest, cost.points), write=writes > every, final=cost.final)

    def _spare(self, cost: Cost) -> Spare:
        progress = self._finals >= _FINALS  # its turn
        if cost.final:
            return Spare.CALL if progress and self._held_back else Spare.NOTHING
        return Spare.NOTHING if progress else Spare.THIRD

    def _wait(self, cost: Cost, now: float, spare: Spare) -> float:
        if self._reopens_at is not None and now >= self._reopens_at:
            self._levels.reopen(self._reopens_at)
            self._reopens_at = None
        waits = [self._blocked_until - now, self._primary.wait(now, spare)]
        if cost.write:
            waits.append(self._pace.wait(now, spare))
        if self._paced:
            waits += [level.wait(now, cost.points, spare) for level in self._levels.of(cost, now)]
        return bounded(max(waits))

    def _open(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


def _nothing() -> None:
    """Nobody wants to know."""
