"""What goes wrong at a receiver, so many times, for so many seconds, or until it is taken away."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer that is no success, and changes nothing."""

    status: int = 503
    retry_after: float | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}


@dataclass(frozen=True, kw_only=True)
class Silence:
    """There is no answer while the fault lasts, and then neither; `when` is as for Cut."""

    when: Literal["before", "after"] = "before"


@dataclass(frozen=True, kw_only=True)
class Delay:
    """All goes well, after so many seconds."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Cut:
    """The connection is closed without an answer, before it was done or `after`."""

    when: Literal["before", "after"] = "after"


Fault = Refusal | Silence | Delay | Cut


@dataclass(kw_only=True, eq=False)
class Rule:
    """Where a fault strikes, and how long it still will. `hits` counts how often it has."""

    match: str
    fault: Fault
    times: int | None
    until: float | None
    hits: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def strikes(self, method: str, path: str) -> bool:
        if self.ended.is_set() or (self.times is not None and self.hits >= self.times):
            return False
        if self.until is not None and asyncio.get_running_loop().time() >= self.until:
            return False
        return re.search(self.match, f"{method} {path}") is not None

    async def befall(self, take: Callable[[], T]) -> T | Refusal | None:
        """What a call comes to: how it is refused, what it gives when it is taken late, or None for no answer."""
        match self.fault:
            case Refusal():
                return self.fault
            case Delay(seconds=seconds):
                await asyncio.sleep(seconds)
                return take()
            case Silence(when=when) | Cut(when=when):
                if when == "after":
                    take()
                if isinstance(self.fault, Silence):
                    await self.wait()
        return None

    async def wait(self) -> None:
        """Returns when the fault is over."""
        if self.until is None:
            await self.ended.wait()
            return
        try:
            async with asyncio.timeout_at(self.until):
                await self.ended.wait()
        except TimeoutError:
            pass


class Faults:
    """The rules in force. Of those that apply, only the first strikes."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, fault: Fault, match: str = "", *, times: int | None = None, seconds: float | None = None) -> Rule:
        """`match` is searched in "PUT /runs/<id>". Without `times` and `seconds` it lasts until it is removed."""
        until = None if seconds is None else asyncio.get_running_loop().time() + seconds
        rule = Rule(match=match, fault=fault, times=times, until=until)
        self._rules.append(rule)
        return rule

    def remove(self, rule: Rule) -> None:
        """Also ends the silence of those who wait now."""
        self._rules.remove(rule)
        rule.ended.set()

    def clear(self) -> None:
        for rule in list(self._rules):
            self.remove(rule)

    def strike(self, method: str, path: str) -> Rule | None:
        for rule in self._rules:
            if rule.strikes(method, path):
                rule.hits += 1
                return rule
        return None
