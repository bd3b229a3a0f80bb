"""Whether Providers are in order, by their own word; and whether their endpoints are reachable from here, which is not
where the controller is."""

import asyncio
import os
from collections.abc import Collection, Iterable, Mapping

from tekton_integrations import registry
from tekton_integrations.clients import Clients
from tekton_integrations.diagnosis.clocks import MOST, skewed
from tekton_integrations.diagnosis.findings import Finding, Level
from tekton_integrations.errors import IntegrationError
from tekton_integrations.http import Http, origin
from tekton_integrations.provider import Provider

# Seconds for one endpoint, and how many are called at most.
_TIMEOUT, _ENDPOINTS = 5.0, 30


def standing(providers: Collection[Provider]) -> list[Finding]:
    if not providers:
        cure = "create one: see Connect GitHub in the README, or `doctor github`"
        return [Finding(subject="Providers", level=Level.WARNING, said="there is none: nothing is reported", cure=cure)]
    return [_standing(each) for each in sorted(providers, key=lambda each: each.path)]


def _standing(provider: Provider) -> Finding:
    subject, verdict = f"Provider {provider.path}", provider.standing.verdict
    if verdict is None or verdict.generation != provider.generation:
        said = f"({provider.type}) its credential was not tried yet"
        cure = "if it stays so: no controller works integrations that take this type"
        return Finding(subject=subject, level=Level.WARNING, said=said, cure=cure)
    if verdict.status != "True":
        return Finding(subject=subject, level=Level.PROBLEM, said=verdict.reason, cure=verdict.message)
    if not any(grant.targets and (grant.namespaces or grant.namespace_selector) for grant in provider.grants):
        return Finding(
            subject=subject,
            level=Level.WARNING,
            said="its credential does, but it grants nothing, so nothing is shown",
            cure="add namespaces and targets to its spec.grants",
        )
    return Finding(subject=subject, level=Level.OK, said=f"({provider.type}) its credential does")


async def egress(providers: Iterable[Provider]) -> list[Finding]:
    """One call without a credential to each endpoint. The proxies are those of Providers, or of this shell."""
    known = _default_endpoints()
    ways = {
        (endpoint, each.proxy, each.ca_bundle): each
        for each in providers
        if (endpoint := each.endpoint or known.get(each.type, ""))
    }
    async with Clients(os.environ) as clients:
        chosen = sorted(ways.items(), key=lambda each: each[0])[:_ENDPOINTS]
        found = await asyncio.gather(*(_reached(clients, key[0], provider) for key, provider in chosen))
    return [each for one in found for each in one]


def _default_endpoints() -> Mapping[str, str]:
    """By types of Providers, of all integrations that are installed here."""
    found: dict[str, str] = {}
    for name in registry.installed():
        try:
            [integration] = registry.load([name])
        except registry.RegistryError:
            continue
        found |= {kind.name: kind.endpoint for kind in integration.provider_types}
    return found


async def _reached(clients: Clients, endpoint: str, provider: Provider) -> list[Finding]:
    subject = f"endpoint {origin(endpoint)}"
    try:
        session = await clients.get(provider, endpoint)
        http = Http(session, frozenset({origin(endpoint)}), timeout=_TIMEOUT)
        answer = await http.request("HEAD", endpoint)
    except IntegrationError as error:
        said = f"is not reachable from here, which need not be so in the controller's pod ({error.reason})"
        return [Finding(subject=subject, level=Level.WARNING, said=said, cure=error.message)]
    reached = Finding(subject=subject, level=Level.OK, said=f"answers from here (status {answer.status})")
    skew = skewed(answer.headers.get("date", ""))
    if skew is None or abs(skew) <= MOST:
        return [reached]
    said = f"answers from here, and its clock differs from this machine's by {skew:+.0f} s"
    return [Finding(subject=subject, level=Level.WARNING, said=said, cure="set this machine's clock")]
