"""Whatever lists the integrations by hand. All else finds them: the Makefile and the docs by their folders, the
controller by their entry points.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

OVERLAYS = "manifests/overlays"
# Of the overlay with a Deployment for each: its folder in the list of resources, and its account among the subjects.
_FOLDER = re.compile(r"^  - (?P<name>[a-z]+)\n", re.MULTILINE)
_SUBJECT = re.compile(
    r"^ +- op: add\n +path: /subjects/-\n +value: \{.* name: tekton-integrations-(?P<name>[a-z]+),.*\}\n", re.MULTILINE
)
_ARRAY = re.compile(r"\[[^\[\]]*\]")
_ROW = "| [{name}](integrations/{name}/README.md) | a message for each milestone | `{type}` |"


def listed(name: str, root: Path) -> Iterator[Path]:
    """Writes the name into each; gives the files."""
    edits: dict[str, Callable[[str, str], str]] = {
        "pyproject.toml": _tools,
        "README.md": _table,
        "tekton_integrations/registry.py": _packages,
        f"{OVERLAYS}/all-integrations/kustomization.yaml": _flag,
        f"{OVERLAYS}/separate/kustomization.yaml": _deployments,
    }
    for file, edit in edits.items():
        path = root / file
        before = path.read_text()
        after = edit(before, name)
        if after == before:
            raise LookupError(f"{file} lists no integrations where they were; mend hack/new_integration/lists.py")
        path.write_text(after)
        yield path
    yield _deployment(root / OVERLAYS / "separate", name)


def _tools(text: str, name: str) -> str:
    """mypy's packages, and the packages that the import contracts are about."""
    for item in ('"tekton_integrations_{}"', '"integrations.{}.tests"'):
        family = re.compile(re.escape(item).replace(r"\{\}", r"\w+"))
        text = _ARRAY.sub(partial(_longer, family, item.format(name)), text)
    return text


def _longer(family: re.Pattern[str], added: str, match: re.Match[str]) -> str:
    """With one more behind the last of its family, and as far from it as the last two are from each other."""
    array = match[0]
    found = list(family.finditer(array))
    if len(found) < 2:
        return array
    between = array[found[-2].end() : found[-1].start()]
    return array[: found[-1].end()] + between + added + array[found[-1].end() :]


def _table(text: str, name: str) -> str:
    *_, last = re.finditer(r"^\| \[\w+\]\(integrations/\w+/README\.md\) .*$", text, re.MULTILINE)
    row = _ROW.format(name=name, type=name.capitalize())
    return f"{text[: last.end()]}\n{row}{text[last.end() :]}"


def _packages(text: str, name: str) -> str:
    *_, last = re.finditer(r'^    "\w+": "tekton-integrations-\w+",$', text, re.MULTILINE)
    return f'{text[: last.end()]}\n    "{name}": "tekton-integrations-{name}",{text[last.end() :]}'


def _flag(text: str, name: str) -> str:
    return re.sub(r"(--integrations=[\w,]+)", rf"\1,{name}", text)


def _deployments(text: str, name: str) -> str:
    return _again(_FOLDER, _again(_SUBJECT, text, name), name)


def _again(pattern: re.Pattern[str], text: str, name: str) -> str:
    """The last match once more, with this name in it."""
    *_, last = pattern.finditer(text)
    before, after = last[0][: last.start("name") - last.start()], last[0][last.end("name") - last.start() :]
    return f"{text[: last.end()]}{before}{name}{after}{text[last.end() :]}"


def _deployment(overlay: Path, name: str) -> Path:
    """As another one's, which knows of its integration by its name alone."""
    known = sorted(overlay.glob("*/kustomization.yaml"))[0]
    path = overlay / name / known.name
    path.parent.mkdir()
    path.write_text(known.read_text().replace(known.parent.name, name))
    return path
