"""What a remote answers, made fit to be repeated in a condition, an Event or a log line: short, on one line, without
credentials that it may echo, and without what a terminal, a dashboard or a chat would make more of than text. Pure.

Only what answers at a Provider's own endpoint is worth repeating; what answers at a URL that a run names is not.
"""

import re

from tekton_integrations import token_shapes
from tekton_integrations.text import clean

MASK = "***"
# So much of an answer is looked at; a refusal says what it says at its begin.
_LONGEST = 4096
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]{0,30}:/\S*+|\b(?:javascript|vbscript|data|mailto):\S*+|\bwww\.\S*+", re.ASCII | re.IGNORECASE
)
# What begins and ends markup, and mentions, by letters that look alike and mean nothing.
_MARKUP = str.maketrans("[]<>`|*_@\\", "()\u2039\u203a'\u2223\u2217\u02cd\uff20/")


def quoted(words: str, limit: int = 120) -> str:
    """At most `limit` characters; empty where nothing is left."""
    line = clean(words[:_LONGEST], _LONGEST)
    line = _LINK.sub("(a link)", _masked(line))
    return clean(line.translate(_MARKUP), limit)


def _masked(text: str) -> str:
    kept, position = [], 0
    for start, end in sorted(token_shapes.spans(text)):
        if end <= position:
            continue
        kept += [text[position : max(start, position)], MASK]
        position = end
    return "".join([*kept, text[position:]])
