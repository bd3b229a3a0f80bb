"""Makes the Context of a call: the Provider's credential, its guarded way out, its quotas."""

from collections.abc import Mapping

from tekton_integrations.cluster import Cluster
from tekton_integrations.gate import Gate
from tekton_integrations.http import Http, origin
from tekton_integrations.integration import Context, Integration
from tekton_integrations.ledger import Ledger
from tekton_integrations.provider import Provider
from tekton_integrations.quota import Quota
from tekton_integrations.record import external_id
from tekton_integrations.run import Child, Run


class Contexts:
    """Those of one integration. Quotas outlive the calls: they belong to a Provider and a scope."""

    def __init__(self, integration: Integration, cluster: Cluster) -> None:
        self._types = {kind.name: kind for kind in integration.provider_types}
        self._cluster = cluster
        self._quotas: dict[tuple[str, str], Quota] = {}
        self._gates: dict[tuple[str, str], Gate] = {}

    @property
    def quotas(self) -> Mapping[tuple[str, str], Quota]:
        """By the Provider's uid and the scope."""
        return self._quotas

    def forget(self, gone: Provider) -> None:
        """The Provider was deleted, and with it all that was learnt about its limits."""
        for known in (self._quotas, self._gates):
            for key in [key for key in known if key[0] == gone.uid]:
                del known[key]

    def gate(self, provider: Provider, context: Context) -> Gate:
        """Through which all calls of one credential to one host go."""
        host = origin(context.credential.endpoint)
        return self._gates.setdefault((provider.uid, host), Gate(host))

    async def make(self, ledger: Ledger, provider: Provider, run: Run | None, *, search: bool) -> Context:
        """`run` is None when only the record is left. Raises TemporaryError where the credential can't be had."""
        cluster, record = self._cluster, ledger.record
        credential = await cluster.credentials.get(provider, self._types[provider.type])
        http = Http(
            cluster.session,
            frozenset({origin(credential.endpoint)}),
            timeout=cluster.timing.timeout,
            may_send=ledger.may_send,
        )

        def quota(scope: str, rate: float, burst: float) -> Quota:
            return self._quotas.setdefault((provider.uid, scope), Quota(rate, burst))

        async def children() -> list[Child]:
            return [] if run is None else await cluster.runs.children(run)

        return Context(
            http=http,
            credential=credential,
            quota=quota,
            external_id=external_id(record),
            search=search,
            attempt=ledger.attempt,
            children=children,
            renew_credential=lambda: cluster.credentials.forget(provider),
            now=cluster.now,
        )
