"""Signed links: who has one may read about one run for a while, without an account of any kind.

A link says all that there is to know: which run (by uid, so that no other one of that name is meant), how much of it,
until when, and whose key signed that. Nothing is kept, so none can be called back but by taking its key away.
"""

import enum
import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import NamedTuple

import msgspec

# A signature under this is good for nothing else, whatever else the key may be used for.
_PURPOSE = b"integrations.tekton.dev/link/v1\0"
_ID = re.compile(r"[A-Za-z0-9_][-.A-Za-z0-9_]{0,62}")
_PART = re.compile(r"[-_A-Za-z0-9]+")
# Characters: `openssl rand -base64 32` makes 44 of 256 bits.
SHORTEST_KEY = 32
LONGEST = 2000


class Scope(enum.StrEnum):
    """How much of a run: its page but for the logs, or all."""

    STATUS = "status"
    LOGS = "logs"


class Link(msgspec.Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """`expires` in seconds since the epoch."""

    key: str
    expires: int
    scope: Scope
    kind: str
    namespace: str
    name: str
    uid: str


class LinkError(Exception):
    """The link opens nothing; the message says why, to whoever has it."""


class Expired(LinkError):
    """It was good once."""


class KeyUnfit(Exception):
    """The file holds no key that could be used; the message says why."""


class Key(NamedTuple):
    id: str
    secret: bytes


def read_key(path: Path) -> Key:
    """The file's name is the key's id, so that a Secret mounted as a folder is a ring of keys. Raises KeyUnfit."""
    if not _ID.fullmatch(path.name):
        raise KeyUnfit(f"{path}: the name of a key has only letters, digits, dots, hyphens and _")
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise KeyUnfit(f"{path} can't be read: {error.strerror}") from error
    if len(secret) < SHORTEST_KEY:
        raise KeyUnfit(f"{path} is too short for a key: make one with `openssl rand -base64 32`")
    return Key(path.name, secret)


def read_keys(folder: Path) -> dict[str, Key]:
    """All keys of a folder by their ids, as Kubernetes mounts a Secret: what begins with a dot is not ours. Raises
    KeyUnfit."""
    try:
        files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise KeyUnfit(f"{folder} can't be read: {error.strerror}") from error
    return {path.name: read_key(path) for path in files}


def sign(key: Key, link: Link) -> str:
    """The token of a link. `link.key` must be the key's id."""
    said = msgspec.json.encode(link)
    return f"{_encoded(said)}.{_encoded(_signature(key, said))}"


def opened(keys: dict[str, Key], token: str, now: float) -> Link:
    """What the token stands for. Raises LinkError, and Expired only for one that was really signed."""
    said, _, signature = token[: LONGEST + 1].partition(".")
    if len(token) > LONGEST or not (_PART.fullmatch(said) and _PART.fullmatch(signature)):
        raise LinkError("This link is not whole.")
    try:
        payload = _decoded(said)
        link = msgspec.json.decode(payload, type=Link)
        given = _decoded(signature)
    except ValueError as error:  # also msgspec's and base64's
        raise LinkError("This link is not whole.") from error
    key = keys.get(link.key)
    # Who asks with an unknown key learns neither that nor, by the time it takes, which keys there are.
    real = _signature(key or Key("", bytes(SHORTEST_KEY)), payload)
    if not hmac.compare_digest(real, given) or key is None:
        raise LinkError("This link is not valid here, or not any more.")
    if now >= link.expires:
        raise Expired("This link has expired.")
    return link


def _signature(key: Key, said: bytes) -> bytes:
    return hmac.digest(key.secret, _PURPOSE + said, hashlib.sha256)


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Raises ValueError, also for a spelling that `_encoded` never makes: each link has one."""
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encoded(data) != text:
        raise ValueError("not as we write it")
    return data
