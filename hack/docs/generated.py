"""The parts of the docs that are made from the code, each between `<!-- generated: NAME -->` and `<!-- end -->`."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

import msgspec

from tekton_integrations import annotations, registry
from tekton_integrations.integration import Integration
from tekton_integrations.reasons import Entry

from .commands import commands
from .dashboard import dashboard
from .metrics import alert_rows, metric_rows
from .raised import Shown, raised
from .reasons import of, sections

WIDTH = 96  # of a module's purpose
_METRICS = ("Metric", "Type", "Labels", "What it says")
_ALERTS = ("Alert", "Severity", "For", "What it means", "What to do")
_ORDER = (Shown.GIVEN_UP, Shown.WAITING, Shown.RETRYING, Shown.DONE)
# The keys that the core reads itself have no field whose description could be taken.
RESERVED = {
    annotations.PROVIDER: "The Provider to use, by its name. Needed where more than one grants the same.",
    annotations.VERSION: "The version of these annotations: {versions}. The newest, unless given.",
    annotations.REPORT_AT: "A time: each new one has the run reported again; see `tekton-integrations report`.",
    annotations.SUSPEND: "`true`: this run is not reported here, whatever else asks for it; see Notifications.",
}


class Stale(Exception):
    """A file lacks the markers that a generated part goes between."""


def parts(root: Path) -> Iterator[tuple[Path, str, Callable[[], str]]]:
    """(file, name of the part, what makes it)."""
    yield root / "docs" / "troubleshooting.md", "reasons", lambda: sections(root)
    yield root / "docs" / "metrics.md", "metrics", lambda: _table(_METRICS, list(metric_rows()))
    yield root / "docs" / "metrics.md", "alerts", lambda: _table(_ALERTS, list(alert_rows(root)))
    yield root / "CONTRIBUTING.md", "layers", lambda: layers(root)
    yield root / "docs" / "cli.md", "commands", commands
    for folder in sorted(path.parent for path in root.glob("integrations/*/pyproject.toml")):
        yield folder / "README.md", "annotations", partial(options, folder.name)
        if mine := of(folder):
            yield folder / "README.md", "reasons", partial(reasons, root, mine)


def wholes(root: Path) -> Iterator[tuple[Path, Callable[[], str]]]:
    """(file that is made as a whole, what makes it)."""
    yield root / "manifests" / "monitoring" / "dashboard.json", dashboard


def replaced(text: str, name: str, content: str) -> str:
    """`text` with `content` between the markers. Raises Stale."""
    marked = re.compile(rf"(<!-- generated: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not marked.search(text):
        raise Stale(f"has no `<!-- generated: {name} -->` … `<!-- end -->`")
    return marked.sub(lambda match: f"{match[1]}\n{content}\n\n{match[2]}", text, count=1)


def reasons(root: Path, entries: Mapping[str, Entry]) -> str:
    """What each reason means. Those that nothing produces are left out here, and found by the check."""
    shown = raised(root).reasons
    known = sorted((_ORDER.index(shown[name]), name) for name in entries if name in shown)
    rows = [(f"`{name}`", _ORDER[at], entries[name].cause, entries[name].cure) for at, name in known]
    return _table(("Reason", "REPORTED", "What happened", "What to do"), rows)


def options(name: str) -> str:
    """The annotations of an installed integration."""
    [integration] = registry.load([name])
    rows = [_option(integration, field) for field in msgspec.structs.fields(integration.Options)]
    rows += [(f"`{key}`", "no", text, "") for key, text in _reserved(integration).items()]
    return _table((f"`{name}.{annotations.DOMAIN}/…`", "Required", "What it says", "Example"), rows)


def _option(integration: Integration, field: msgspec.structs.FieldInfo) -> tuple[str, str, str, str]:
    meta = getattr(field.type, "__metadata__", ())
    said = next((m.description for m in meta if getattr(m, "description", None)), "")
    if not said:
        raise Stale(f"is to list {integration.name}/{field.encode_name}, whose Meta has no description")
    limit = next((m.max_length for m in meta if getattr(m, "max_length", None)), None)
    up_to = "" if limit is None or f"{limit} characters" in said else f"; up to {limit} characters"
    example = next((m.examples[0] for m in meta if getattr(m, "examples", None)), "")
    sentence = f"{said[0].upper()}{said[1:]}{up_to}."
    return f"`{field.encode_name}`", "yes" if field.required else "no", sentence, f"`{example}`" if example else ""


def _reserved(integration: Integration) -> Mapping[str, str]:
    if RESERVED.keys() != annotations.RESERVED:
        raise Stale("lists other reserved keys than tekton_integrations.annotations.RESERVED")
    versions = ", ".join(f"`{version}`" for version in integration.versions)
    return {key: text.format(versions=versions) for key, text in RESERVED.items()}


def layers(root: Path) -> str:
    """The import contracts of pyproject.toml, drawn: what stands between two lines is a layer."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    drawn = [line for contract in contracts if contract["type"] == "layers" for line in _drawn(root, contract)]
    others = [f"- {contract['name']}" for contract in contracts if contract["type"] != "layers"]
    return "\n".join(["```text", *drawn, "```", "", "The other contracts:", "", *others])


def _drawn(root: Path, contract: Mapping[str, Any]) -> Iterator[str]:
    modules = [layer.split(" | ") for layer in contract["layers"]]
    wide = max(len(name) for layer in modules for name in layer)
    [container] = contract["containers"]
    [folder] = [*root.glob(container.replace(".", "/")), *root.glob(f"integrations/*/{container}")]
    for layer in modules:
        yield "-" * (wide + 2 + WIDTH)
        for name in layer:
            yield f"{name:<{wide}}  {_purpose(folder, name)}"
    yield "-" * (wide + 2 + WIDTH)
    yield f"{contract['name']} ({container})"


def _purpose(folder: Path, module: str) -> str:
    """The first sentence of its docstring, in a line."""
    file = folder / f"{module}.py"
    text = ast.get_docstring(ast.parse((file if file.exists() else folder / module / "__init__.py").read_text())) or ""
    return shorten(re.split(r"[.;](?:\s|$)", text, maxsplit=1)[0], WIDTH, placeholder=" …")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
