"""Markdown for GitHub out of text that nobody should trust: nothing in it becomes markup, a link, an image, a mention
or a reference. Where text is provably none of these it stays as it is, because it reads better; else it becomes code,
in which GitHub looks for nothing. Backslashes would not do: GitHub looks for mentions after it has read the Markdown.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from tekton_integrations.text import log_line, one_line

LONGEST_SPAN = 2000
_INERT = re.compile(r"[A-Za-z0-9 .,;:'\"()/%+-]*")
# Within those characters: addresses, commits, references such as GH-7 or JIRA-7, and :emoji:.
_SPEAKS = re.compile(
    r"://|\bwww\.|\b[0-9a-f]{7,40}\b|\b[A-Za-z][A-Za-z0-9]*-\d|:[A-Za-z0-9+-]+:|^[-+/]|^\d+[.)]", re.IGNORECASE
)
_ADDRESS = "!$%&*+,-./:;=?_#~"
_TICKS = re.compile("`+")


def name(text: str) -> str:
    """A code span with a name; Kubernetes allows no longer ones than are shown."""
    return code(one_line(text, 253))


def code(text: str) -> str:
    """A code span, in a table too: backticks and pipes are replaced by letters that look alike."""
    shown = one_line(text, LONGEST_SPAN).replace("`", "'").replace("|", "\u2223")
    return f"`{shown or '-'}`"


def prose(text: str) -> str:
    """The text itself where it can't be anything but text, else a code span."""
    line = one_line(text, LONGEST_SPAN)
    return line if _INERT.fullmatch(line) and not _SPEAKS.search(line) else code(line)


def fence(lines: Sequence[str]) -> str:
    """A block of code that none of its lines can end."""
    shown = [log_line(line) for line in lines]
    longest = max((len(ticks) for line in shown for ticks in _TICKS.findall(line)), default=0)
    bar = "`" * max(3, longest + 1)
    return "\n".join([bar, *shown, bar])


def link(label: str, url: str) -> str:
    """Empty unless it leads to a web page. The label is our own."""
    try:
        # urlsplit overlooks white space, and GitHub does not.
        good = url.startswith(("http://", "https://")) and url.isprintable() and bool(urlsplit(url).netloc)
    except ValueError:
        good = False
    return f"[{label}]({quote(url, safe=_ADDRESS)})" if good else ""


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
