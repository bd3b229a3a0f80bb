"""Reads `<integration>.integrations.tekton.dev/<key>` annotations: whose they are, and whether they count.

What Tekton copied from a remotely resolved Pipeline or Task was not said by the run's creator, so it must not
choose where the run is shown (docs/decisions/0003). Meaning is left to each integration's options.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

DOMAIN = "integrations.tekton.dev"
MAX_VALUE = 4096
MAX_TOTAL = 16384
MAX_INTEGRATIONS = 8

# Keys that the core reads itself, the same for every integration.
PROVIDER = "provider"
VERSION = "version"
SUSPEND = "suspend"
REPORT_AT = "report-at"
RESERVED = frozenset({PROVIDER, VERSION, SUSPEND, REPORT_AT})
# Of all integrations.
SUSPEND_ALL, REPORT_AT_ALL = f"{DOMAIN}/{SUSPEND}", f"{DOMAIN}/{REPORT_AT}"
_OF_ALL = frozenset({SUSPEND_ALL, REPORT_AT_ALL})

_KEY = re.compile(r"(?P<integration>[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?)\.integrations\.tekton\.dev/(?P<key>.+)")


@lru_cache(maxsize=1024)  # most runs have the same
def split(annotation: str) -> tuple[str, str] | None:
    """(integration, key) of an annotation of ours; None for everybody else's."""
    match = _KEY.fullmatch(annotation)
    return (match["integration"], match["key"]) if match else None


def annotation(integration: str, key: str) -> str:
    return f"{integration}.{DOMAIN}/{key}"


def ours(annotations: Mapping[str, str]) -> dict[str, str]:
    """Our annotations, each value cut just past the limit, so that a cache holds no tenant's megabytes."""
    return {key: value[: MAX_VALUE + 1] for key, value in annotations.items() if key in _OF_ALL or split(key)}


def suspended(annotations: Mapping[str, str], integration: str) -> bool:
    """Whether the run wants no reports by it."""
    return "true" in (annotations.get(SUSPEND_ALL), annotations.get(annotation(integration, SUSPEND)))


def asks_again(annotation: str) -> bool:
    """Whether it only says when to report again, which makes nothing of a run that was not asked."""
    return annotation == REPORT_AT_ALL or annotation.endswith(f".{DOMAIN}/{REPORT_AT}")


def report_at(annotations: Mapping[str, str], integration: str) -> str:
    """When somebody asked to have the run reported again, in their own words; empty if nobody did."""
    words = (annotations.get(REPORT_AT_ALL, ""), annotations.get(annotation(integration, REPORT_AT), ""))
    return " ".join(word for word in words if word)


def reported_at(words: str) -> float:
    """The latest time in what `report_at` gives, in seconds since the epoch; 0 where there is none that can be read."""
    return max([0.0, *map(_seconds, words.split())])


def _seconds(word: str) -> float:
    try:
        time = datetime.fromisoformat(word)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def by_integration(annotations: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """`{"github": {"owner": "acme"}}`, the first MAX_INTEGRATIONS by name. To ask for a report again asks for none."""
    asked: dict[str, dict[str, str]] = {}
    for name, value in annotations.items():
        if (parts := split(name)) and not asks_again(name):
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
    entries = list(managed_fields)
    controllers = {_manager(entry) for entry in entries if entry.get("subresource") == "status"}
    managers: dict[str, set[str]] = {}
    for entry in entries:
        for key in _keys(entry, "annotations"):
            managers.setdefault(key, set()).add(_manager(entry))
    return frozenset(key for key in annotations if managers.get(key) and managers[key] <= controllers)


def created(keys: Iterable[str], managed_fields: Iterable[Mapping[str, Any]], field: str) -> frozenset[str]:
    """Those of `keys` that the run's creator wrote: who wrote its spec, but not its status. `field` of the metadata has
    them, `labels` or `annotations`. All of them where nothing is known of who wrote what.

    Tekton copies a Pipeline's before it writes a status, so `inherited` would not do for what must not come and go.
    """
    entries = list(managed_fields)
    controllers = {_manager(entry) for entry in entries if entry.get("subresource") == "status"}
    creators = {_manager(entry) for entry in entries if "f:spec" in entry.get("fieldsV1", {})} - controllers
    wrote = {key for entry in entries if _manager(entry) in creators for key in _keys(entry, field)}
    return frozenset(key for key in keys if key in wrote or not entries)


def _manager(entry: Mapping[str, Any]) -> str:
    return str(entry.get("manager", ""))


def _keys(entry: Mapping[str, Any], field: str) -> list[str]:
    return [key.removeprefix("f:") for key in entry.get("fieldsV1", {}).get("f:metadata", {}).get(f"f:{field}", {})]
