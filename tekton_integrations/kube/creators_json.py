"""What of a run was written by its creator, and what Tekton copied to it from a Pipeline or a Task.

`managedFields` tell; they are long, so they are decoded only for a run about which it matters.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from tekton_integrations import annotations
from tekton_integrations.inference import Inference
from tekton_integrations.integration import Source
from tekton_integrations.kube.metadata_json import Metadata
from tekton_integrations.run import Inferred


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
            pipelines_as_code=bool(mine) and not child and self._by_pipelines_as_code,
        )

    @property
    def _by_pipelines_as_code(self) -> bool:
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
    def _managed(self) -> list[dict[str, Any]]:
        managed: list[dict[str, Any]] = msgspec.json.decode(self.metadata.managed_fields)
        return managed

    def _own(self, values: Mapping[str, str], field: str) -> dict[str, str]:
        own = annotations.created(values, self._managed, field)
        return {key: value for key, value in values.items() if key in own}


class _Spec(msgspec.Struct, gc=False):
    params: msgspec.Raw = msgspec.Raw(b"[]")


class _Object(msgspec.Struct, gc=False):
    spec: _Spec = msgspec.field(default_factory=_Spec)


_decoder = msgspec.json.Decoder(_Object)


def _params(raw: bytes | msgspec.Raw) -> dict[str, str]:
    """Those parameters of a run whose values are strings. What has another form is left out and no error: no run goes
    unreported because of it."""
    params = msgspec.json.decode(_decoder.decode(raw).spec.params)
    listed = [each for each in params if isinstance(each, dict)] if isinstance(params, list) else []
    named = [(each.get("name"), each.get("value")) for each in listed]
    return {name: value for name, value in named if isinstance(name, str) and isinstance(value, str)}
