"""What annotations may say, and which Providers serve them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tekton_integrations import PermanentError, ProviderType, SecretSource
from tekton_integrations.addresses import MAX_URL, PATTERN
from tekton_integrations.occasions import Occasions
from tekton_integrations_webhook.bodies import check

JSON = "application/json"


def key(name: str) -> str:
    """The annotation of an option, for messages."""
    return f"webhook.integrations.tekton.dev/{name}"


class WebhookOptions(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """Defaults are left out of what the digest of a report is made from: a new option reports no old run anew.

    Raises PermanentError for what does not go together, and for a template that could not be filled in.
    """

    url: Annotated[
        str,
        Meta(
            pattern=PATTERN,
            max_length=MAX_URL,
            description="where messages are POSTed to: an http or https URL without a user, a fragment or `..`",
            examples=["https://hooks.example.com/tekton"],
        ),
    ]
    on: Occasions = ""
    payload: Annotated[
        Literal["thin", "full"],
        Meta(
            description="how much a message says: the outcome and its times, `thin` (the default); or the whole run "
            "besides, `full`",
            examples=["full"],
        ),
    ] = "thin"
    template: Annotated[
        str,
        Meta(
            pattern=r"\S",
            max_length=4096,
            description="a body of your own in place of ours, with `$(…)` for what differs; JSON unless `content-type` "
            "says otherwise",
            examples=['{"text": "$(name): $(title)"}'],
        ),
    ] = ""
    content_type: Annotated[
        str,
        Meta(
            pattern=r"\A[a-z]+/[a-z0-9][a-z0-9.+-]*(; ?charset=utf-8)?\Z",
            max_length=100,
            description="the media type of `template`, in lower-case letters; `application/json`, unless given. "
            "Values are escaped for JSON and for `application/x-www-form-urlencoded`, and for nothing else",
            examples=["text/plain; charset=utf-8"],
        ),
    ] = JSON

    def __post_init__(self) -> None:
        if self.template:
            if self.payload == "full":
                raise PermanentError(
                    "InvalidAnnotation", f"{key('payload')} says nothing where there is a {key('template')}; remove one"
                )
            check(self.template, self.content_type)
        elif self.content_type != JSON:
            raise PermanentError(
                "MissingAnnotation",
                f"{key('template')} is missing, and {key('content-type')} is there; our own body is JSON",
            )


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`signingKey` and `previousSigningKey` name Secrets with a key (`whsec_…`), `token` one with what goes into the
    header Authorization."""

    signing_key: SecretSource | None = None
    previous_signing_key: SecretSource | None = None
    token: SecretSource | None = None


# Only the run's own URL says where to go, so there is no endpoint for all.
WEBHOOK = ProviderType(name="Webhook", block="webhook", settings=WebhookSettings, endpoint="")
