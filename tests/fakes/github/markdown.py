"""The part of GitHub's Markdown that reports use, to HTML: headings, tables, lists, quotes, code, <details>.

Everything is escaped; of raw HTML only <details>, <summary> and <br> are understood, and always balanced.
"""

import re
from collections.abc import Callable
from html import escape
from typing import NamedTuple

from tests.fakes.github.markdown_inline import inline

DEEPEST = 8
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*([\w+-]*)[^`]*$")
HEADING = re.compile(r" {0,3}(#{1,6})(?:\s+(.*))?$")
RULE = re.compile(r" {0,3}([-*_])(?:\s*\1){2,}\s*$")
ITEM = re.compile(r"( {0,3})([-*+]|\d{1,9}[.)])(\s+)(.*)$")
QUOTE = re.compile(r" {0,3}> ?(.*)$")
DELIMITERS = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
DETAILS = re.compile(r"\s*(<details(?: open)?>|</details>|<summary>.*?</summary>)\s*", re.S | re.I)
CELL = re.compile(r"(?<!\\)\|")
TASK = re.compile(r"\[([ xX])\]\s+")


class Taken(NamedTuple):
    """A block's HTML, and how many lines it was."""

    html: str
    lines: int


def markdown(source: str) -> str:
    return blocks(source.replace("\r\n", "\n").expandtabs(4).split("\n"))


def blocks(lines: list[str], depth: int = 0) -> str:
    html: list[str] = []
    at = open_details = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if found := DETAILS.match(lines[at]):
            tag, rest = found[1], lines[at][found.end() :]
            piece, open_details = _details(tag, open_details)
            html.append(piece)
            lines = [*lines[:at], rest, *lines[at + 1 :]] if rest else lines
            at += 0 if rest else 1
            continue
        block = next(taken for take in BLOCKS if (taken := take(lines[at:], depth)))
        html += [block.html] if block.html else []
        at += block.lines
    return "\n".join(html) + "</details>" * open_details


def _details(tag: str, opened: int) -> tuple[str, int]:
    if tag.lower().startswith("<summary>"):
        return f"<summary>{inline(tag[9:-10])}</summary>" if opened else f"<p>{inline(tag[9:-10])}</p>", opened
    if tag.startswith("</"):
        return ("</details>", opened - 1) if opened else ("", 0)
    return tag.lower(), opened + 1


def _fence(lines: list[str], depth: int) -> Taken | None:
    opening = FENCE.match(lines[0])
    if not opening:
        return None
    end = next(
        (
            at
            for at, line in enumerate(lines[1:], 1)
            if re.match(rf" {{0,3}}{opening[1][0]}{{{len(opening[1])},}}\s*$", line)
        ),
        len(lines),
    )
    code = escape("\n".join(lines[1:end]))
    return Taken(f"<pre><code>{code}</code></pre>", end + 1)


def _heading(lines: list[str], depth: int) -> Taken | None:
    found = HEADING.match(lines[0])
    if not found:
        return None
    tag = f"h{len(found[1])}"
    return Taken(f"<{tag}>{inline((found[2] or '').strip().rstrip('#').rstrip())}</{tag}>", 1)


def _rule(lines: list[str], depth: int) -> Taken | None:
    return Taken("<hr>", 1) if RULE.match(lines[0]) else None


def _table(lines: list[str], depth: int) -> Taken | None:
    if len(lines) < 2 or "|" not in lines[0] or not DELIMITERS.match(lines[1]):
        return None
    head, aligned = _cells(lines[0]), [_alignment(cell) for cell in _cells(lines[1])]
    if len(head) != len(aligned):
        return None
    size = next((at for at, line in enumerate(lines[2:], 2) if "|" not in line), len(lines))
    rows = "".join(_row(_cells(line), aligned, "td") for line in lines[2:size])
    return Taken(f"<table><thead>{_row(head, aligned, 'th')}</thead><tbody>{rows}</tbody></table>", size)


def _cells(line: str) -> list[str]:
    text = line.strip().removeprefix("|")
    text = text[:-1] if text.endswith("|") and not text.endswith("\\|") else text
    return [cell.strip() for cell in CELL.split(text)]


def _alignment(cell: str) -> str:
    if cell.endswith(":"):
        return ' class="center"' if cell.startswith(":") else ' class="right"'
    return ""


def _row(cells: list[str], aligned: list[str], tag: str) -> str:
    padded = (cells + [""] * len(aligned))[: len(aligned)]
    pairs = zip(padded, aligned, strict=True)
    return "<tr>" + "".join(f"<{tag}{kind}>{inline(cell)}</{tag}>" for cell, kind in pairs) + "</tr>"


def _quote(lines: list[str], depth: int) -> Taken | None:
    inner: list[str] = []
    while len(inner) < len(lines) and (found := QUOTE.match(lines[len(inner)])):
        inner.append(found[1])
    if not inner or depth >= DEEPEST:
        return None
    return Taken(f"<blockquote>{blocks(inner, depth + 1)}</blockquote>", len(inner))


def _list(lines: list[str], depth: int) -> Taken | None:
    first = ITEM.match(lines[0])
    if not first or depth >= DEEPEST:
        return None
    ordered, items, at = first[2][0].isdigit(), [], 0
    while at < len(lines) and (found := ITEM.match(lines[at])) and found[2][0].isdigit() == ordered:
        size = _item_size(lines[at:], found.start(4))
        inner = [found[4], *(line[min(found.start(4), _indent(line)) :] for line in lines[at + 1 : at + size])]
        items.append(_item(inner, depth))
        at += size
    tag, start = ("ol", f' start="{int(first[2][:-1])}"') if ordered else ("ul", "")
    return Taken(f"<{tag}{start}>{''.join(items)}</{tag}>", at)


def _item_size(lines: list[str], margin: int) -> int:
    """The item's first line, and the lines after it that belong to it."""
    size = 1
    while size < len(lines):
        line = lines[size]
        following = lines[size + 1] if size + 1 < len(lines) else ""
        lazy = line.strip() and lines[size - 1].strip() and not _starts_block(line)
        inside = line.strip() and _indent(line) >= min(margin, 2)
        gap = not line.strip() and _indent(following) >= min(margin, 2) and following.strip()
        if not (lazy or inside or gap):
            break
        size += 1
    return size


def _item(lines: list[str], depth: int) -> str:
    task = TASK.match(lines[0])
    box = ""
    if task:
        box = f'<input type="checkbox" disabled{" checked" if task[1] in "xX" else ""}> '
        lines = [lines[0][task.end() :], *lines[1:]]
    html = blocks(lines, depth + 1)
    if html.startswith("<p>") and "" not in lines:  # a tight list has no paragraphs
        html = html.removeprefix("<p>").replace("</p>", "", 1)
    return f"<li>{box}{html}</li>"


def _paragraph(lines: list[str], depth: int) -> Taken:
    size = 1
    while size < len(lines) and lines[size].strip() and not _starts_block(lines[size]):
        size += 1
    html = inline("\n".join(line.lstrip() for line in lines[:size]))
    return Taken(f"<p>{html}</p>" if html.strip() else "", size)  # nothing is left of a comment by itself


def _starts_block(line: str) -> bool:
    return any(pattern.match(line) for pattern in (FENCE, HEADING, RULE, ITEM, QUOTE, DETAILS))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


BLOCKS: tuple[Callable[[list[str], int], Taken | None], ...] = (
    _fence,
    _heading,
    _rule,
    _table,
    _quote,
    _list,
    _paragraph,
)
