"""What annotations may say, and how it is told what to mend."""

import pytest
from tekton_integrations_webhook.integration import Webhook
from tekton_integrations_webhook.options import WebhookOptions

from tekton_integrations import PermanentError
from tekton_integrations.options import parse
from tekton_integrations.requests import Asked

URL = "https://example.com:8080"


def parsed(**given: str) -> WebhookOptions:
    options: WebhookOptions = parse(Webhook, Asked({name.replace("_", "-"): text for name, text in given.items()}, ()))
    return options


def refusal(**given: str) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        parsed(**given)
    return caught.value


def test_a_url_is_enough() -> None:
    assert parsed(url=URL) == WebhookOptions(url=URL)


def test_without_one_it_is_told_what_to_add() -> None:
    error = refusal()
    assert error.reason == "MissingAnnotation"
    assert error.message.startswith("webhook.integrations.tekton.dev/url is missing; it says where messages are POSTed")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url", "ftp://example.com"),
        ("url", "https://user:password@example.com"),
        ("url", f"https://example.com/{'x' * 2048}"),
        ("on", "sometimes"),
        ("on", ""),
        ("payload", "fat"),
        ("template", " "),
        ("template", '{"text": "$(nmae)"}'),
        ("template", "{$(name)}"),
        ("content_type", "json"),
        ("content_type", "text/plain\r\nX-Other: a"),
        ("content_type", "Text/HTML"),
    ],
)
def test_what_has_the_wrong_form_is_told_with_its_annotation(name: str, value: str) -> None:
    given = {"url": URL, "template": "[]", name: value}
    error = refusal(**given)
    assert error.reason == "InvalidAnnotation"
    assert f"webhook.integrations.tekton.dev/{name.replace('_', '-')}" in error.message


def test_a_template_beside_a_full_message_says_two_things() -> None:
    error = refusal(url=URL, payload="full", template="[]")
    assert error.reason == "InvalidAnnotation"
    assert error.message.endswith("says nothing where there is a webhook.integrations.tekton.dev/template; remove one")


def test_a_type_without_a_template_says_nothing() -> None:
    assert refusal(url=URL, content_type="text/plain").reason == "MissingAnnotation"
