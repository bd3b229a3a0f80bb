"""Text for people out of what a terminal was meant to see: no colours, no progress bars, nothing invisible.

It runs before secrets are looked for, so that no such character can hide one.
"""

import re

TAB = 4
# Most logs hold nothing else.
_ORDINARY = bytes(range(ord(" "), 0x7F)) + b"\t\n\r"
_STEADY = bytes(range(ord(" "), 0x7F)) + b"\t\n"

# ECMA-48. An unfinished sequence ends with its line, so that one that was cut takes no other line with it.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"
    r"|(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\r\n]*+(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*+[0-~]?"
)
# To the first column: what most progress bars do who know of more than a carriage return.
_COLUMN_ONE = re.compile(r"\x1b\[[01]?G")
_BREAK = re.compile(r"[\v\f\x1c-\x1e\x85\u2028\u2029]")
# The categories Cc, Cf and Cs of Unicode, variation selectors, and letters that have no shape.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)

# What sets a colour and what takes all colours back; nothing else is let through to a terminal.
_COLOUR = re.compile(r"(\x1b\[[0-9;:]*+m)")
_NO_COLOUR = "\x1b[0m"
# What moves the cursor, turns the direction of writing, or stands for no character; what joins emoji stays.
_STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)


def clean(data: bytes) -> str:
    """The text of a log. Of a line that was written over (`\\r`) what stands last is kept; bytes that are no UTF-8
    become U+FFFD."""
    text = data.decode(errors="replace")
    ordinary = not data.translate(None, _ORDINARY)
    if not ordinary:
        text = _BREAK.sub("\n", _SEQUENCE.sub("", _COLUMN_ONE.sub("\r", text)))
    # A carriage return at a line's end wrote nothing over.
    text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return (text if ordinary else visible(text)).expandtabs(TAB)


def visible(text: str) -> str:
    """Without what can't be seen; blanks and line breaks stay."""
    return _INVISIBLE.sub("", text)


def without_sequences(text: str) -> str:
    """Without the sequences that steer a terminal."""
    return _SEQUENCE.sub("", text)


def steady(data: bytes) -> bytes:
    """Whole lines of a log for a terminal: in their colours, each of which ends with its line, but without what moves
    the cursor or writes over what stands before."""
    if not data.translate(None, _STEADY):
        return data
    return "\n".join(map(_steady_line, data.decode(errors="replace").split("\n"))).encode()


def _steady_line(line: str) -> str:
    line = line.rstrip("\r").rpartition("\r")[2]
    parts = _COLOUR.split(line)
    parts[::2] = (_STEERS.sub("", _SEQUENCE.sub("", part)) for part in parts[::2])
    return "".join(parts) + (_NO_COLOUR if len(parts) > 1 else "")
