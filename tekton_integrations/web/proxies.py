"""Who stands at the other end of trusted proxies: the address and the scheme that they pass on. Of anybody else,
X-Forwarded-* is what a stranger wrote, and does not count.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

Networks = Sequence[IPv4Network | IPv6Network]


def behind(networks: Networks) -> Middleware:
    @web.middleware
    async def forwarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _within(request.remote or "", networks):
            return await handler(request)
        scheme = _last(request, "X-Forwarded-Proto")
        return await handler(
            request.clone(
                remote=_client(request, networks),
                scheme=scheme if scheme in ("http", "https") else request.scheme,
            )
        )

    return forwarded


def _client(request: web.Request, networks: Networks) -> str:
    """The last one who is no proxy of ours; each proxy adds at the end whom it heard."""
    seen = request.remote or ""
    for each in reversed(",".join(request.headers.getall("X-Forwarded-For", ())).split(",")):
        if not _is_address(each.strip()):
            break
        seen = each.strip()
        if not _within(seen, networks):
            break
    return seen


def _last(request: web.Request, header: str) -> str:
    return ",".join(request.headers.getall(header, ())).rpartition(",")[2].strip().lower()


def _within(address: str, networks: Networks) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
