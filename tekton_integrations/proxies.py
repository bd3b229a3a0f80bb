"""The proxy that the environment asks for, by Go's rules, which Kubernetes' other programs follow.

https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
"""

import functools
import ipaddress
from collections.abc import Mapping

from yarl import URL

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """By HTTPS_PROXY, HTTP_PROXY and NO_PROXY, also in lower case. Raises ValueError for one that can't be used."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._proxies = {scheme: _proxy(environ, f"{scheme}_proxy") for scheme in ("https", "http")}
        exceptions = _said(environ, "no_proxy")
        self._exceptions = [entry for part in exceptions.lower().split(",") if (entry := part.strip())]
        # Asked before each report, and of few hosts.
        self._remembered = functools.lru_cache(maxsize=256)(self._find)

    def of(self, url: str) -> str:
        """The proxy's URL, which may hold a password; empty where there is none. Loopback is never proxied."""
        return self._remembered(url)

    def _find(self, url: str) -> str:
        parsed = URL(url)
        host, port = (parsed.host or "").lower().rstrip("."), parsed.port
        proxy = self._proxies.get(parsed.scheme, "")
        if not proxy or _loopback(host):
            return ""
        return "" if any(_excepts(entry, host, port) for entry in self._exceptions) else proxy


def _said(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.upper()) or environ.get(name) or ""


def _proxy(environ: Mapping[str, str], name: str) -> str:
    text = _said(environ, name)
    if not text:
        return ""
    url = text if "://" in text else f"http://{text}"
    try:
        usable = URL(url).scheme in ("http", "https") and bool(URL(url).host)
    except ValueError:
        usable = False
    if not usable:  # without the text, which may hold a password
        raise ValueError(f"{name.upper()} is no URL of an HTTP proxy; write it as http://host:port")
    return url


def _loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _excepts(entry: str, host: str, port: int | None) -> bool:
    """Entries are `*`, an address, a network, or a domain with its subdomains (only these if it begins with a dot)."""
    if entry == "*":
        return True
    network, address = _network(entry.strip("[]")), _address(host)
    if network is not None:
        return address is not None and address in network
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdecimal() and not name.endswith(":"):
        if int(wanted) != port:
            return False
        entry = name.strip("[]")
    entry = entry.removeprefix("*")
    return host == entry or host.endswith(entry if entry.startswith(".") else f".{entry}")


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
