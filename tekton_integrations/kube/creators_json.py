"""What of a run was written by its creator, and what Tekton copied to it from a Pipeline or a Task.

`managedFields` tell; they are long, so they are decoded only for a run about which it matters. So are its results,
which its tasks wrote: they may let a run in, and never say where it is shown.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple, TypedDict

import msgspec

from tekton_integrations import annotations
from tekton_integrations.inference import Inference
from tekton_integrations.integration import Source
from tekton_integrations.kube.metadata_json import Metadata
from tekton_integrations.run import Inferred

# Characters of a result that count.
RESULT = 4096


# Of `managedFields`, what tells who wrote what; most of them is about the status.
# https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
_Wrote = TypedDict("_Wrote", {"f:labels": dict[str, Any], "f:annotations": dict[str, Any]}, total=False)
_Fields = TypedDict("_Fields", {"f:metadata": _Wrote, "f:spec": msgspec.Raw}, total=False)


class _Entry(TypedDict, total=False):
    manager: str
    subresource: str
    fieldsV1: _Fields


_managed_decoder = msgspec.json.Decoder(list[_Entry] | None)


class Said(NamedTuple):
    """What a run says to integrations: see the fields of Run."""

    annotations: dict[str, str]
    ignored: tuple[str, ...]
    inferred: tuple[Inferred, ...]
    pipelines_as_code: bool


class Written(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """`raw` is the whole run, `metadata` the part of it that is decoded already. `remote`: the run refers to a Pipeline
    or a Task by a resolver or a bundle."""

    raw: bytes | msgspec.Raw
    kind: str
    metadata: Metadata
    remote: bool

    def said(self, inference: Inference) -> Said:
        """What stands on another run's child was copied from there, so nothing is inferred for it."""
        mine, child = annotations.ours(self.metadata.annotations), self.metadata.owner is not None
        if not mine and (child or not inference):
            return Said({}, (), (), False)
        ignored = annotations.inherited(mine, self._managed) if mine and self.remote else frozenset()
        counted = {key: value for key, value in mine.items() if key not in ignored}
        return Said(
            annotations=counted,
            ignored=tuple(sorted(ignored)),
            inferred=inference(self, counted) if inference and not child else (),
            pipelines_as_code=bool(mine) and not child and self.by_pipelines_as_code,
        )

    @property
    def labels(self) -> Mapping[str, str]:
        """All of them, whoever wrote them."""
        return self.metadata.labels

    @cached_property
    def results(self) -> dict[str, str]:
        """Those that are strings, each cut."""
        status = _results_decoder.decode(self.raw).status
        return {name: value[:RESULT] for name, value in _named(status.results or status.task_results)}

    @property
    def by_pipelines_as_code(self) -> bool:
        return self.rough.pipelines_as_code and self.exact.pipelines_as_code

    @property
    def rough(self) -> Source:
        return Source(kind=self.kind, labels=self.metadata.labels, annotations=self.metadata.annotations)

    @cached_property
    def exact(self) -> Source:
        return Source(
            kind=self.kind,
            labels=self._own(self.metadata.labels, "labels"),
            annotations=self._own(self.metadata.annotations, "annotations"),
            params=_params(self.raw),
        )

    @cached_property
    def _managed(self) -> list[_Entry]:
        return _managed_decoder.decode(self.metadata.managed_fields) or []

    def _own(self, values: Mapping[str, str], field: str) -> dict[str, str]:
        own = annotations.created(values, self._managed, field)
        return {key: value for key, value in values.items() if key in own}


class _Spec(msgspec.Struct, gc=False):
    params: msgspec.Raw = msgspec.Raw(b"[]")


class _Object(msgspec.Struct, gc=False):
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _Status(msgspec.Struct, gc=False, rename="camel"):
    results: Any = None
    task_results: Any = None


class _WithResults(msgspec.Struct, gc=False):
    status: _Status = msgspec.field(default_factory=_Status)


_decoder = msgspec.json.Decoder(_Object)
_results_decoder = msgspec.json.Decoder(_WithResults)


def _params(raw: bytes | msgspec.Raw) -> dict[str, str]:
    """Those parameters of a run whose values are strings. What has another form is left out and no error: no run goes
    unreported because of it."""
    return dict(_named(msgspec.json.decode(_decoder.decode(raw).spec.params)))


def _named(listed: Any) -> Iterator[tuple[str, str]]:
    entries = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    for name, value in [(each.get("name"), each.get("value")) for each in entries]:
        if isinstance(name, str) and isinstance(value, str):
            yield name, value
