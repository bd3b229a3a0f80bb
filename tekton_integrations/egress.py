"""Which addresses a URL that a run names may lead to: those of the Internet, not those inside (the cluster, its nodes,
the cloud's metadata), unless a Provider names the host.

A name is resolved once, and the connection goes to an address that was looked at, so that a second answer of the DNS
leads nowhere. Behind a proxy the proxy resolves, and has to see to this itself.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Forms of IPv6 that carry an IPv4 address, which routers or gateways may take out of them: NAT64 (RFC 6052), and the
# deprecated IPv4-compatible ones (RFC 4291).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
# What Python (some versions of it) takes for global and is not, by IANA's registries of special purposes:
# https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry. Within the first, Oracle's
# cloud has had its metadata. The last one is Azure's: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16.
_INSIDE = tuple(
    ipaddress.ip_network(each)
    for each in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20", "168.63.129.16/32")
)
# Where clouds tell machines their secrets. No service that a run is to be shown at is there.
_METADATA = tuple(
    ipaddress.ip_network(each)
    for each in (
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
    )
)
# Of IPv6 all that was given out; what is not, such as NAT64 at a place of its own, or site-local, is no address there.
_GLOBAL = ipaddress.ip_network("2000::/3")


class AddressRefused(OSError):
    """An OSError, since that is what aiohttp expects of a resolver. `ever`: whoever names it."""

    def __init__(self, message: str, *, ever: bool = False) -> None:
        super().__init__(message)
        self.ever = ever


class Egress:
    """`inside`: further addresses, networks (`192.0.2.0/24`) and names of hosts that are not to be called, such as the
    API server's. Raises ValueError for what has a slash and is no network."""

    def __init__(self, inside: Collection[str] = ()) -> None:
        networks = [each for each in inside if "/" in each]
        addresses = {each: found for each in inside if (found := literal(each)) is not None}
        self._networks = [*map(ipaddress.ip_network, networks), *map(ipaddress.ip_network, addresses.values())]
        self._names = frozenset(_plain(each) for each in inside if each not in addresses)

    def allows(self, address: _Address) -> bool:
        carried = _carried(address) if isinstance(address, ipaddress.IPv6Address) else None
        mine = any(each in network for network in self._networks for each in (address, carried) if each is not None)
        return not mine and public(address)

    def refusal(self, host: str) -> AddressRefused:
        return AddressRefused(f"{host} is inside")

    def check(self, url: str) -> None:
        """Raises AddressRefused for a URL whose host is inside; what a name resolves to is looked at later."""
        host = URL(url, encoded=True).host or ""
        if _plain(host) in self._names:
            raise self.refusal(host)
        if not numeric(host):
            return
        address = literal(host)
        if address is None or not self.allows(address):
            raise self.refusal(host)


class Named(Egress):
    """For hosts that a Provider names, which may be inside, but no machine's secrets: not everybody who may write
    Providers of a namespace may have these."""

    def allows(self, address: _Address) -> bool:
        carried = _carried(address) if isinstance(address, ipaddress.IPv6Address) else None
        return not any(each in network for network in _METADATA for each in (address, carried) if each is not None)

    def refusal(self, host: str) -> AddressRefused:
        return AddressRefused(f"{host} is where a cloud keeps secrets of machines", ever=True)


class GuardedResolver(AbstractResolver):
    """Gives only addresses that may be called; AddressRefused where a name has no such."""

    def __init__(self, egress: Egress, resolver: AbstractResolver | None = None) -> None:
        self._egress = egress
        self._resolver = resolver or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        good = [each for each in found if (address := literal(each["host"])) and self._egress.allows(address)]
        if found and not good:
            raise self._egress.refusal(host)
        return good

    async def close(self) -> None:
        await self._resolver.close()


async def names_of(url: str) -> list[str]:
    """The URL's host as it is written, and the addresses that it has now, as far as they can be known here."""
    host = URL(url).host or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:  # perhaps only a proxy knows it
        return [host]
    return sorted({host, *(str(address[0]) for *_, address in found)})


def _plain(name: str) -> str:
    """A full stop at its end means the same host."""
    return name.lower().rstrip(".")


def numeric(host: str) -> bool:
    """Whether aiohttp takes it for an address and resolves nothing: also `127.1` and `2130706433`, which the system
    reads as 127.0.0.1."""
    return ":" in host or host.replace(".", "").isdigit()


def literal(host: str) -> _Address | None:
    """The address as the system reads it; None for what is none."""
    try:
        if ":" in host:
            return ipaddress.IPv6Address(host.partition("%")[0].strip("[]"))
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def public(address: _Address) -> bool:
    """Whether it is one of the Internet's, in whatever form it is written."""
    if isinstance(address, ipaddress.IPv6Address):
        if (carried := _carried(address)) is not None:
            return public(carried)
        if address not in _GLOBAL:
            return False
    if any(address in network for network in _INSIDE):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
