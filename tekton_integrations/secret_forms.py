"""How the value of a Secret may appear in a text: in parts, and encoded. Escaping is the business of redaction.py."""

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

import msgspec

from tekton_integrations.plain_text import visible, without_sequences

SHORTEST = 4
# Of a part that nobody declared to be a secret of its own. Shorter ones are mostly words like "true".
SHORTEST_PART = 6
# Bytes of all values together, and pieces that these fall into.
MOST_BYTES = 1024 * 1024
MOST_PIECES = 10_000

# U+FFFD stands for bytes that are no text.
_BREAK = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029\ufffd]+")
_SETTING = re.compile(r"(?:export\s+)?[\w./-]+\s*[:=]\s*(\S.*)")
# As in .netrc and settings.xml, and in an URL.
_NAMED = (
    re.compile(r"(?i:passw(?:or)?d|passphrase|secret|token)[\"'>\s:=]+([^\s\"'<>]+)"),
    re.compile(r"://[^\s/:@]*:([^\s/]+)@"),
)
_QUOTES = "\"',; \t"
_URL_SAFE = str.maketrans("+/", "-_")


class TooMuch(ValueError):
    """More values than can be looked for in reasonable time."""


def forms(values: Iterable[bytes]) -> set[str]:
    """All strings to look for, without blanks and what can't be seen. Raises TooMuch."""
    known = set(values)
    if sum(map(len, known)) > MOST_BYTES:
        raise TooMuch(f"over {MOST_BYTES} bytes")
    pieces: set[bytes] = set()
    for value in known:
        pieces.update(_pieces(value))
        if len(pieces) > MOST_PIECES:
            raise TooMuch(f"over {MOST_PIECES} lines")
    return {form for piece in pieces for form in _forms(piece) if len(form) >= SHORTEST}


def squeezed(text: str) -> str:
    """As it is looked for."""
    return "".join(visible(text).split())


def _pieces(value: bytes) -> Iterator[bytes]:
    """The value, its lines, and the parts of these."""
    text = value.decode(errors="replace")
    lines = {line.strip() for line in _BREAK.split(text)}
    parts = {part.strip(_QUOTES) for line in lines for part in _parts(line)} | set(_of_document(text))
    lines |= {line.strip() for part in parts if len(part) >= SHORTEST_PART for line in [part, *_BREAK.split(part)]}
    yield from (line.encode() for line in lines if len(line) >= SHORTEST)
    if len(text) >= SHORTEST:
        yield from (value, value.strip())


def _parts(line: str) -> Iterator[str]:
    """What a line of a settings file holds."""
    setting = _SETTING.match(line)
    named = (part for pattern in _NAMED for part in pattern.findall(line))
    for part in (line, *(setting.groups() if setting else ()), *named):
        yield from (part, unquote(part))


def _of_document(text: str) -> Iterator[str]:
    """The strings in a JSON document, such as the passwords of an image registry's configuration."""
    if not text.lstrip().startswith(("{", "[")):
        return
    try:
        left: list[tuple[str, Any]] = [("", msgspec.json.decode(text))]
    except (msgspec.DecodeError, RecursionError):
        return
    while left:
        key, node = left.pop()
        if isinstance(node, dict):
            left += node.items()
        elif isinstance(node, list):
            left += ((key, each) for each in node)
        elif isinstance(node, str):
            yield node
            if key == "auth":
                yield _password(node)


def _password(auth: str) -> str:
    """That of a registry's `auth`: user and password with a colon between, in base64."""
    try:
        return base64.b64decode(auth).decode(errors="replace").partition(":")[2]
    except ValueError:
        return ""


def _forms(piece: bytes) -> Iterator[str]:
    text = piece.decode(errors="replace")
    yield from {squeezed(each) for each in (text, without_sequences(text), *map(text.replace, " \\", ("+", "")))}
    yield piece.hex()
    yield piece.hex().upper()
    for encoded in _base64(piece):
        yield encoded
        yield encoded.translate(_URL_SAFE)


def _base64(piece: bytes) -> Iterator[str]:
    """Alone, and at each alignment within something longer: without the characters that depend on its neighbours."""
    yield base64.b64encode(piece).decode()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + piece).decode()
        yield encoded[-(-before * 8 // 6) : (before + len(piece)) * 8 // 6]
