"""Notifications: which runs somebody wants reported although nobody annotated them, and with which options.

Values only. Which runs one matches is decided in matching.py, what is made of a match in joining.py.
"""

import re
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tekton_integrations.run import KINDS

# What options may name of a run: these, and what its creator wrote into its labels, annotations and parameters.
FIELDS = frozenset({"namespace", "name", "kind", "pipeline"})
GROUPS = ("labels.", "annotations.", "params.")
# Bytes of one, as the API server has it; of a larger one nothing is kept but whose it is: tenants write them.
MOST_BYTES = 32 * 1024
# The option that takes a template.
TEMPLATE = "template"
# As Tekton's own, and the `/` of labels and annotations.
VARIABLE = re.compile(r"\$\(([_a-zA-Z][_a-zA-Z0-9./-]*)\)")


class Requirement(msgspec.Struct, frozen=True):
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#set-based-requirement"""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()


class Selector(msgspec.Struct, frozen=True, rename="camel"):
    match_labels: dict[str, str] = {}
    match_expressions: tuple[Requirement, ...] = ()


class NamedResult(msgspec.Struct, frozen=True):
    """`value`: a pattern, in which `*` stands for any characters."""

    name: str
    value: str = "*"


class Filter(msgspec.Struct, frozen=True, rename="camel"):
    """What is left out lets all pass. `namespaces` are patterns; `expression` is CEL."""

    kinds: tuple[str, ...] = ()
    label_selector: Selector = Selector()
    namespaces: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    results: tuple[NamedResult, ...] = ()
    expression: Annotated[str, Meta(max_length=512)] = ""


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """`created`: seconds since the epoch. `provider` is the name of a Provider in its namespace, or of a shared one.
    `too_large`: the bytes of one that has too many; it says nothing else."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    created: float
    provider: str
    suspend: bool = False
    allow_opt_out: bool = True
    filter: Filter = Filter()
    options: dict[str, str] = {}
    template: str = ""
    too_large: int = 0

    @property
    def path(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def kinds(self) -> tuple[str, ...]:
        return self.filter.kinds or tuple(KINDS)

    def same_spec(self, other: "Notification") -> bool:
        """Whether at most its metadata and its status differ."""
        return (self.uid, self.generation) == (other.uid, other.generation)


def variables(value: str) -> list[str]:
    """Those that the value of an option names."""
    return VARIABLE.findall(value)


def known(variable: str) -> bool:
    """Whether a run can have it."""
    return variable in FIELDS or any(variable.startswith(group) and variable != group for group in GROUPS)


class _Metadata(msgspec.Struct, rename="camel"):
    name: str
    namespace: str
    uid: str
    resource_version: str
    creation_timestamp: datetime
    generation: int = 1


class _Reference(msgspec.Struct):
    name: str


class _Spec(msgspec.Struct, rename="camel"):
    provider_ref: _Reference
    suspend: bool = False
    allow_opt_out: bool = True
    filter: Filter = Filter()
    options: dict[str, str] = {}
    template: str = ""


class _Object(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec


class _Reduced(msgspec.Struct, rename="camel"):
    provider_ref: _Reference


class _Large(msgspec.Struct):
    metadata: _Metadata
    spec: _Reduced


# The fields of a spec.
SPEC = frozenset(each.encode_name for each in msgspec.structs.fields(_Spec))
_decoder = msgspec.json.Decoder(_Object)
_reducer = msgspec.json.Decoder(_Large)


def decode_notification(raw: bytes | msgspec.Raw) -> Notification:
    size = len(memoryview(raw))
    if size > MOST_BYTES:
        reduced = _reducer.decode(raw)
        metadata, spec, too_large = reduced.metadata, _Spec(provider_ref=reduced.spec.provider_ref), size
    else:
        source = _decoder.decode(raw)
        metadata, spec, too_large = source.metadata, source.spec, 0
    return Notification(
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        generation=metadata.generation,
        created=metadata.creation_timestamp.timestamp(),
        provider=spec.provider_ref.name,
        suspend=spec.suspend,
        allow_opt_out=spec.allow_opt_out,
        filter=spec.filter,
        options=spec.options,
        template=spec.template,
        too_large=too_large,
    )
