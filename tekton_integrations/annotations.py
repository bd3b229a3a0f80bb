"""Reads `<integration>.integrations.tekton.dev/<key>` annotations: whose they are, and whether they count.

What Tekton copied from a remotely resolved Pipeline or Task was not said by the run's creator, so it must not
choose where the run is shown (docs/decisions/0003). Meaning is left to each integration's options.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

DOMAIN = "integrations.tekton.dev"
MAX_VALUE = 4096
MAX_TOTAL = 16384
MAX_INTEGRATIONS = 8

# Keys that the core reads itself, the same for every integration.
PROVIDER = "provider"
VERSION = "version"
RESERVED = frozenset({PROVIDER, VERSION})

_KEY = re.compile(r"(?P<integration>[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?)\.integrations\.tekton\.dev/(?P<key>.+)")


def split(annotation: str) -> tuple[str, str] | None:
    """(integration, key) of an annotation of ours; None for everybody else's."""
    match = _KEY.fullmatch(annotation)
    return (match["integration"], match["key"]) if match else None


def annotation(integration: str, key: str) -> str:
    return f"{integration}.{DOMAIN}/{key}"


def ours(annotations: Mapping[str, str]) -> dict[str, str]:
    """Our annotations, each value cut just past the limit, so that a cache holds no tenant's megabytes."""
    return {key: value[: MAX_VALUE + 1] for key, value in annotations.items() if split(key)}


def by_integration(annotations: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """`{"github": {"owner": "acme"}}`, the first MAX_INTEGRATIONS by name."""
    asked: dict[str, dict[str, str]] = {}
    for name, value in annotations.items():
        if parts := split(name):
            asked.setdefault(parts[0], {})[parts[1]] = value
    return {name: asked[name] for name in sorted(asked)[:MAX_INTEGRATIONS]}


def too_long(options: Mapping[str, str]) -> str | None:
    """The key of a value over MAX_VALUE characters, or `*` when all together exceed MAX_TOTAL; else None."""
    for key, value in options.items():
        if len(value) > MAX_VALUE:
            return key
    return "*" if sum(map(len, options.values())) > MAX_TOTAL else None


def inherited(annotations: Iterable[str], managed_fields: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Those of `annotations` that only the writer of the run's status set, i.e. that Tekton copied.

    The controller is recognised by what it writes, not by its name, which differs between installs.
    """
    managers: dict[str, set[str]] = {}
    controllers = set()
    for entry in managed_fields:
        manager = str(entry.get("manager", ""))
        if entry.get("subresource") == "status":
            controllers.add(manager)
        fields = entry.get("fieldsV1", {}).get("f:metadata", {}).get("f:annotations", {})
        for field in fields:
            managers.setdefault(field.removeprefix("f:"), set()).add(manager)
    return frozenset(key for key in annotations if managers.get(key) and managers[key] <= controllers)
