"""Text that others wrote, made fit to be shown: one line or many, cut where no letter is torn apart, with its length in
words. What is markup and what is not is markdown.py's matter. Pure.
"""

import re
import unicodedata

# Control, bidirectional and invisible characters, and halves of a pair. What joins emoji stays.
_UNFIT = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
# Unicode's categories of what has no shape of its own: control, format, surrogate, line and paragraph separator.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
LONGEST_LINE = 2000
# A letter with more marks than this was made to break what shows it.
_MOST_MARKS = 32


def clean(text: str, limit: int = 200) -> str:
    """Untrusted text made fit for a condition, an Event or a log line: one line, no control characters, short."""
    text = text[: 4 * limit]  # what is cut off anyway need not be looked at
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) in _INVISIBLE else c for c in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_line(text: str, limit: int) -> str:
    """At most `limit` characters, without control characters; an ellipsis says that it was cut."""
    return cut(clean(text, limit + _MOST_MARKS), limit)


def log_line(text: str) -> str:
    """A line of a log as it stands, but for what can't be seen; at most LONGEST_LINE characters."""
    return cut(_UNFIT.sub("\ufffd", text[: 2 * LONGEST_LINE]), LONGEST_LINE)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; emoji, syllables and letters with marks stay whole."""
    if len(text) <= limit:
        return text
    end = limit - 1
    for back in range(min(_MOST_MARKS, end) + 1):
        if not _inside(text, end - back):
            end -= back
            break
    return f"{text[:end].rstrip()}…"


def _inside(text: str, at: int) -> bool:
    """Whether a cut before this character tears one letter apart, as far as people see it."""
    if at <= 0:
        return False
    before, after = text[at - 1], text[at]
    if before == "\u200d" or after == "\u200d" or _extends(after):
        return True
    if _flag(before) and _flag(after):
        return _flags_before(text, at) % 2 == 1
    if not before.isascii() and unicodedata.combining(before) == 9:  # a virama binds the consonant after it
        return True
    return _syllable(before) and "\u1160" <= after <= "\u11ff"


def _extends(letter: str) -> bool:
    """Marks, variation selectors, skin colours and the letters of tags."""
    if letter.isascii():
        return False
    return (
        unicodedata.category(letter)[0] == "M"
        or "\U0001f3fb" <= letter <= "\U0001f3ff"
        or "\U000e0020" <= letter <= "\U000e007f"
    )


def _flag(letter: str) -> bool:
    """A flag is a pair of these."""
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


def _flags_before(text: str, at: int) -> int:
    count = 0
    while count < at and count <= 2 * _MOST_MARKS and _flag(text[at - 1 - count]):
        count += 1
    return count


def _syllable(letter: str) -> bool:
    return "\u1100" <= letter <= "\u11ff" or "\uac00" <= letter <= "\ud7a3"


def size(text: str) -> int:
    """In bytes: GitHub counts characters and also these, which are never fewer."""
    return len(text.encode("utf-8", "replace"))


def duration(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{value} {unit}" for value, unit in parts if value) or "less than a second"


def took(started: float | None, finished: float | None) -> str:
    """Empty as long as one of both is not known."""
    return "" if started is None or finished is None else duration(finished - started)


def count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def listed(names: list[str], most: int) -> str:
    """`a`, `a and b`, `a, b and 7 more`."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def spoken(word: str) -> str:
    """A reason in Tekton's spelling (`TaskRunStopSidecarFailed`) as words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", word).lower()
