"""HTTP sessions: one for each set of authorities, proxy and identity, shared by all Providers that have the same."""

import asyncio
import os
import re
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from tekton_integrations.egress import AddressRefused, Egress, GuardedResolver, Named
from tekton_integrations.errors import TemporaryError
from tekton_integrations.http import refused
from tekton_integrations.provider import Provider
from tekton_integrations.proxies import Proxies

# Seconds without anybody asking for it after which a session is closed. Far longer than one reconcile may have it.
IDLE = 300.0
# A private bundle costs 0.8 MiB in memory, with the system's authorities; whoever may write Providers can write many.
BUNDLES = 8
# The kubelet sets such variables: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables.
_SERVICE = "_SERVICE_HOST"
# Seconds. Only an edit cures a Provider, and wakes what waits for it.
RETRY = 30.0
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
# As in manifests/crds/providers.yaml, which an older definition may have let pass. No credential: everybody who may
# look at Providers would see it.
_PROXY = re.compile(r"http://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?):[0-9]{1,5}")


class Identity(NamedTuple):
    """A certificate and its private key, PEM, that a client presents."""

    certificate: bytes
    key: bytes


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
    `inside`: what else no run may lead to, see Egress. Raises ValueError where one of these can't be used.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
        resolver: Callable[[], AbstractResolver] = aiohttp.ThreadedResolver,
        inside: Collection[str] = (),
    ) -> None:
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
        used, PermanentError(EgressRefused) for such an address.
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
        try:
            return await asyncio.to_thread(_context, provider.ca_bundle, identity)
        except ValueError as error:
            raise _invalid(provider, str(error)) from error

    async def _close_idle(self, now: float) -> None:
        self._due = now + IDLE
        idle = [key for key, way in self._ways.items() if now - way.used >= IDLE]
        for way in [self._ways.pop(key) for key in idle]:
            await way.session.close()


def trusting(bundle: str) -> ssl.SSLContext:
    """Trusts the certificates in `bundle` (PEM, with any text around), besides the system's authorities.

    Takes 30 ms and more, most of it for the system's. Raises ValueError for what is no certificate.
    """
    if "PRIVATE KEY" in bundle:
        raise ValueError("holds a private key, which everybody can read there; take it out and replace that key")
    blocks = [_BEGIN + rest for rest in bundle.split(_BEGIN)[1:]]
    if not blocks:
        raise ValueError(f"holds no certificate; put in PEM, which begins with {_BEGIN}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for number, block in enumerate(blocks, 1):
        try:
            context.load_verify_locations(cadata=ssl.PEM_cert_to_DER_cert(block[: block.index(_END) + len(_END)]))
        except (ValueError, ssl.SSLError) as error:
            which = f"certificate {number} of {len(blocks)}"
            raise ValueError(f"can't be read: {which} is damaged; put it in anew") from error
    # Also an authority that another one vouches for, or the server's own certificate, is enough.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols(("http/1.1",))
    context.load_default_certs()
    return context


def _context(bundle: str, identity: Identity | None) -> ssl.SSLContext:
    """Raises ValueError that begins with what can't be used."""
    try:
        context = trusting(bundle) if bundle else ssl.create_default_context()
    except ValueError as error:
        raise ValueError(f"spec.caBundle {error}") from error
    if identity:
        present(context, identity)
    return context


def present(context: ssl.SSLContext, identity: Identity) -> None:
    """Raises ValueError for a certificate or a key that can't be used."""
    # OpenSSL reads a chain from files only; these are in memory, and nobody else's.
    with _in_memory(identity.certificate) as certificate, _in_memory(identity.key) as key:
        try:
            # Without a password OpenSSL would ask for that of an encrypted key at the terminal.
            context.load_cert_chain(certificate, key, password="")
        except (ssl.SSLError, OSError) as error:
            raise ValueError(
                "the client's certificate and its private key can't be used together; put both into the Secret as PEM, "
                "without a password"
            ) from error


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    number = os.memfd_create("pem")
    try:
        os.write(number, content)
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)


def _usable(proxy: str) -> bool:
    try:
        return bool(_PROXY.fullmatch(proxy)) and bool(URL(proxy).host)
    except ValueError:  # a port or an address that there can't be
        return False


def _invalid(provider: Provider, what: str) -> TemporaryError:
    return TemporaryError("InvalidProvider", f"Provider {provider.path}: {what}", RETRY, needs_help=True)
