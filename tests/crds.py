"""What our definitions promise, as lines that a reviewer can read (crds.txt), and whether it still holds.

v1alpha1 only ever grows: objects that are stored, and controllers that are older or newer, must get along with it.
`python -m tests.crds --write` adds what is new to crds.txt; it refuses to drop anything.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "manifests" / "crds"
SNAPSHOT = Path(__file__).with_name("crds.txt")
WRITE = "python -m tests.crds --write"
HEADER = (
    f"# What v1alpha1 of our definitions promises: lines may come, none may go or get narrower.\n# Made by: {WRITE}\n"
)
CURE = (
    "v1alpha1 only grows: stored objects, and controllers before and after an upgrade, rely on this. Keep it, and add "
    "an optional field beside it, or a new version with a conversion. If you must, edit tests/crds.txt by hand and "
    "say in CHANGELOG.md what breaks."
)
# Of a schema: what decides which values are allowed, besides type, enum, required and what stands below.
CONSTRAINTS = (
    "format", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties",
    "maxProperties", "nullable", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-validations",
    "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string",
)  # fmt: skip
# Where more is wider.
UPPER = ("maximum", "maxLength", "maxItems", "maxProperties")
LOWER = ("minimum", "minLength", "minItems", "minProperties")

Schema = Mapping[str, Any]
Facts = dict[str, Any]
Promises = dict[str, Facts]


def current(folder: Path = FOLDER) -> Promises:
    """The paths of all definitions in `folder`, each with its facts."""
    found: Promises = {}
    for file in sorted(folder.glob("*.yaml")):
        definition = yaml.safe_load(file.read_text())
        if definition["kind"] == "CustomResourceDefinition":
            found |= dict(flattened(definition))
    return found


def flattened(definition: Mapping[str, Any]) -> Iterator[tuple[str, Facts]]:
    spec = definition["spec"]
    names = spec["names"]
    facts = {"type": names["kind"], "scope": spec["scope"], "short": sorted(names.get("shortNames", ()))}
    yield definition["metadata"]["name"], facts
    for version in spec["versions"]:
        root = f"{names['plural']}/{version['name']}"
        flags = {key: version[key] for key in ("served", "storage")}
        subresources = sorted(version.get("subresources", {}))
        schema = version["schema"]["openAPIV3Schema"]
        yield root, _facts(schema, required=False) | flags | {"subresources": subresources}
        yield from _below(root, schema)


def _below(path: str, schema: Schema) -> Iterator[tuple[str, Facts]]:
    required = schema.get("required", ())
    for name, child in schema.get("properties", {}).items():
        yield from _fields(f"{path}.{name}", child, required=name in required)
    if "items" in schema:
        yield from _fields(f"{path}[]", schema["items"], required=False)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _fields(f"{path}.*", schema["additionalProperties"], required=False)


def _fields(path: str, schema: Schema, *, required: bool) -> Iterator[tuple[str, Facts]]:
    yield path, _facts(schema, required=required)
    yield from _below(path, schema)


def _facts(schema: Schema, *, required: bool) -> Facts:
    facts: Facts = {"type": schema.get("type", "any")}
    if required:
        facts["required"] = True
    if "enum" in schema:
        facts["enum"] = sorted(schema["enum"])
    return facts | {key: schema[key] for key in CONSTRAINTS if key in schema}


def text(promises: Promises) -> str:
    """The snapshot: `path: type`, then the other facts as JSON."""
    return HEADER + "".join(f"{path}: {_line(facts)}\n" for path, facts in sorted(promises.items()))


def _line(facts: Facts) -> str:
    others = [f"{key}={json.dumps(value)}" for key, value in facts.items() if key != "type" and value != []]
    return "  ".join([facts["type"], *others])


def parsed(snapshot: str) -> Promises:
    lines = [line for line in snapshot.splitlines() if line and not line.startswith("#")]
    return dict(_parsed(line) for line in lines)


def _parsed(line: str) -> tuple[str, Facts]:
    path, _, rest = line.partition(": ")
    kind, *others = rest.split("  ")
    pairs = (other.partition("=") for other in others)
    return path, {"type": kind} | {key: json.loads(value) for key, _, value in pairs}


def broken(before: Promises, now: Promises) -> Iterator[str]:
    """A line for each promise that is gone or narrower."""
    for path, facts in sorted(before.items()):
        if path not in now:
            yield f"{path}: is gone"
        else:
            yield from (f"{path}: {what}" for what in _narrowed(facts, now[path]))
    for path in sorted(now.keys() - before.keys()):
        if now[path].get("required") and path.rpartition(".")[0] in before:
            yield f"{path}: is new and required, which no stored object knows"


def _narrowed(before: Facts, now: Facts) -> Iterator[str]:
    for key in dict.fromkeys([*before, *now]):
        old, new = before.get(key), now.get(key)
        if old != new and not _wider(key, old, new):
            yield f"{key} was {json.dumps(old)} and is {json.dumps(new)}"


def _wider(key: str, old: Any, new: Any) -> bool:
    """Whether the fact `key` now allows all that it allowed; None is a fact that is not there."""
    if key in ("required", *UPPER, *LOWER, "pattern", "enum", "x-kubernetes-validations") and new is None:
        return True
    if key in ("nullable", "x-kubernetes-preserve-unknown-fields"):
        return bool(new)
    if key == "enum":
        return old is not None and set(old) <= set(new)
    if key in UPPER:
        return old is not None and new >= old
    if key in LOWER:
        return old is not None and new <= old
    if key == "short":
        return set(old or ()) <= set(new)
    return (old or []) == (new or [])


def main(arguments: Sequence[str]) -> str | None:
    """What is wrong; None when the snapshot was written."""
    if list(arguments) != ["--write"]:
        return f"usage: {WRITE}"
    if found := list(broken(parsed(SNAPSHOT.read_text()), current())):
        return "\n".join([*found, CURE])
    SNAPSHOT.write_text(text(current()))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
