"""Servers that speak TLS on loopback, and certificates as they should not be."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hack.testbed.certificates import Authority, Pair, write_key
from tests.fakes.relay import relay
from tests.loopback import serving


def authority(folder: Path, name: str = "authority") -> Authority:
    (folder / name).mkdir()
    return Authority(folder / name)


@asynccontextmanager
async def secure(pair: Pair) -> AsyncIterator[str]:
    """The URL of a server that answers every request with "hello"."""
    async with serving(_hello, _serving(pair)) as url:
        yield url


@asynccontextmanager
async def asking_for(client: Pair, pair: Pair) -> AsyncIterator[str]:
    """The URL of a server that lets in who shows the certificate of `client` and nobody else, and greets them."""
    async with serving(_greet, accepting(client, pair)) as url:
        yield url


def accepting(client: Pair, pair: Pair) -> ssl.SSLContext:
    """A server's, which lets in who shows the certificate of `client`."""
    tls = _serving(pair)
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    tls.load_verify_locations(client.certificate)
    return tls


async def _greet(request: web.BaseRequest) -> web.Response:
    shown = request.transport.get_extra_info("peercert") if request.transport else None
    names = [value for part in (shown or {}).get("subject", ()) for _, value in part]
    return web.Response(text=f"hello, {' '.join(names)}")


@asynccontextmanager
async def fronting(pair: Pair, url: str) -> AsyncIterator[str]:
    """The URL at which the plain server at `url` is to be had by TLS."""
    port = urlsplit(url).port
    assert port

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await relay(reader, writer, "127.0.0.1", port)
        except OSError:
            pass  # one of the two went
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=_serving(pair))
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def _serving(pair: Pair) -> ssl.SSLContext:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pair.certificate, pair.key)
    return tls


async def _hello(_: web.BaseRequest) -> web.Response:
    return web.Response(text="hello")


def expired(folder: Path) -> Pair:
    """For 127.0.0.1, signed by itself, and over since an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=2))
        .not_valid_after(now - datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pair = Pair(certificate=folder / "old.crt", key=folder / "old.key")
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    write_key(pair.key, key)
    return pair
