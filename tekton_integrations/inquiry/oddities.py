"""Keys that look like ours and don't count: misspelt, or in a place where nobody looks. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from tekton_integrations import annotations
from tekton_integrations.story import Odd

# How much alike two domains have to be; `chains.tekton.dev` and `slack.integrations.tekton.dev` are 0.65.
_ALIKE = 0.85
_MOST = 5
_DEEP = 12


def oddities(run: Mapping[str, Any], names: Iterable[str]) -> list[Odd]:
    """Of a run as the API server gives it. `names`: of integrations."""
    metadata = run.get("metadata") or {}
    known = sorted(names)
    found = [
        *_misspelt("among the annotations", metadata.get("annotations") or {}, known),
        *_misspelt("among the labels", metadata.get("labels") or {}, known),
        *(Odd(key, "among the labels") for key in metadata.get("labels") or {} if _ours(key)),
        *_below(run.get("spec"), "spec"),
    ]
    return found[:_MOST]


def of_pods(pods: Iterable[Mapping[str, Any]], known: Mapping[str, Any]) -> list[Odd]:
    """Annotations that stand on pods and not on the run (`known`)."""
    found = [
        Odd(key, f"on pod {pod['metadata']['name']}")
        for pod in pods
        for key in pod["metadata"].get("annotations") or {}
        if _ours(key) and key not in known
    ]
    return found[:_MOST]


def _ours(key: str) -> bool:
    return key == annotations.SUSPEND_ALL or annotations.split(key) is not None


def _misspelt(place: str, keys: Iterable[str], names: list[str]) -> Iterator[Odd]:
    for key in keys:
        domain, slash, rest = key.partition("/")
        if slash and not _ours(key) and (meant := _meant(domain.lower(), names)):
            yield Odd(key, place, annotations.annotation(meant, rest))


def _meant(domain: str, names: list[str]) -> str:
    """The integration whose domain it was probably to be; empty for everybody else's."""
    first = domain.partition(".")[0]
    if first in names and "tekton" in domain:
        return first
    ratios = [(SequenceMatcher(None, domain, f"{name}.{annotations.DOMAIN}").ratio(), name) for name in names]
    ratio, name = max(ratios, default=(0.0, ""))
    return name if ratio >= _ALIKE else ""


def _below(value: Any, path: str, depth: int = 0) -> Iterator[Odd]:
    """Annotations within the spec: of a task, of a pod template."""
    if depth > _DEEP:
        return
    if isinstance(value, list):
        for at, each in enumerate(value):
            yield from _below(each, f"{path}[{at}]", depth + 1)
    if isinstance(value, dict):
        for key, each in value.items():
            if key in ("annotations", "labels") and isinstance(each, dict):
                yield from (Odd(name, f"in {path}.{key}") for name in each if _ours(name))
            else:
                yield from _below(each, f"{path}.{key}", depth + 1)
