"""Keeps what was learnt about services' limits in the Providers' status, so that whoever takes over starts from it.

What begins (a block, a slower pace) is written at once, all else seldom: nobody waits for it.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from tekton_integrations.allowance import Allowance, differ, graver
from tekton_integrations.kube.allowances import ProviderStatus
from tekton_integrations.kube.client import ApiError, KubeClient
from tekton_integrations.kube.lister import Lister, newer
from tekton_integrations.log import logger
from tekton_integrations.opening import backoff
from tekton_integrations.provider import Provider
from tekton_integrations.quotas import Quotas

# Seconds between looks at what has changed.
PERIOD = 10.0
# Seconds between two writes of one Provider: of what can wait, and of what can't.
SELDOM, SOON = 60.0, 1.0


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


@dataclass
class _Account:
    """One Provider, as it was at our last word, which told this. Times are those of a steady clock."""

    provider: Provider
    version: str
    told: tuple[Allowance, ...]
    written: float = -math.inf
    not_before: float = -math.inf
    failures: int = 0


class Allowances:
    """`clock` and `now` are those of a Cluster."""

    def __init__(
        self,
        client: KubeClient,
        providers: Lister[Provider],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._now = now
        self._status = ProviderStatus(client, now)
        self._providers = providers
        self._served: list[_Served] = []
        self._accounts: dict[str, _Account] = {}
        self._news = asyncio.Event()

    def serves(self, types: Iterable[str], turn: Turn, quotas: Quotas) -> None:
        """`types`: of the Providers that are used in this turn, and by nobody else."""
        served = _Served(frozenset(types), turn, quotas)
        self._served.append(served)
        quotas.news = self._news.set

        async def prepare() -> None:
            await self._begin(served)

        turn.prepare = prepare

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._news.clear()
            working = [served for served in self._served if served.turn.holds]
            waits = await asyncio.gather(*(self._look(served) for served in working))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(waits, default=PERIOD))

    async def farewell(self, turn: Turn) -> None:
        """Our turn ends: the last word, for whoever comes next. Until it is cancelled, at worst."""
        for served in self._served:
            if served.turn is turn:
                changed = [
                    (account, now) for account, now in self._states(served) if differ(account.told, now, self._now())
                ]
                await asyncio.gather(*(self._write(account, now) for account, now in changed))

    async def _begin(self, served: _Served) -> None:
        """What a former holder wrote may not have reached the cache yet, so it is read live. Raises ApiError."""
        found = [provider for provider in await self._status.read() if provider.type in served.types]
        served.quotas.begin({provider.uid: provider.allowances for provider in found})
        self._accounts = {uid: each for uid, each in self._accounts.items() if each.provider.type not in served.types}
        self._accounts |= {provider.uid: _account(provider) for provider in found}

    async def _look(self, served: _Served) -> float:
        """Writes what is due; gives the seconds until something may be."""
        now, waits, due = self._clock(), [PERIOD], []
        for account, allowances in self._states(served):
            wait = max(self._due(account, allowances), account.not_before) - now
            if wait <= 0:
                due.append((account, allowances))
            else:
                waits.append(wait)
        await asyncio.gather(*(self._write(account, allowances) for account, allowances in due))
        return SOON if due else min(waits)

    def _states(self, served: _Served) -> Iterator[tuple[_Account, tuple[Allowance, ...]]]:
        now = self._now()
        for provider in self._providers:
            if provider.type in served.types:
                account = self._accounts.setdefault(provider.uid, _account(provider))
                if newer(provider.resource_version, account.version):
                    account.provider, account.version = provider, provider.resource_version
                yield account, served.quotas.allowances(provider.uid, now)
        for gone in self._accounts.keys() - {provider.uid for provider in self._providers}:
            del self._accounts[gone]

    async def _write(self, account: _Account, allowances: Sequence[Allowance]) -> None:
        try:
            account.version = await self._status.write(account.provider, account.version, allowances)
        except ApiError as error:
            account.failures += 1
            account.not_before = self._clock() + backoff(account.failures, base=0.2, ceiling=SELDOM)
            log = logger.warning if error.status == 403 else logger.debug
            log("Provider's status not written", provider=account.provider.path, error=str(error))
            return
        blocked = [each.scope for each in allowances if each.blocked_until]
        if blocked and graver(account.told, allowances, self._now()):
            logger.info("waiting, as a service asked", provider=account.provider.path, scopes=blocked)
        account.told, account.failures = tuple(allowances), 0
        account.written = self._clock()

    def _due(self, account: _Account, allowances: Sequence[Allowance]) -> float:
        """When to write it; never, where it tells nothing new."""
        now = self._now()
        if graver(account.told, allowances, now):
            return account.written + SOON
        return account.written + SELDOM if differ(account.told, allowances, now) else math.inf


def _account(provider: Provider) -> _Account:
    return _Account(provider, provider.resource_version, provider.allowances)
