"""What comes over a watch or in a list, before anybody looks into the objects."""

import re
from typing import TypeVar

import msgspec

_VERSION = re.compile(r"[0-9]{1,19}")
INITIAL_EVENTS_END = "k8s.io/initial-events-end"
D = TypeVar("D")


class Watch(msgspec.Struct):
    type: str
    object: msgspec.Raw


class Meta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    annotations: dict[str, str] = {}
    continue_: str = msgspec.field(default="", name="continue")


class Bookmark(msgspec.Struct):
    metadata: Meta


class Identity(msgspec.Struct):
    """What every object has, however odd the rest of it."""

    name: str
    namespace: str = ""


class Named(msgspec.Struct):
    metadata: Identity


class Error(msgspec.Struct):
    code: int = 0
    message: str = ""


class Page(msgspec.Struct):
    metadata: Meta
    items: list[msgspec.Raw]


class Unreadable(Exception):
    """What came is not what an API server says."""


class TooDeep(Unreadable):
    """One object that can't be looked into; asking for it again would not help."""


class Expired(Exception):
    """The version we know is no longer in the server's history: only a new list helps."""


def numbered(text: str) -> str:
    """A resourceVersion, which has to be a number that etcd can count to. Raises Unreadable."""
    if not _VERSION.fullmatch(text):
        raise Unreadable(f"resourceVersion is {text[:30]!r}")
    return text


def decoded(raw: bytes | msgspec.Raw, kind: type[D]) -> D:
    """Raises Unreadable."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except RecursionError as error:
        raise TooDeep("nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from error
