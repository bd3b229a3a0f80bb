"""Objects from files: one or many, YAML or JSON, times as text, and what is no object is said."""

import json
from typing import Any

import pytest

from tekton_integrations.documents import DocumentError, objects

ONE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}
TWO = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "two"}}


def test_documents_and_lists_are_taken_apart() -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [ONE, {"kind": "ConfigMapList", "items": [TWO]}]}
    assert objects(f"---\n{json.dumps(listed)}\n---\n---\n{json.dumps(ONE)}".encode()) == [ONE, TWO, ONE]
    assert objects(json.dumps(listed, indent="\t").encode()) == [ONE, TWO]
    assert objects(b"") == []


def test_times_stay_text() -> None:
    text = b"kind: X\nmetadata: {name: x, creationTimestamp: 2026-11-29T13:00:00Z}\n"
    assert objects(text)[0]["metadata"]["creationTimestamp"] == "2026-11-29T13:00:00Z"


@pytest.mark.parametrize(
    "text", [b"kind: [", b"\xff\xfe\x00", b'{"kind": ', b"a: &a [*a]\nkind: 1", b"- 1", b"kind: Pod"]
)
def test_what_is_no_object_is_said(text: bytes) -> None:
    with pytest.raises(DocumentError, match=r"neither YAML nor JSON|no Kubernetes object"):
        objects(text)


def test_what_is_nested_too_deep_ends() -> None:
    deep: Any = ONE
    for _ in range(50):
        deep = {"kind": "List", "items": [deep]}
    with pytest.raises(DocumentError, match="document 1"):
        objects(json.dumps(deep).encode())
    with pytest.raises(DocumentError):
        objects(b"[" * 100_000)
