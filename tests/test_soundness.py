"""What is wrong with a Notification's options and its template is said when it is written, not by the first run."""

from typing import Any

import pytest
from tekton_integrations_cloudevent.integration import CloudEvent
from tekton_integrations_github.integration import GitHub
from tekton_integrations_slack.integration import Slack
from tekton_integrations_webhook.integration import Webhook

from tekton_integrations import Integration
from tekton_integrations.options import refusal
from tekton_integrations.soundness import NotReady, check_options
from tests.noticed import make
from tests.toy import Slack as Toy

TEXT = {"content-type": "text/plain"}


def problem(integration: type[Integration], **spec: Any) -> tuple[str, str]:
    """The reason and the message; of one that is in order, nothing."""
    try:
        check_options(make(**spec), integration())
    except NotReady as error:
        return error.reason, str(error)
    return "", ""


@pytest.mark.parametrize("integration", [GitHub, Slack, Webhook, CloudEvent])
def test_what_annotations_may_still_say_is_not_missed(integration: type[Integration]) -> None:
    """The examples in the descriptions stand in for what must be there, so they are good ones."""
    assert problem(integration) == ("", "")
    assert refusal(integration, {}) == ""


@pytest.mark.parametrize(
    ("options", "template", "reason", "says"),
    [
        ({}, '{"text": "$(title) $(params.x)"}', "", ""),
        ({}, "$(nope)", "InvalidTemplate", "spec.template: unknown variable $(nope); known: $(id), "),
        ({}, '{"text": $(title)}', "InvalidTemplate", "spec.template: what the template becomes is no JSON"),
        ({}, "$(title)", "InvalidTemplate", "put variables between double quotes"),
        (TEXT, "$(title)", "", ""),
        (TEXT, "$(nope)", "InvalidTemplate", "unknown variable $(nope)"),
        (TEXT, "", "", ""),  # the template may still come with the run
        (TEXT | {"url": "$(params.url)"}, "$(nope)", "InvalidTemplate", "unknown variable $(nope)"),
        ({"payload": "full"}, '{"a": "b"}', "InvalidTemplate", "spec.options.payload says nothing where there is a"),
        ({"content-type": "$(labels.type)"}, "$(title)", "", ""),  # what it will be, only the run says
        ({"content-type": "a/b\r\nx-evil: 1"}, "x", "InvalidOption", "spec.options.content-type must be"),
    ],
)
def test_a_template_is_filled_in_when_it_is_written(
    options: dict[str, str], template: str, reason: str, says: str
) -> None:
    found = problem(Webhook, options=options, template=template)
    assert found[0] == reason
    assert says in found[1]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"comment": "always"}, ""),  # on which pull request may still come with the run
        ({"name": "a", "context": "b"}, "spec.options.name and spec.options.context mean the same"),
        ({"name": "a", "context": "b", "sha": "$(params.revision)"}, "mean the same"),
        ({"name": "a", "context": "$(name)"}, ""),
    ],
)
def test_options_that_do_not_go_together_are_told(options: dict[str, str], says: str) -> None:
    reason, message = problem(GitHub, options=options)
    assert reason == ("InvalidOption" if says else "")
    assert says in message
    assert "annotation" not in message
    assert "integrations.tekton.dev" not in message


def test_an_integration_whose_options_have_no_examples_is_taken_at_its_word() -> None:
    assert problem(Toy) == problem(Toy, options={"channel": "C1"}) == ("", "")
