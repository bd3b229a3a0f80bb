"""Keeps what was learnt about services' limits, and how Providers stand, in their status, so that people see it and
whoever takes over starts from it.

What begins (a block, a slower pace) is written at once, another verdict soon, all else seldom: nobody waits for it.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tekton_integrations.allowance import Allowance, differ, graver
from tekton_integrations.event_loop import happened
from tekton_integrations.kube.allowances import ProviderStatus
from tekton_integrations.kube.client import ApiError, KubeClient
from tekton_integrations.kube.lister import Lister, newer
from tekton_integrations.log import logger
from tekton_integrations.opening import backoff
from tekton_integrations.provider import Provider
from tekton_integrations.quotas import Quotas
from tekton_integrations.standing import Standing, Standings, urgent

# Seconds between looks at what has changed.
PERIOD = 10.0
# Seconds between two writes of one Provider: of what can wait, of what people wait for, and of what can't wait.
SELDOM, SHOWN, SOON = 60.0, 10.0, 1.0


class Turn(Protocol):
    """When an integration is worked here: a Serving."""

    prepare: Callable[[], Awaitable[None]]

    @property
    def holds(self) -> bool: ...


@dataclass(frozen=True)
class _Served:
    types: frozenset[str]
    turn: Turn
    quotas: Quotas
    standings: Standings


class _State(NamedTuple):
    allowances: tuple[Allowance, ...]
    standing: Standing


@dataclass
class _Account:
    """One Provider, as it was at our last word, which told this. Times are those of a steady clock."""

    provider: Provider
    version: str
    told: "_State"
    written: float = -math.inf
    not_before: float = -math.inf
    failures: int = 0


class Allowances:
    """`clock` and `now` are those of a Cluster, `scopes` those of the Settings."""

    def __init__(
        self,
        client: KubeClient,
        providers: Lister[Provider],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        scopes: Sequence[str] = ("",),
    ) -> None:
        self._clock = clock
        self._now = now
        self._status = ProviderStatus(client, now, scopes)
        self._providers = providers
        self._served: list[_Served] = []
        self._accounts: dict[str, _Account] = {}
        self._news = asyncio.Event()

    def serves(self, types: Iterable[str], turn: Turn, quotas: Quotas, standings: Standings | None = None) -> None:
        """`types`: of the Providers that are used in this turn, and by nobody else."""
        served = _Served(frozenset(types), turn, quotas, standings or Standings(self._now))
        self._served.append(served)
        quotas.news = served.standings.news = self._news.set

        async def prepare() -> None:
            await self._begin(served)

        turn.prepare = prepare

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._news.clear()
            working = [served for served in self._served if served.turn.holds]
            waits = await asyncio.gather(*(self._look(served) for served in working))
            await happened(self._news, min(waits, default=PERIOD))

    async def farewell(self, turn: Turn) -> None:
        """Our turn ends: the last word, for whoever comes next. Until it is cancelled, at worst."""
        for served in self._served:
            if served.turn is turn:
                changed = [(account, now) for account, now in self._states(served) if self._differs(account.told, now)]
                await asyncio.gather(*(self._write(account, now) for account, now in changed))

    async def _begin(self, served: _Served) -> None:
        """What a former holder wrote may not have reached the cache yet, so it is read live. Raises ApiError."""
        found = [provider for provider in await self._status.read() if provider.type in served.types]
        served.quotas.begin({provider.uid: provider.allowances for provider in found})
        served.standings.begin({provider.uid: provider.standing for provider in found})
        self._accounts = {uid: each for uid, each in self._accounts.items() if each.provider.type not in served.types}
        self._accounts |= {provider.uid: _account(provider) for provider in found}

    async def _look(self, served: _Served) -> float:
        """Writes what is due; gives the seconds until something may be."""
        now, waits, due = self._clock(), [PERIOD], []
        for account, state in self._states(served):
            wait = max(self._due(account, state), account.not_before) - now
            if wait <= 0:
                due.append((account, state))
            else:
                waits.append(wait)
        await asyncio.gather(*(self._write(account, state) for account, state in due))
        return SOON if due else min(waits)

    def _states(self, served: _Served) -> Iterator[tuple[_Account, _State]]:
        now = self._now()
        for provider in self._providers:
            if provider.type in served.types:
                account = self._accounts.setdefault(provider.uid, _account(provider))
                if newer(provider.resource_version, account.version):
                    account.provider, account.version = provider, provider.resource_version
                yield account, _State(served.quotas.allowances(provider.uid, now), served.standings[provider.uid])
        for gone in self._accounts.keys() - {provider.uid for provider in self._providers}:
            del self._accounts[gone]

    async def _write(self, account: _Account, state: _State) -> None:
        allowances, before = state.allowances, account.told.allowances
        try:
            account.version = await self._status.write(account.provider, account.version, allowances, state.standing)
        except ApiError as error:
            account.failures += 1
            account.not_before = self._clock() + backoff(account.failures, base=0.2, ceiling=SELDOM)
            log = logger.warning if error.status == 403 else logger.debug
            log("Provider's status not written", provider=account.provider.path, error=str(error))
            return
        blocked = [each.scope for each in allowances if each.blocked_until]
        if blocked and graver(before, allowances, self._now()):
            logger.info("waiting, as a service asked", provider=account.provider.path, scopes=blocked)
        account.told, account.failures = state, 0
        account.written = self._clock()

    def _due(self, account: _Account, state: _State) -> float:
        """When to write it; never, where it tells nothing new."""
        told = account.told
        if graver(told.allowances, state.allowances, self._now()):
            return account.written + SOON
        if urgent(told.standing, state.standing):
            return account.written + SHOWN
        return account.written + SELDOM if self._differs(told, state) else math.inf

    def _differs(self, told: _State, state: _State) -> bool:
        return told.standing != state.standing or differ(told.allowances, state.allowances, self._now())


def _account(provider: Provider) -> _Account:
    return _Account(provider, provider.resource_version, _State(provider.allowances, provider.standing))
