"""Whether a controller is at work: who holds the Lease of each integration, whether it still renews that, and what the
Integrations say of themselves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from tekton_integrations.diagnosis.findings import Finding, Level, Looker, Unread, unknown
from tekton_integrations.kube.client import collection
from tekton_integrations.kube.lease_json import API_VERSION as LEASES
from tekton_integrations.kube.lease_json import LeaseObject, decode_lease
from tekton_integrations.record import API_VERSION
from tekton_integrations.registry import CORE

PREFIX = "tekton-integrations-"
# Seconds by which a holder's clock may be ahead of the API server's before it is worth a word.
AHEAD = 5.0
START = "start it: kubectl -n {home} get deployment,pods,events"


class _Metadata(msgspec.Struct):
    name: str


class _Condition(msgspec.Struct):
    type: str
    status: str
    message: str = ""


class _Status(msgspec.Struct, rename="camel"):
    package_version: str = ""
    conditions: tuple[_Condition, ...] = ()


class Brought(msgspec.Struct):
    """An Integration object."""

    metadata: _Metadata
    status: _Status = msgspec.field(default_factory=_Status)


async def working(looker: Looker, home: str, versions: Mapping[str, str], now: float) -> list[Finding]:
    """`versions` are those of the integrations that are installed here, `now` the API server's time, in seconds since
    the epoch."""
    try:
        path = collection(API_VERSION, "integrations", home)
        brought = await looker.listed(path, f"Integrations of namespace {home}", _brought)
    except Unread as error:
        return [unknown("controller", error)]
    if not brought:
        said = f"none was ever started in namespace {home}: nothing is reported"
        return [Finding(subject="controller", level=Level.PROBLEM, said=said, cure=START.format(home=home))]
    try:
        path = collection(LEASES, "leases", home)
        leases = {each.name: each for each in await looker.listed(path, f"Leases of namespace {home}", decode_lease)}
    except Unread as error:
        return [unknown("controller", error), *(_by_word(each, versions, home) for each in brought)]
    names = {each.metadata.name: each for each in brought}
    found = [
        _by_lease(f"integration {name}", leases.get(f"{PREFIX}{name}"), home, now) for name in sorted({CORE, *names})
    ]
    return [*found, *(each for one in brought if (each := _version(one, versions)))]


def _brought(raw: msgspec.Raw) -> Brought:
    return msgspec.json.decode(raw, type=Brought)


def _by_lease(subject: str, lease: LeaseObject | None, home: str, now: float) -> Finding:
    cure = START.format(home=home)
    if lease is None or not lease.holder:
        return Finding(subject=subject, level=Level.PROBLEM, said="no controller works it", cure=cure)
    age = now - _renewed(lease)
    if age > (lease.seconds or 0.0):
        said = f"its controller {lease.holder} has not been heard of for {age:.0f} s"
        return Finding(subject=subject, level=Level.PROBLEM, said=said, cure=cure)
    if age < -AHEAD:
        said = f"the clock of its controller {lease.holder} is {-age:.0f} s ahead of the API server's"
        return Finding(subject=subject, level=Level.WARNING, said=said, cure="set the clock of its node")
    return Finding(subject=subject, level=Level.OK, said=f"is worked by {lease.holder}")


def _renewed(lease: LeaseObject) -> float:
    written: Any = lease.spec.get("renewTime")
    return datetime.fromisoformat(written).timestamp() if written else 0.0


def _by_word(each: Brought, versions: Mapping[str, str], home: str) -> Finding:
    """One that was killed can't say that it has stopped."""
    subject = f"integration {each.metadata.name}"
    ready = next((one for one in each.status.conditions if one.type == "Ready"), None)
    if ready is None or ready.status != "True":
        said = ready.message if ready else "no controller has worked it yet"
        return Finding(subject=subject, level=Level.PROBLEM, said=said, cure=START.format(home=home))
    return _version(each, versions) or Finding(subject=subject, level=Level.OK, said=ready.message)


def _version(each: Brought, versions: Mapping[str, str]) -> Finding | None:
    theirs, ours = each.status.package_version, versions.get(each.metadata.name, "")
    if "" in (theirs, ours) or theirs == ours:
        return None
    said = f"the controller has version {theirs} of it, here is {ours}"
    return Finding(
        subject=f"integration {each.metadata.name}",
        level=Level.WARNING,
        said=said,
        cure="install the controller's here: what `render` and the like say of it may be wrong",
    )
