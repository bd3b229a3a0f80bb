"""What annotations may say, and which Providers serve them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tekton_integrations import ProviderType, SecretSource
from tekton_integrations.addresses import MAX_URL
from tekton_integrations.addresses import PATTERN as URL
from tekton_integrations.occasions import Occasions

NAME = "cloudevent"


def key(name: str) -> str:
    """The annotation of an option, for messages."""
    return f"{NAME}.integrations.tekton.dev/{name}"


class CloudEventOptions(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """Defaults are left out of what the digest of a report is made from: a new option reports no old run anew."""

    target: Annotated[
        str,
        Meta(
            pattern=URL,
            max_length=MAX_URL,
            description="where the CloudEvents are sent, an http or https URL without a user",
            examples=["https://broker.example.com/default"],
        ),
    ]
    mode: Annotated[
        Literal["binary", "structured"],
        Meta(
            description="how they are put into HTTP: `binary` (attributes in headers, the default) or `structured` "
            "(all in the body, as application/cloudevents+json)",
            examples=["structured"],
        ),
    ] = "binary"
    on: Occasions = ""
    payload: Annotated[
        Literal["full", "thin"],
        Meta(
            description="the run as it is in the cluster (`full`, the default), or only its name, times and condition: "
            "no parameters, results or specs (`thin`)",
            examples=["thin"],
        ),
    ] = "full"


class CloudEventsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Each names a Secret: `token` with what is sent as `Authorization: Bearer`; `certificate` and `key` (PEM) with
    what connections present (mutual TLS)."""

    token: SecretSource | None = None
    certificate: SecretSource | None = None
    key: SecretSource | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("`certificate` and `key` go together; name both, or none")


CLOUD_EVENTS = ProviderType(
    name="CloudEvents",
    block="cloudEvents",
    settings=CloudEventsSettings,
    endpoint="",
    certificate=("certificate", "key"),
)
