"""All checks, in the order in which things have to be put right."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from tekton_integrations.diagnosis import clocks, notifications
from tekton_integrations.diagnosis.definitions import definitions, policies
from tekton_integrations.diagnosis.findings import Finding, Level, Looker, Unread, unknown
from tekton_integrations.diagnosis.notifications import in_order
from tekton_integrations.diagnosis.providers import egress, standing
from tekton_integrations.diagnosis.records import stuck
from tekton_integrations.diagnosis.rights import Account, rights
from tekton_integrations.diagnosis.tekton import tekton
from tekton_integrations.diagnosis.working import working
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.records_json import decode_record
from tekton_integrations.provider import Provider, decode_provider
from tekton_integrations.record import API_VERSION
from tekton_integrations.registry import versions

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Patient:
    """`home`: the controller's namespace, `account`: its ServiceAccount there; `watched`: the only namespace whose runs
    it shows, if there is one; `namespace`: whose Providers and records are looked at where all of them may not be;
    `calls`: whether endpoints of Providers are called."""

    home: str
    namespace: str
    account: str = "tekton-integrations"
    watched: str = ""
    calls: bool = True


async def diagnosed(client: KubeClient, patient: Patient) -> list[Finding]:
    """Raises ApiError where there is no way to the API server, or it doesn't know whoever asks."""
    looker, date = Looker(client), await client.date()
    # The API server's time, as far as it tells: Leases and records are compared with that.
    now = time.time() + (clocks.skewed(date) or 0.0)
    found = [clocks.clock(date)]
    found += await _each(lambda: tekton(looker), "Tekton")
    found += await _each(lambda: definitions(looker), "definitions")
    found += await _each(lambda: policies(looker), "policies")
    providers = await _providers(looker, patient, found)
    spaces = {patient.home, *(each.namespace for each in providers or ())}
    if patient.watched:
        spaces &= {patient.home, patient.watched}
    account = Account(patient.home, patient.account, patient.watched)
    found += await _each(lambda: rights(looker, account, spaces), "rights")
    found += await _each(lambda: working(looker, patient.home, versions(), now), "controller")
    if providers is not None:
        found += standing(providers)
        found += await egress(providers) if patient.calls else ()
    found += await _each(lambda: _notifications(looker, patient), "Notifications")
    return [*found, *await _each(lambda: _records(looker, patient, now), "reports")]


async def _each(check: Callable[[], Awaitable[Iterable[Finding]]], subject: str) -> list[Finding]:
    """One that fails for a reason of its own keeps no other from being made."""
    try:
        return [*await check()]
    except Unread as error:
        return [unknown(subject, error)]
    except ApiError as error:
        said = f"could not be looked at: {error.message or error.reason}"
        return [Finding(subject=subject, level=Level.UNKNOWN, said=said)]


async def _providers(looker: Looker, patient: Patient, found: list[Finding]) -> list[Provider] | None:
    try:
        return await looker.listed(collection(API_VERSION, "providers"), "Providers of all namespaces", decode_provider)
    except Unread:
        pass
    read: list[Provider] = []
    for namespace in sorted({patient.home, patient.namespace}):
        path, what = collection(API_VERSION, "providers", namespace), f"Providers of namespace {namespace}"
        try:
            read += await looker.listed(path, what, decode_provider)
        except Unread as error:
            found.append(unknown("Providers", error))
    return read or None


async def _notifications(looker: Looker, patient: Patient) -> list[Finding]:
    return in_order(await _everywhere_or_here(looker, patient, "notifications", notifications.decode))


async def _records(looker: Looker, patient: Patient, now: float) -> list[Finding]:
    return stuck(await _everywhere_or_here(looker, patient, "integrationstatuses", decode_record), now)


async def _everywhere_or_here(
    looker: Looker, patient: Patient, plural: str, decode: Callable[[msgspec.Raw], T]
) -> list[T]:
    """Of all namespaces or, where these may not be read, of the one that is meant. Raises Unread."""
    try:
        return await looker.listed(collection(API_VERSION, plural), f"{plural} of all namespaces", decode)
    except Unread:
        where = f"{plural} of namespace {patient.namespace}"
        return await looker.listed(collection(API_VERSION, plural, patient.namespace), where, decode)
