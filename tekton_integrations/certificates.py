"""Whom a connection trusts, and what it shows of itself: a Provider's authorities besides the system's, and its
client's certificate.
"""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class Identity(NamedTuple):
    """A certificate and its private key, PEM, that a client presents."""

    certificate: bytes
    key: bytes


def trusting(bundle: str, identity: Identity | None) -> ssl.SSLContext:
    """Raises ValueError that begins with what can't be used."""
    try:
        context = _bundled(bundle) if bundle else ssl.create_default_context()
    except ValueError as error:
        raise ValueError(f"spec.caBundle {error}") from error
    if identity:
        _present(context, identity)
    return context


def _bundled(bundle: str) -> ssl.SSLContext:
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


def _present(context: ssl.SSLContext, identity: Identity) -> None:
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
