"""Kubernetes objects from YAML or JSON, as people keep them in files or `kubectl get -o` prints them."""

from collections.abc import Iterator
from typing import Any

import msgspec

Object = dict[str, Any]
_TIME = "tag:yaml.org,2002:timestamp"
_DEEP = 20


class DocumentError(Exception):
    """Says what is wrong with the text."""


def objects(content: bytes) -> list[Object]:
    """Those of all documents, lists taken apart. Raises DocumentError."""
    found: list[Object] = []
    for number, document in enumerate(_documents(content), 1):
        try:
            found += _flat(document)
        except DocumentError as error:
            raise DocumentError(f"document {number}: {error}") from error
    return found


def _documents(content: bytes) -> Iterator[Any]:
    """Empty ones are left out."""
    try:
        if content.lstrip()[:1] == b"{":  # may be indented with tabs, which YAML does not allow
            yield msgspec.json.decode(content)
            return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    import yaml  # noqa: PLC0415  (commands start faster without)

    try:
        yield from (each for each in yaml.load_all(content, _loader()) if each is not None)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise DocumentError(f"this is neither YAML nor JSON: {' '.join(str(error).split())}") from error


def _loader() -> Any:
    """Times stay what they are in Kubernetes: text."""
    import yaml  # noqa: PLC0415

    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    known = safe.yaml_implicit_resolvers
    resolvers = {first: [each for each in pairs if each[0] != _TIME] for first, pairs in known.items()}
    return type("Loader", (safe,), {"yaml_implicit_resolvers": resolvers})


def _flat(document: Any, depth: int = 0) -> Iterator[Object]:
    if not isinstance(document, dict) or depth > _DEEP:
        raise DocumentError("this is no Kubernetes object, which has apiVersion, kind and metadata")
    if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _flat(item, depth + 1)
        return
    if not isinstance(document.get("metadata"), dict) or not isinstance(document.get("kind"), str):
        raise DocumentError("this is no Kubernetes object, which has apiVersion, kind and metadata")
    yield document
