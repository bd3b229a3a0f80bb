"""`file:line[:col]: message` in the end of a log, as annotations: those of compilers, linters, pytest, Go and Rust.
Only of files of the repository, by their relative path. Pure, and in linear time whatever the log holds.

Limits: https://docs.github.com/en/rest/checks/runs (50 in a request; message 64 KB).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tekton_integrations import Excerpt
from tekton_integrations.text import log_line, one_line

MOST = 150
MAX_PATH = 500
MAX_MESSAGE = 4000
_MAX_NUMBER = 2**31 - 1
_LEVEL = r"(?:\[?(?P<before>fatal|error|warning|warn|note|info)\]?:? +)?"
_PATH = r"(?P<path>[^\s:()\[\]{}\"'<>|*?,;=`]{1,1000})"
# gcc, clang, Go, mypy, ruff, pytest: path:1:2: message. TypeScript: path(1,2): message. Maven: path:[1,2] message.
_AT = re.compile(
    rf"\s*{_LEVEL}{_PATH}(?:"
    r":(?P<line>\d{1,11})(?::(?P<column>\d{1,11}))?(?::|\s+-)\s+"
    r"|\((?P<line2>\d{1,11})(?:,(?P<column2>\d{1,11}))?\):?\s+"
    r"|:\[(?P<line3>\d{1,11})(?:,(?P<column3>\d{1,11}))?\]\s+"
    r")(?P<message>\S.*)",
    re.IGNORECASE,
)
# Rust says what is wrong in the line before.
_ARROW = re.compile(rf"\s*-->\s+{_PATH}:(?P<line>\d{{1,11}})(?::(?P<column>\d{{1,11}}))?\s*\Z")
_WRONG = re.compile(r"\s*(?P<message>(?:error|warning|note)(?:\[\w{1,20}\])?: \S.*)", re.IGNORECASE)
# ESLint: a line with the path, then lines with what was found in it.
_FILE = re.compile(rf"{_PATH}\Z")
_UNDER = re.compile(r"\s+(?P<line>\d{1,11}):(?P<column>\d{1,11})\s+(?P<before>error|warning)\s+(?P<message>\S.*)")
_FIRST_WORD = re.compile(r"(?:fatal )?(\w+)")
_LEVELS = {
    "warning": "warning",
    "warn": "warning",
    "note": "notice",
    "info": "notice",
    "hint": "notice",
    "help": "notice",
}
_ORDER = ("failure", "warning", "notice")
_WORKSPACE = re.compile(r"/workspace/(?:[^/]+/)?(?=[^/])")
_PLAIN_FILES = frozenset({"Containerfile", "Dockerfile", "Gemfile", "Jenkinsfile", "Justfile", "Makefile", "Rakefile"})
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9_+-]{0,15}\Z")
# Ends of host names: `db.team-a.svc:5432: refused` is no file.
_HOSTS = frozenset(
    {"app", "cloud", "cluster", "com", "dev", "example", "internal", "io", "local", "net", "org", "svc", "test"}
)


class Annotations(msgspec.Struct, frozen=True, kw_only=True):
    """As GitHub takes them, errors first; `omitted`: so many more were found."""

    shown: tuple[dict[str, Any], ...] = ()
    omitted: int = 0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`column` is None where the tool names none."""

    path: str
    line: int
    column: int | None
    level: str
    message: str

    def annotation(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "path": self.path,
            "start_line": self.line,
            "end_line": self.line,
            "annotation_level": self.level,
            "message": self.message,
        }
        return made if self.column is None else made | {"start_column": self.column, "end_column": self.column}


def annotations(excerpts: Iterable[Excerpt]) -> Annotations:
    """Of all excerpts, each finding once."""
    found = dict.fromkeys(finding for excerpt in excerpts for finding in findings(excerpt.lines))
    ordered = sorted(found, key=lambda finding: _ORDER.index(finding.level))
    return Annotations(
        shown=tuple(finding.annotation() for finding in ordered[:MOST]), omitted=max(0, len(ordered) - MOST)
    )


def findings(lines: Sequence[str]) -> Iterator[Finding]:
    said, file = "", ""
    for raw in lines:
        line = log_line(raw)
        if found := _ARROW.match(line):
            finding = _finding(found.groupdict() | {"message": said}) if said else None
        elif found := _AT.match(line):
            finding = _finding(found.groupdict())
        elif file and (found := _UNDER.match(line)):
            finding = _finding(found.groupdict() | {"path": file})
        else:
            finding = None
            file = line if _FILE.match(line) else file if line.strip() else ""
        if finding:
            yield finding
        if wrong := _WRONG.match(line):
            said = wrong["message"]
        elif found and found.re is _ARROW:
            said = ""


def _finding(groups: Mapping[str, str | None]) -> Finding | None:
    path = relative(groups["path"] or "")
    line = _number(groups.get("line") or groups.get("line2") or groups.get("line3"))
    column = _number(groups.get("column") or groups.get("column2") or groups.get("column3"))
    message = one_line(groups["message"] or "", MAX_MESSAGE)
    if not path or line is None or not message:
        return None
    return Finding(path=path, line=line, column=column, level=_level(groups.get("before"), message), message=message)


def _number(digits: str | None) -> int | None:
    """What GitHub takes for a line or column; int() reads digits of any script, and GitHub takes none but ours."""
    if not digits or not digits.isascii():
        return None
    number = int(digits)
    return number if 1 <= number <= _MAX_NUMBER else None


def _level(before: str | None, message: str) -> str:
    """A failed step's findings are failures, unless they say to be less."""
    found = _FIRST_WORD.match(message)
    word = (before or (found[1] if found else "")).lower()
    return _LEVELS.get(word, "failure")


def relative(path: str) -> str:
    """Within the repository; empty if it is not a file there, as far as its name tells."""
    if ".." in path.split("/") or "\\" in path:
        return ""
    inner = _WORKSPACE.sub("", path, count=1) if path.startswith("/workspace/") else path
    parts = [part for part in inner.split("/") if part != "."]
    if not parts or not all(parts) or len(inner) > MAX_PATH:
        return ""
    return "/".join(parts) if _is_file(parts) else ""


def _is_file(parts: Sequence[str]) -> bool:
    name, first = parts[-1], parts[0]
    if name in _PLAIN_FILES:
        return True
    if not _EXTENSION.search(name) or not any(letter.isalpha() for letter in name):
        return False
    # A lone name may be a host, and so may the first of several (`ghcr.io/acme/app.web:1: denied`).
    return first.rpartition(".")[2].lower() not in _HOSTS or "." not in first
