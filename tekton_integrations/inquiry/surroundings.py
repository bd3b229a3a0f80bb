"""What stands around the runs of a namespace: Providers, Notifications, and who reports by what."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import NamedTuple, TypeVar

import msgspec

from tekton_integrations import registry
from tekton_integrations.inquiry.matches import Matches
from tekton_integrations.inquiry.reading import Reader
from tekton_integrations.integration import Integration
from tekton_integrations.kube import claims, lease_json
from tekton_integrations.kube.client import collection
from tekton_integrations.notices import TOO_MANY
from tekton_integrations.notification import Notification, decode_notification
from tekton_integrations.provider import Provider, decode_provider
from tekton_integrations.record import API_VERSION
from tekton_integrations.story import Installed, Unread

T = TypeVar("T")
# A Lease that was not renewed for so many seconds is nobody's: it is renewed every 2 s, and clocks may differ.
DEAD = 30.0


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    providers: Sequence[Provider]
    installed: Sequence[Installed] | None
    matches: Matches
    unread: Sequence[Unread]


async def surroundings(reader: Reader, namespace: str, shared: str, now: float) -> Surroundings:
    """`shared`: the controller's namespace."""
    places = list(dict.fromkeys((namespace, shared)))
    installed, owned, noticed = await asyncio.gather(
        _installed(reader, shared, now),
        asyncio.gather(*(_all(reader, "Providers", "providers", place, decode_provider) for place in places)),
        asyncio.gather(*(_all(reader, "Notifications", "notifications", place, _noticed) for place in places)),
    )
    providers, notifications = [*chain(*owned)], [*chain(*noticed)]
    return Surroundings(
        providers=providers,
        installed=installed,
        matches=Matches(
            _loaded(installed) if notifications else [],
            shared,
            [each.notification for each in notifications],
            providers,
            crowded={each.notification.path for each in notifications if each.too_many},
            partial=bool(reader.unread),
        ),
        unread=tuple(reader.unread),
    )


class _Noticed(NamedTuple):
    """A Notification, and of how many runs it says that they are too many."""

    notification: Notification
    too_many: int


class _Counts(msgspec.Struct):
    suppressed: dict[str, int] = {}


class _Counted(msgspec.Struct):
    status: _Counts = msgspec.field(default_factory=_Counts)


def _noticed(raw: msgspec.Raw) -> _Noticed:
    counted = msgspec.json.decode(raw, type=_Counted).status.suppressed
    return _Noticed(decode_notification(raw), counted.get(TOO_MANY, 0))


async def _all(reader: Reader, what: str, plural: str, namespace: str, decode: Callable[[msgspec.Raw], T]) -> list[T]:
    found: list[T] = []
    for raw in await reader.every(f"{what} of namespace {namespace}", collection(API_VERSION, plural, namespace)) or ():
        with contextlib.suppress(msgspec.DecodeError):  # an older or newer controller's
            found.append(decode(raw))
    return found


def _loaded(installed: Sequence[Installed] | None) -> list[Integration]:
    """Those that are both in use there and installed here."""
    names = set(registry.installed())
    if installed is not None:
        names &= {each.name for each in installed}
    found: list[Integration] = []
    for name in sorted(names):
        with contextlib.suppress(registry.RegistryError):
            found += registry.load([name])
    return found


class _Condition(msgspec.Struct):
    message: str = ""


class _Status(msgspec.Struct):
    holder: str = ""
    conditions: tuple[_Condition, ...] = ()


class _Claimed(msgspec.Struct):
    status: _Status = msgspec.field(default_factory=_Status)


async def _installed(reader: Reader, shared: str, now: float) -> list[Installed] | None:
    raws = await reader.every(f"Integrations of namespace {shared}", collection(API_VERSION, claims.PLURAL, shared))
    if raws is None:
        return None
    # Whoever may not read Leases is not told so: the Integration says nearly as much.
    leases = await reader.apart().every(
        f"Leases of namespace {shared}", collection(lease_json.API_VERSION, lease_json.PLURAL, shared)
    )
    held = {lease.name: lease for lease in map(lease_json.decode_lease, leases or ())}
    return [_one(raw, held, now, leases is not None) for raw in raws]


def _one(raw: msgspec.Raw, held: dict[str, lease_json.LeaseObject], now: float, read: bool) -> Installed:
    claim, status = claims.decode_claim(raw), msgspec.json.decode(raw, type=_Claimed).status
    working, says = bool(status.holder), next((each.message for each in status.conditions), "it has not begun")
    if read and working:
        doubts = list(_doubts(held.get(f"tekton-integrations-{claim.name}"), now))
        working, says = not doubts, next(iter(doubts), says)
    return Installed(name=claim.name, since=claim.created, working=working, says=says)


def _doubts(lease: lease_json.LeaseObject | None, now: float) -> Iterator[str]:
    if lease is None or not lease.holder:
        yield "nobody holds its Lease"
        return
    renewed = str(lease.spec.get("renewTime") or "")
    with contextlib.suppress(ValueError):
        if now - datetime.fromisoformat(renewed).timestamp() > DEAD + (lease.seconds or 0.0):
            yield f"{lease.holder} has not renewed its Lease since {renewed}"
