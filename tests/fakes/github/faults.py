"""What goes wrong between a client and GitHub. Faults end by themselves, by timers of the event loop.

Those that are nothing but an answer are in refusals.py.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tests.fakes.github.call import Answer, Call
from tests.fakes.github.refusals import (
    NotFound,
    PrimaryLimit,
    Redirect,
    Refusal,
    SecondaryLimit,
    ServerError,
    TooManyRequests,
    Unauthorized,
)

Match = str | Callable[[Call], bool]


class Exchange(Protocol):
    """One request on its connection, as a fault may treat it."""

    call: Call

    async def proceed(self) -> Answer:
        """Does what was asked, and tells the hooks."""

    def cut(self) -> None:
        """Closes the connection without an answer."""

    def later(self, seconds: float) -> None:
        """Does what was asked in so many seconds, whether or not the client is still there."""

    async def wait(self, seconds: float | None) -> None:
        """Returns after so many seconds, on Rule.release(), or when the server closes."""


class Fault(Protocol):
    async def run(self, exchange: Exchange) -> Answer | None:
        """The answer, or None where the client gets none."""


@dataclass(frozen=True)
class Hang:
    """No answer for so many seconds, or until Rule.release(); then it goes on, client or no client."""

    seconds: float | None = None
    after_write: bool = False

    async def run(self, exchange: Exchange) -> Answer | None:
        if self.after_write:
            answer = await exchange.proceed()
            await exchange.wait(self.seconds)
            return answer
        await exchange.wait(self.seconds)
        return await exchange.proceed()


@dataclass(frozen=True)
class CutBeforeWrite:
    """The connection is closed, nothing was done."""

    async def run(self, exchange: Exchange) -> Answer | None:
        exchange.cut()
        return None


@dataclass(frozen=True)
class CutAfterWrite:
    """The connection is closed without an answer, and yet it was done."""

    async def run(self, exchange: Exchange) -> Answer | None:
        await exchange.proceed()
        exchange.cut()
        return None


@dataclass(frozen=True)
class LateWrite:
    """The connection is closed at once; seconds later, with the client long gone, it is done."""

    seconds: float = 12

    async def run(self, exchange: Exchange) -> Answer | None:
        exchange.cut()
        exchange.later(self.seconds)
        return None


@dataclass(frozen=True)
class LaggingList:
    """Lists show what was so many seconds ago. Single check runs are always fresh. Use it with times=None."""

    seconds: float = 3

    async def run(self, exchange: Exchange) -> Answer | None:
        exchange.call.lag = self.seconds
        return await exchange.proceed()


KINDS: dict[str, type[Fault]] = {
    kind.__name__: kind
    for kind in (
        TooManyRequests,
        SecondaryLimit,
        PrimaryLimit,
        ServerError,
        Unauthorized,
        NotFound,
        Refusal,
        Redirect,
        Hang,
        CutBeforeWrite,
        CutAfterWrite,
        LateWrite,
        LaggingList,
    )
}


@dataclass(kw_only=True, eq=False)
class Rule:
    """Where a fault strikes, and how often it still will."""

    match: Match
    fault: Fault
    remaining: int | None  # None: until it is removed
    hits: list[Call] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    _struck: asyncio.Event = field(default_factory=asyncio.Event)

    def applies(self, call: Call) -> bool:
        if self.remaining == 0:
            return False
        if callable(self.match):
            return self.match(call)
        return re.search(self.match, f"{call.method} {call.path}") is not None

    def strike(self, call: Call) -> None:
        self.hits.append(call)
        self._struck.set()
        if self.remaining is not None:
            self.remaining -= 1

    async def struck(self, times: int = 1) -> None:
        """Returns when it has struck so often."""
        while len(self.hits) < times:
            self._struck.clear()
            await self._struck.wait()

    def release(self) -> None:
        """Ends the waiting of Hang, for the requests that hang now and for later ones."""
        self.released.set()


class Faults:
    """The rules in force. Of those that apply, only the first strikes."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def add(self, match: Match, fault: Fault, times: int | None = 1) -> Rule:
        """`match` is searched in "POST /repos/acme/api/check-runs" (no query, no /api/v3), or called."""
        rule = Rule(match=match, fault=fault, remaining=times)
        self.rules.append(rule)
        return rule

    def remove(self, rule: Rule) -> None:
        self.rules.remove(rule)
        rule.release()

    def clear(self) -> None:
        for rule in self.rules:
            rule.release()
        self.rules.clear()

    def strike(self, call: Call) -> Rule | None:
        for rule in self.rules:
            if rule.applies(call):
                rule.strike(call)
                return rule
        return None
