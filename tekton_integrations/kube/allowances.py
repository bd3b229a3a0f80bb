"""Writes what is known of services' limits, and of how Providers stand, into Providers' status, and reads it live where
a cache may be late.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from tekton_integrations.allowance import Allowance, encode_allowances
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.provider import Provider, decode_provider
from tekton_integrations.record import API_VERSION
from tekton_integrations.standing import Standing, encode_standing

PLURAL = "providers"
# Seconds. A write that takes longer is made anew.
_PATIENCE = 5.0


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str


class _Object(msgspec.Struct):
    metadata: _Metadata


class _List(msgspec.Struct):
    items: list[msgspec.Raw]


class ProviderStatus:
    """Every write says which version it builds on: one by whoever lost the Lease meanwhile is refused (409).

    `scopes`: the namespaces that are read; all is an empty name."""

    def __init__(self, client: KubeClient, now: Callable[[], float] = time.time, scopes: Sequence[str] = ("",)) -> None:
        self._client = client
        self._now = now
        self._scopes = scopes

    async def read(self) -> list[Provider]:
        """All there are in our namespaces, as they are now. Raises ApiError."""
        found: list[Provider] = []
        for scope in self._scopes:
            raw = await self._client.get(collection(API_VERSION, PLURAL, scope))
            found += _readable(msgspec.json.decode(raw, type=_List).items)
        return found

    async def write(
        self, provider: Provider, version: str, allowances: Sequence[Allowance], standing: Standing | None = None
    ) -> str:
        """`version`: the resourceVersion that it builds on; gives the new one. Raises ApiError."""
        body = {
            "metadata": {"resourceVersion": version},
            "status": {
                "allowances": encode_allowances(allowances),
                "blockedUntil": _latest(allowances, self._now()),
                **(encode_standing(standing) if standing else {}),
            },
        }
        path = f"{collection(API_VERSION, PLURAL, provider.namespace)}/{provider.name}/status"
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await self._client.patch(path, body)
        except TimeoutError as error:
            raise ApiError(0, "Timeout", f"no answer within {_PATIENCE:.0f} s") from error
        return msgspec.json.decode(answer, type=_Object).metadata.resource_version


def _readable(items: Iterable[msgspec.Raw]) -> Iterator[Provider]:
    for item in items:
        with suppress(msgspec.DecodeError):  # as in the cache
            yield decode_provider(item)


def _latest(allowances: Iterable[Allowance], now: float) -> Any:
    """When the last block ends; null takes the field away."""
    blocked = [each for each in allowances if (each.blocked_until or 0.0) > now]
    if not blocked:
        return None
    return encode_allowances([max(blocked, key=lambda each: each.blocked_until or 0.0)])[0]["blockedUntil"]
