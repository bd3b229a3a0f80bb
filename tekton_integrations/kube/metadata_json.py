"""The metadata of runs from the API server's JSON: names, labels, annotations, and whose children they say to be."""

from datetime import datetime

import msgspec

from tekton_integrations import annotations
from tekton_integrations.run import KINDS

# Tekton gives it to the runs that it makes for a PipelineRun.
PARENT_LABEL = "tekton.dev/pipelineRun"


class Owner(msgspec.Struct, gc=False, rename="camel"):
    kind: str
    uid: str
    api_version: str = ""
    name: str = ""
    controller: bool = False


class Metadata(msgspec.Struct, gc=False, rename="camel"):
    name: str
    uid: str
    resource_version: str
    creation_timestamp: datetime
    deletion_timestamp: str = ""
    namespace: str = ""
    generation: int = 1
    generate_name: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[Owner, ...] = ()
    managed_fields: msgspec.Raw = msgspec.Raw(b"[]")

    @property
    def owner(self) -> Owner | None:
        """The run that controls it; kinds of that name in another API group report nothing."""
        owner = next((owner for owner in self.owner_references if owner.controller), None)
        return owner if owner and owner.kind in KINDS and owner.api_version.startswith("tekton.dev/") else None


class Labelled(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The metadata of a run that says to be another's child. `parent` is the uid of the run that controls it,
    `parent_kind` and `parent_name` tell more of that or, without one, what the label says. `annotations` holds ours
    only, without those that only say when to report again; `labels` all. `going`: it was deleted, and somebody still
    holds it."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    labelled: bool
    going: bool
    parent: str
    parent_kind: str
    parent_name: str
    annotations: dict[str, str]
    labels: dict[str, str]


class _Object(msgspec.Struct, gc=False):
    metadata: Metadata


_decoder = msgspec.json.Decoder(_Object)


def decode_labelled(raw: bytes | msgspec.Raw) -> Labelled:
    metadata = _decoder.decode(raw).metadata
    owner = metadata.owner
    return Labelled(
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        labelled=PARENT_LABEL in metadata.labels,
        going=bool(metadata.deletion_timestamp),
        parent=owner.uid if owner else "",
        parent_kind=owner.kind if owner else "PipelineRun",
        parent_name=owner.name if owner else metadata.labels.get(PARENT_LABEL, ""),
        annotations={
            key: value
            for key, value in annotations.ours(metadata.annotations).items()
            if not annotations.asks_again(key)
        },
        labels=metadata.labels,
    )
