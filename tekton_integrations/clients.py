"""HTTP sessions: one for each set of authorities, proxy and identity, shared by all Providers that have the same."""

import asyncio
import re
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from tekton_integrations.certificates import Identity, trusting
from tekton_integrations.egress import AddressRefused, Egress, GuardedResolver, Named
from tekton_integrations.errors import TemporaryError, Throttled
from tekton_integrations.http import refused
from tekton_integrations.provider import Provider
from tekton_integrations.proxies import Proxies

# Seconds without anybody asking for it after which a session is closed. Far longer than one reconcile may have it.
IDLE = 300.0
# A private bundle costs 0.8 MiB in memory, with the system's authorities; whoever may write Providers can write many.
BUNDLES = 8
# Of all namespaces together: 53 MiB. Beyond, the one that nobody asked for longest goes, once that is REST seconds ago.
MOST = 64
REST = 30.0
# The kubelet sets such variables: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables.
_SERVICE = "_SERVICE_HOST"
# Seconds. Only an edit cures a Provider, and wakes what waits for it.
RETRY = 30.0
# As in manifests/crds/providers.yaml, which an older definition may have let pass. No credential: everybody who may
# look at Providers would see it.
_PROXY = re.compile(r"http://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?):[0-9]{1,5}")


Key = tuple[str, str, Identity | None, bool]


@dataclass(kw_only=True)
class _Way:
    """`namespace` is that of the Provider for which it was opened; `used` when it was last asked for."""

    session: aiohttp.ClientSession
    tls: ssl.SSLContext | bool
    namespace: str
    used: float


class Clients:
    """Use as an async context manager; a session is closed at its end, or when nobody has asked for it for `IDLE`.

    `environ` has the proxy for Providers without one, and in a cluster the addresses of Services, the API server's too.
    `inside`: what else no run may lead to, see Egress. `most`: so many private bundles and certificates at a time.
    Raises ValueError where one of these can't be used.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
        resolver: Callable[[], AbstractResolver] = aiohttp.ThreadedResolver,
        inside: Collection[str] = (),
        most: int = MOST,
    ) -> None:
        self._most = most
        self._proxies = Proxies(environ)
        self._inside = [*inside, *(value for name, value in environ.items() if name.endswith(_SERVICE))]
        self._egress = Egress(self._inside)
        self._named = Named()
        self._resolver = resolver
        self._clock = clock
        self._ways: dict[Key, _Way] = {}
        self._opening = asyncio.Lock()
        self._due = clock() + IDLE

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for key in list(self._ways):
            await self._ways.pop(key).session.close()

    def refuse(self, inside: Collection[str]) -> None:
        """Besides; before the first session is opened."""
        self._inside += inside
        self._egress = Egress(self._inside)

    async def get(
        self, provider: Provider, endpoint: str, identity: Identity | None = None, *, guarded: bool = False
    ) -> aiohttp.ClientSession:
        """The way to `endpoint`, the URL at which the Provider's credential is used; good for one reconcile.

        `guarded`: a run names it, so it may lead to the Internet only. What a Provider names may lead inside, but not
        to where a cloud keeps secrets. Raises TemporaryError(InvalidProvider) for certificates or a proxy that can't be
        used, PermanentError(EgressRefused) for such an address, Throttled while too many need certificates.
        """
        self._check(endpoint, self._egress if guarded else self._named)
        now = self._clock()
        if now >= self._due:
            await self._close_idle(now)
        key = (provider.ca_bundle, provider.proxy or self._proxies.of(endpoint), identity, guarded)
        way = self._ways.get(key) or await self._open(provider, key)
        way.used = now
        return way.session

    def _check(self, url: str, egress: Egress) -> None:
        try:
            egress.check(url)
        except AddressRefused as error:
            raise refused(url, ever=error.ever) from error

    async def _open(self, provider: Provider, key: Key) -> _Way:
        bundle, proxy, identity, guarded = key
        if provider.proxy and not _usable(provider.proxy):
            raise _invalid(provider, "spec.proxy must be http://host:port, without a credential")
        if proxy:
            self._check(proxy, self._named)
        async with self._opening:  # all that wait for the same one are served by the first
            if known := self._ways.get(key):
                return known
            tls = await self._tls(provider, identity) if bundle or identity else True
            # A proxy may be inside, and only its own name is resolved here.
            egress = self._egress if guarded and not proxy else self._named
            resolver = GuardedResolver(egress, self._resolver())
            connector = aiohttp.TCPConnector(ssl=tls, resolver=resolver)
            cookies = aiohttp.DummyCookieJar()
            session = aiohttp.ClientSession(connector=connector, cookie_jar=cookies, proxy=proxy or None)
            way = _Way(session=session, tls=tls, namespace=provider.namespace, used=self._clock())
            self._ways[key] = way
            return way

    async def _tls(self, provider: Provider, identity: Identity | None) -> ssl.SSLContext | bool:
        mine: set[tuple[str, Identity | None]] = set()
        for (bundle, _, shown, _), way in self._ways.items():
            if (bundle, shown) == (provider.ca_bundle, identity):
                return way.tls
            if way.namespace == provider.namespace:
                mine.add((bundle, shown))
        if len(mine - {("", None)}) >= BUNDLES:
            raise _invalid(
                provider,
                f"namespace {provider.namespace} has used {BUNDLES} different values of spec.caBundle or clients' "
                f"certificates within the last {IDLE / 60:.0f} minutes; use the same ones for all Providers",
            )
        await self._make_room()
        try:
            return await asyncio.to_thread(trusting, provider.ca_bundle, identity)
        except ValueError as error:
            raise _invalid(provider, str(error)) from error

    async def _make_room(self) -> None:
        """Whoever needs certificates of their own; a hundred namespaces are a hundred times 0.8 MiB."""
        used: dict[tuple[str, Identity | None], float] = {}
        for (bundle, _, shown, _), way in self._ways.items():
            if bundle or shown:
                used[bundle, shown] = max(way.used, used.get((bundle, shown), 0.0))
        if len(used) < self._most:
            return
        oldest = min(used, key=lambda each: used[each])
        if self._clock() - used[oldest] < REST:
            raise Throttled(
                f"{self._most} different values of spec.caBundle and of clients' certificates are in use just now; it "
                "goes on once one of them is not",
                REST,
            )
        for key in [key for key in self._ways if (key[0], key[2]) == oldest]:
            await self._ways.pop(key).session.close()

    async def _close_idle(self, now: float) -> None:
        self._due = now + IDLE
        idle = [key for key, way in self._ways.items() if now - way.used >= IDLE]
        for way in [self._ways.pop(key) for key in idle]:
            await way.session.close()


def _usable(proxy: str) -> bool:
    try:
        return bool(_PROXY.fullmatch(proxy)) and bool(URL(proxy).host)
    except ValueError:  # a port or an address that there can't be
        return False


def _invalid(provider: Provider, what: str) -> TemporaryError:
    return TemporaryError("InvalidProvider", f"Provider {provider.path}: {what}", RETRY, needs_help=True)
