"""Hides secrets in a text: given values, however they are written and wherever the text breaks them, and what looks
like a credential.

What encodes is looked for (base64, hex: see secret_forms.py); what escapes is undone in the text first (URLs, JSON,
shells), since everybody escapes in another way.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Literal, NamedTuple

from tekton_integrations import token_shapes
from tekton_integrations.secret_forms import SHORTEST, forms, squeezed
from tekton_integrations.text_views import Decoded, Span, Squeezed

MASK = "***"
_PASSES = 8
_TRIES = 64
_BLOCK = 1024

_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ESCAPED = re.compile(r"(?:\\u[0-9A-Fa-f]{4})+|(?:\\x[0-9A-Fa-f]{2})+|\\.")
# A shell has no letters after them, and what was escaped twice has several.
_BACKSLASHES = re.compile(r"\\+")
_CONTROL = frozenset("0abefnrtv")

_MASKED_LINES = re.compile(rf"^( *{re.escape(MASK)})(?:\n *{re.escape(MASK)})+$", re.MULTILINE)


class _Sampling(NamedTuple):
    """Takes a few characters together as one number, in a text at every so-manieth place. Wherever a needle stands in
    it, one of these places is near the needle's beginning. Other than Latin characters count as equal."""

    width: int
    step: int
    code: Literal["I", "Q"]

    @property
    def shortest(self) -> int:
        """The length of needles for which this is true."""
        return self.width + self.step - 1

    def of_needle(self, needle: str) -> Iterator[int]:
        data = needle[: self.shortest].encode("latin-1", "replace")
        return (int.from_bytes(data[at : at + self.width], sys.byteorder) for at in range(self.step))

    def of_text(self, text: str) -> Iterator[int]:
        data = memoryview(text.encode("latin-1", "replace"))
        starts = range(0, min(self.width, len(data)), self.step)
        parts = (data[at : at + (len(data) - at) // self.width * self.width] for at in starts)
        return chain.from_iterable(part.cast(self.code) for part in parts)


_SAMPLINGS = (_Sampling(8, 4, "Q"), _Sampling(4, 4, "I"), _Sampling(4, 1, "I"))


class Redactor:
    """Hides these values: as they are, in base64 (within anything longer, without padding, URL-safe), in hex,
    URL-encoded or with backslashes; whole, broken over lines at any column, or cut by the text's beginning or end.

    Of a value with several lines each counts by itself, and so do the strings in a JSON document, passwords in URLs
    and what follows the `=` or `:` of a line (from 6 characters). Values and lines under 4 characters are not hidden.
    Raises TooMuch (secret_forms.py) over 1 MiB or 10,000 lines.
    """

    def __init__(self, values: Iterable[bytes]) -> None:
        self._needles = _Needles(forms(values))

    def redact(self, text: str) -> str:
        """The text with `***` for each secret, and for neighbouring ones together. It must be `plain_text.clean`.

        Takes time in proportion to the text's length. What was redacted stays as it is if redacted again.
        """
        for _ in range(_PASSES):
            before, text = text, self._once(text)
            if text == before:
                return text
        return MASK  # a value like "***a" may find something new each time

    def _once(self, text: str) -> str:
        plain = Squeezed(text)
        found = [*token_shapes.spans(text), *map(plain.back, self._needles.spans(plain.string))]
        for sign, token, decode in _ESCAPES:
            if sign in plain.string:
                view = Decoded(plain.string, token, decode)
                found += (plain.back(view.back(span)) for span in self._needles.spans(view.string))
        return _masked(text, found)


class _Needles:
    """Strings to find in a text, all at once: only those are searched for of whose beginning anything occurs in it."""

    def __init__(self, needles: set[str]) -> None:
        self._all = needles
        self._samples: dict[_Sampling, dict[int, list[str]]] = {sampling: {} for sampling in _SAMPLINGS}
        for needle in needles:
            sampling = next(each for each in _SAMPLINGS if len(needle) >= each.shortest)
            for number in sampling.of_needle(needle):
                self._samples[sampling].setdefault(number, []).append(needle)

    def spans(self, text: str) -> list[Span]:
        """Where they stand, merged and in order; also what the edges of the text left of them."""
        found: list[Span] = []
        for sampling, needles in self._samples.items():
            there = set(needles).intersection(sampling.of_text(text)) if needles else ()
            candidates = {each for number in there for each in needles[number]}
            found += (span for each in candidates for span in _occurrences(text, each))
        if len(text) >= SHORTEST:
            first, last = text[:SHORTEST], text[-SHORTEST:]
            found += ((0, _overlap(each[1:], text)) for each in self._all if first in each)
            found += ((len(text) - _overlap(text, each[:-1]), len(text)) for each in self._all if last in each)
        return _merged(found)


def _occurrences(text: str, needle: str) -> Iterator[Span]:
    at = text.find(needle)
    while at >= 0:
        end = at + len(needle)
        following = text.find(needle, at + 1)
        step = following - at
        if 0 < step < len(needle):  # it repeats itself, and perhaps a thousand times: look at many at once
            for part in (needle[-step:] * (_BLOCK // step), needle[-step:]):
                while part and text.startswith(part, end):
                    end += len(part)
            following = text.find(needle, end - len(needle) + 1)
        yield at, end
        at = following


def _overlap(left: str, right: str) -> int:
    """Of how many characters, at least 4, both the end of the one and the beginning of the other consist."""
    most = min(len(left), len(right))
    at = len(left) - most - 1
    for _ in range(_TRIES):
        at = left.find(right[:SHORTEST], at + 1)
        if at < 0:
            return 0
        if right.startswith(left[at:]):
            return len(left) - at
    return most  # it repeats itself; better too much than too little


def _merged(spans: Iterable[Span], between: Callable[[int, int], bool] = lambda end, start: False) -> list[Span]:
    """In order. `between` tells of what an end and the next start enclose whether it belongs to both."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and (start < merged[-1][1] or between(merged[-1][1], start)):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged


def _masked(text: str, found: Iterable[Span]) -> str:
    spans = _merged(found, lambda end, start: not text[end:start].strip(" "))
    if not spans:
        return text
    kept, position = [], 0
    for start, end in spans:
        kept.append(text[position:start])
        position = end
    return _MASKED_LINES.sub(r"\1", MASK.join([*kept, text[position:]]))


def _unquoted(token: str) -> str:
    return squeezed(bytes.fromhex(token.replace("%", "")).decode(errors="replace"))


def _unescaped(token: str) -> str:
    kind, code = token[1], token[2:]
    if not code:
        return "" if kind in _CONTROL else squeezed(kind)
    data = bytes.fromhex(token.replace(f"\\{kind}", ""))
    if kind == "u":
        return squeezed(data.decode("utf-16-be", "replace"))
    try:
        return squeezed(data.decode())
    except UnicodeDecodeError:
        return squeezed(data.decode("latin-1"))


_ESCAPES: tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...] = (
    ("%", _PERCENT, _unquoted),
    ("\\", _ESCAPED, _unescaped),
    ("\\", _BACKSLASHES, lambda _: ""),
)
