"""What the core lends to an integration, without the core: real HTTP and real quotas, and everything else as the test
says. What the integration asks of it is noted.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from msgspec.structs import replace

from tekton_integrations.errors import TemporaryError
from tekton_integrations.http import Http, origin
from tekton_integrations.integration import Context, Credential, SecretRef, SecretSource
from tekton_integrations.limits import Limits
from tekton_integrations.milestones import Milestone
from tekton_integrations.quota import Quota
from tekton_integrations.record import Record, Target
from tekton_integrations.run import Child, Excerpt

SECRET = SecretSource(SecretRef("any"))


@dataclass(kw_only=True)
class Workbench:
    """`clock` is that of quotas and of `Context.now`, in seconds since the epoch; `ahead` is added to the latter."""

    session: aiohttp.ClientSession
    credential: Credential
    clock: Callable[[], float] = time.time
    children: list[Child] = field(default_factory=list)
    logs: dict[str, Excerpt] = field(default_factory=dict)  # by the child's name
    manifest: Mapping[str, Any] | None = None
    details_url: str = ""
    grants: Callable[[Target], bool] = lambda _: True
    reads: list[str] = field(default_factory=list)  # of the API server: "children", "log", "manifest"
    asked: list[Target] = field(default_factory=list)  # of which the grants were asked
    older: set[str] = field(default_factory=set)  # shares ("" is the address) at which a newer run shows
    records: list[Record] = field(default_factory=list)  # of other runs
    remembered: dict[str, str] = field(default_factory=dict)
    in_doubt: bool = False  # an earlier call may still take effect, so nothing must be made now
    attempts: int = 0
    renewed: int = 0
    ahead: float = 0.0
    timeout: float = 5.0
    quotas: dict[str, Quota] = field(default_factory=dict)
    _locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def now(self) -> float:
        return self.clock() + self.ahead

    def use(self, **changes: Any) -> None:
        """Changes the credential."""
        self.credential = replace(self.credential, **changes)

    def http(self) -> Http:
        """The way out to the credential's endpoint."""
        origins = frozenset({origin(self.credential.endpoint)})
        return Http(self.session, origins, timeout=self.timeout, secrets=self.credential.secrets.values())

    def context(
        self, external_id: str = "ours", *, search: bool = False, milestone: Milestone | None = None
    ) -> Context:
        return Context(
            http=self.http(),
            credential=self.credential,
            quota=self._quota,
            external_id=external_id,
            search=search,
            attempt=self._attempt,
            remember=self._remember,
            granted=self._granted,
            exclusive=lambda key: self._locks[key],
            newest=lambda share: share not in self.older,
            siblings=self._siblings,
            children=self._children,
            excerpt=self._excerpt,
            manifest=self._manifest,
            details_url=self.details_url,
            renew_credential=self._renew,
            now=self.now,
            milestone=milestone,
        )

    def _quota(self, scope: str, limits: Limits) -> Quota:
        return self.quotas.setdefault(scope, Quota(limits, self.clock, self.clock))

    @asynccontextmanager
    async def _attempt(self, repeatable: bool = False) -> AsyncIterator[None]:
        if self.in_doubt and not repeatable:
            raise TemporaryError("MaybeSent", "an earlier call is in doubt", 5.0, maybe_sent=True)
        self.attempts += 1
        yield

    def _remember(self, memory: Mapping[str, str]) -> None:
        self.remembered = dict(memory)

    async def _granted(self, target: Target) -> bool:
        self.asked.append(target)
        return self.grants(target)

    async def _siblings(self, key: str, value: str) -> list[Record]:
        return [each for each in self.records if each.target and each.target.labels.get(key) == value]

    async def _children(self) -> list[Child]:
        self.reads.append("children")
        return self.children

    async def _excerpt(self, child: Child) -> Excerpt:
        self.reads.append("log")
        return self.logs.get(child.name, Excerpt(withheld="not enabled in this namespace"))

    async def _manifest(self) -> Mapping[str, Any] | None:
        self.reads.append("manifest")
        return self.manifest

    def _renew(self) -> None:
        self.renewed += 1
