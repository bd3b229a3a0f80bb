"""A text as secrets are looked for in it, and the way back to where in the text something was found."""

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property
from itertools import accumulate

Span = tuple[int, int]

_WORD = re.compile(r"\S+")


class Squeezed:
    """The text without blanks and line breaks."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.string = "".join(text.split())

    def back(self, span: Span) -> Span:
        return self._place(span[0]), self._place(span[1] - 1) + 1

    @cached_property
    def _words(self) -> tuple[list[int], list[int]]:
        """Where each begins, here and in the text. Most texts have nothing to hide, so this waits."""
        there = [word.start() for word in _WORD.finditer(self._text)]
        return list(accumulate(map(len, self._text.split()), initial=0)), there

    def _place(self, index: int) -> int:
        here, there = self._words
        word = bisect_right(here, index) - 1
        return there[word] + index - here[word]


class Decoded:
    """The text with each token replaced by what it stands for."""

    def __init__(self, text: str, token: re.Pattern[str], decode: Callable[[str], str]) -> None:
        split = re.split(f"({token.pattern})", text)
        decoded = {each: decode(each) for each in set(split[1::2])}
        self._before = split  # what is between tokens and, at odd indexes, the tokens
        self._after = [*split]
        self._after[1::2] = map(decoded.__getitem__, split[1::2])
        self.string = "".join(self._after)

    def back(self, span: Span) -> Span:
        """Of a token always the whole."""
        return self._place(span[0])[0], self._place(span[1] - 1)[1]

    @cached_property
    def _parts(self) -> tuple[list[int], list[int]]:
        """Where each begins, here and in the text."""
        after, before = (accumulate(map(len, parts), initial=0) for parts in (self._after, self._before))
        return list(after), list(before)

    def _place(self, index: int) -> Span:
        here, there = self._parts
        part = bisect_right(here, index) - 1
        if part % 2:
            return there[part], there[part + 1]
        start = there[part] + index - here[part]
        return start, start + 1
