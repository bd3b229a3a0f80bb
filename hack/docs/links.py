"""Links in Markdown: to files that are there, and to headings that are in them. Addresses of the web are not tried."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

_FENCE = re.compile(r"^ *(```|~~~).*?^ *\1[^\n]*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(<?([^()\s>]+)>?(?:\s+\"[^\"]*\")?\)|\b(?:src|href)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#* *$", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//")
# How docstrings and comments name a decision.
_DECISION = re.compile(r"docs/decisions/(\d{4})")


def texts(root: Path) -> list[Path]:
    """All Markdown files, but for those in hidden folders (tools, virtual environments)."""
    found = root.rglob("*.md")
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts))


def broken(root: Path) -> Iterator[str]:
    for path in texts(root):
        text = _FENCE.sub("", path.read_text())
        for match in _LINK.finditer(_SPAN.sub("", text)):
            target = match[1] or match[2]
            if not _ELSEWHERE.match(target) and (why := _missing(root, path, target)):
                yield f"{path.relative_to(root)}: {target}: {why}"
    yield from _decisions(root)


def _missing(root: Path, path: Path, target: str) -> str:
    name, _, anchor = unquote(target).partition("#")
    file = (path.parent / name).resolve() if name else path
    if not file.is_relative_to(root.resolve()):
        return "leads out of the repository"
    if not file.exists():
        return "there is no such file"
    if anchor and (file.suffix != ".md" or anchor not in anchors(file.read_text())):
        return "there is no such heading"
    return ""


def anchors(text: str) -> set[str]:
    """What GitHub makes of the headings: lower case, dashes for spaces, and a number for one that comes again."""
    found: set[str] = set()
    for match in _HEADING.finditer(_FENCE.sub("", text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1])
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        again = (f"{slug}-{number}" for number in range(1, 100))
        found.add(slug if slug not in found else next(each for each in again if each not in found))
    return found


def _decisions(root: Path) -> Iterator[str]:
    code = [
        path for folder in ("tekton_integrations", "integrations", "hack") for path in (root / folder).rglob("*.py")
    ]
    for path in sorted(code):
        for number in sorted(set(_DECISION.findall(path.read_text()))):
            if not list((root / "docs" / "decisions").glob(f"{number}-*.md")):
                yield f"{path.relative_to(root)}: docs/decisions/{number}: there is no such decision"
