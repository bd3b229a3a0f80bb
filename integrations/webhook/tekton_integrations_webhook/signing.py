"""Signatures of messages, by Standard Webhooks 1.0, with each key that the Provider has. Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#webhook-headers-sending-metadata-to-consumers
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping

from tekton_integrations import TemporaryError

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
# The newest first: a receiver may look at no other.
_FIELDS = {"signing_key": "signingKey", "previous_signing_key": "previousSigningKey"}
# What may stand in a header, in one line.
_TOKEN = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")
# Seconds. A correction of the Secret wakes what waits for it.
_RETRY = 30.0


def keys(secrets: Mapping[str, bytes]) -> list[bytes]:
    """Raises TemporaryError(CredentialUnavailable) for a Secret that holds no key."""
    return [_key(field, secrets[name]) for name, field in _FIELDS.items() if name in secrets]


def _key(field: str, secret: bytes) -> bytes:
    text = secret.decode(errors="replace").strip()
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not (text.startswith(PREFIX) and SHORTEST <= len(key) <= LONGEST):
        raise _unusable(
            f"the Secret of spec.webhook.{field} of the Provider holds no signing key: {PREFIX} and, in base64, "
            f'{SHORTEST} to {LONGEST} random bytes, as of: echo "{PREFIX}$(openssl rand -base64 32)"'
        )
    return key


def signed(message_id: str, timestamp: int, body: bytes, with_keys: list[bytes]) -> dict[str, str]:
    """The headers of this attempt; without keys there is no signature."""
    headers = {"webhook-id": message_id, "webhook-timestamp": str(timestamp)}
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in with_keys]
    return headers | ({"webhook-signature": " ".join(f"v1,{each}" for each in signatures)} if signatures else {})


def authorization(secrets: Mapping[str, bytes]) -> dict[str, str]:
    """The header, of a token (`Bearer` is put before it) or of a scheme with what belongs to it (`Basic …`).

    Raises TemporaryError(CredentialUnavailable) for what can't stand in one.
    """
    if "token" not in secrets:
        return {}
    text = secrets["token"].decode(errors="replace").strip()
    if not _TOKEN.fullmatch(text):
        raise _unusable(
            "the Secret of spec.webhook.token of the Provider holds no token: one line of printable ASCII characters"
        )
    return {"authorization": text if " " in text else f"Bearer {text}"}


def _unusable(message: str) -> TemporaryError:
    return TemporaryError("CredentialUnavailable", message, _RETRY, needs_help=True)
