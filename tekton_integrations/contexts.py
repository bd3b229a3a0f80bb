"""Makes the Context of a call: the Provider's credential, its guarded way out, its quotas, and what it may know of
other runs.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from tekton_integrations import metrics
from tekton_integrations.addresses import below, place
from tekton_integrations.certificates import Identity
from tekton_integrations.cluster import Cluster
from tekton_integrations.details import details_url
from tekton_integrations.errors import PermanentError
from tekton_integrations.gate import Gate
from tekton_integrations.http import Http, origin
from tekton_integrations.integration import Context, Credential, Integration, ProviderType
from tekton_integrations.ledger import Ledger
from tekton_integrations.limits import Limits
from tekton_integrations.locks import Locks
from tekton_integrations.provider import Provider
from tekton_integrations.quota import Quota
from tekton_integrations.quotas import Quotas
from tekton_integrations.record import Record, Target, external_id
from tekton_integrations.run import Child, Excerpt, Run
from tekton_integrations.sharing import Newest, Site
from tekton_integrations.standing import Standings
from tekton_integrations.text import clean

# Above so many those at rest are forgotten: runs may name hosts.
GATES = 1000


class Contexts:
    """Those of one integration. Quotas outlive the calls: they belong to a Provider and a scope."""

    def __init__(self, integration: Integration, cluster: Cluster) -> None:
        self.newest = Newest()
        self._integration = integration
        self._locks = Locks()
        self._types = {kind.name: kind for kind in integration.provider_types}
        self._cluster = cluster
        self.quotas = Quotas(cluster.clock, cluster.now)
        self.standings = Standings(cluster.now)
        self.gates: dict[tuple[str, str], Gate] = {}

    def forget(self, gone: Provider) -> None:
        """The Provider was deleted, and with it all that was learnt about its limits."""
        self.quotas.forget(gone.uid)
        self.standings.forget(gone.uid)
        for key in [key for key in self.gates if key[0] == gone.uid]:
            del self.gates[key]

    def gate(self, provider: Provider, context: Context) -> Gate:
        """Through which all calls of one credential to one host go."""
        host = origin(context.credential.endpoint)
        key = provider.uid, host
        if key not in self.gates and len(self.gates) >= GATES:
            self.gates = {known: gate for known, gate in self.gates.items() if not gate.idle}
        return self.gates.setdefault(key, Gate(host, clock=self._cluster.clock))

    async def labels(self, namespace: str, providers: Iterable[Provider]) -> Mapping[str, str]:
        """Those of the namespace; read only where a grant asks for them."""
        if any(each.selects_namespaces for each in providers):
            return await self._cluster.namespaces.labels(namespace)
        return {}

    async def make(self, ledger: Ledger, provider: Provider, run: Run | None, *, search: bool) -> Context:
        """`run` is None when only the record is left. Raises TemporaryError where the credential can't be had."""
        cluster, record = self._cluster, ledger.record
        kind = self._types[provider.type]
        owned = await cluster.credentials.get(provider, kind)
        credential = lent(owned, provider, record.target)
        http = Http(
            await cluster.clients.get(
                provider, credential.endpoint, identity(kind, credential), guarded=guarded(provider, record.target)
            ),
            frozenset({origin(credential.endpoint)}),
            timeout=cluster.timing.timeout,
            may_send=ledger.may_send,
            count=metrics.calls.labels(self._integration.name).inc,
            secrets=credential.secrets.values(),
        )

        def quota(scope: str, limits: Limits) -> Quota:
            return self.quotas.get(provider, scope, limits)

        async def granted(target: Target) -> bool:
            labels = await self.labels(record.namespace, [provider])
            return provider.grants_to(record.namespace, labels, target)

        async def siblings(key: str, value: str) -> list[Record]:
            found = await cluster.records.labelled(record.namespace, self._integration.name, key, value)
            return [each for each in found if each.name != record.name]

        async def children() -> list[Child]:
            return [] if run is None else await cluster.runs.children(run)

        async def manifest() -> Mapping[str, Any] | None:
            return None if run is None else whole(await cluster.runs.fetch(run.kind, run.namespace, run.name), run)

        async def excerpt(child: Child) -> Excerpt:
            return await cluster.excerpts.get(record.namespace, child, tuple(owned.secrets.values()))

        return Context(
            http=http,
            credential=credential,
            quota=quota,
            external_id=external_id(record),
            search=search,
            attempt=ledger.attempt,
            remember=ledger.remember,
            granted=granted,
            exclusive=lambda key: self._locks.held((provider.uid, key)),
            newest=self._newest(record, provider, run),
            siblings=siblings,
            children=children,
            excerpt=excerpt,
            manifest=manifest,
            details_url=details_url(provider, run, cluster.pages) if run else "",
            renew_credential=lambda: cluster.credentials.renew(provider),
            now=cluster.now,
        )

    def site(self, by: str, target: Target) -> Site:
        """`by` is the path of a Provider. One that is gone may have been of any type."""
        provider = self._cluster.provider(by)
        known = self._integration.newest_at(target, provider.type) if provider else ("", *target.shares)
        return Site(by, target, known)

    def _newest(self, record: Record, provider: Provider, run: Run | None) -> Callable[[str], bool]:
        """What is settled asks, too, but is not to keep anybody out; nobody is known to be newer than a run of which
        only the record is left."""
        if (target := record.target) is None:
            return lambda _: True
        site = self.site(provider.path, target)
        if run is not None:
            return partial(self.newest.let_in, run, site)
        runs, ref = self._cluster.runs, record.run
        cached = runs.get(ref.kind, record.namespace, ref.name)
        known = cached if cached and cached.uid == ref.uid else runs.last(ref.uid)
        return partial(self.newest.free, known, site) if known else lambda _: True


def lent(credential: Credential, provider: Provider, target: Target | None) -> Credential:
    """The credential as far as a call to the target may carry it: a URL that a run names gets none of a Provider's
    secrets, unless it lies at the Provider's own endpoint. Raises PermanentError(NotGranted) for a record that was
    edited to lead elsewhere than what was granted."""
    if target is None or not target.endpoint:
        return credential
    if place(target.endpoint) != target.resource:
        raise PermanentError("NotGranted", f"the record leads to {clean(target.endpoint)}, not to {target.resource}")
    if provider.endpoint and below(target.endpoint, provider.endpoint):
        return replace(credential, endpoint=target.endpoint)
    return replace(credential, endpoint=target.endpoint, secrets={})


def guarded(provider: Provider, target: Target | None) -> bool:
    """Whether the calls may lead to the Internet only: a run names where they go, and the Provider does not."""
    if target is None or not target.endpoint:
        return False
    named = {pattern.lower() for grant in provider.grants for pattern in grant.targets}
    if provider.endpoint:
        named.add(place(provider.endpoint))
    return place(target.endpoint) not in named


def whole(raw: bytes | None, run: Run) -> dict[str, Any] | None:
    """The run's manifest, without managedFields; None if that of another one took its place."""
    found: dict[str, Any] | None = msgspec.json.decode(raw) if raw else None
    if found is None or found["metadata"]["uid"] != run.uid:
        return None
    found["metadata"].pop("managedFields", None)
    return found


def identity(kind: ProviderType, credential: Credential) -> Identity | None:
    """What every connection of the Provider presents, if it has that."""
    if kind.certificate is None:
        return None
    certificate, key = (credential.secrets.get(field) for field in kind.certificate)
    return Identity(certificate, key) if certificate and key else None
