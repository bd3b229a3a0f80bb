"""What the README says to users is true: its example verifies, its YAML and its template are taken."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from tekton_integrations_webhook.bodies import VARIABLES
from tekton_integrations_webhook.options import WebhookSettings

from integrations.webhook.tests.helpers import Stage
from tests.fakes.webhook import KEY, OTHER_KEY

README = (Path(__file__).parent.parent / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def verify() -> Any:
    namespace: dict[str, Any] = {}
    exec(blocks("python")[0], namespace)
    return namespace["verify"]


async def test_the_example_verifies_our_messages_and_no_others(stage: Stage, verify: Any) -> None:
    await stage.tell()
    headers, body = stage.last.headers, stage.last.body
    assert verify(KEY, headers, body)
    assert not verify(OTHER_KEY, headers, body)
    assert not verify(KEY, headers, body + b" ")
    assert not verify(KEY, {**headers, "webhook-id": "x"}, body)
    late = str(int(headers["webhook-timestamp"]) - 301)
    assert not verify(KEY, {**headers, "webhook-timestamp": late}, body)


def test_the_message_that_it_shows_has_what_messages_have() -> None:
    shown = yaml.safe_load(blocks("json")[0])
    assert shown["type"] == "tekton.pipelinerun.finished"
    assert set(shown["data"]) == {
        *("milestone", "sequence", "run", "state", "final", "reason", "message", "title", "failures"),
        *("created", "started", "finished", "url"),
    }


def test_all_variables_are_named() -> None:
    section = README.partition("## Your own body")[2].partition("## ")[0]
    assert [name for name in VARIABLES if f"`{name}`" not in section] == []


def test_the_settings_that_it_shows_are_those_of_the_provider() -> None:
    block = yaml.safe_load(re.sub(r"(?m)^    # (?=\w+: )", "    ", blocks("yaml")[2]))["spec"]["webhook"]
    settings = msgspec.convert(block, WebhookSettings)
    assert None not in (settings.signing_key, settings.previous_signing_key, settings.token)
    assert set(block) == {field.encode_name for field in msgspec.structs.fields(WebhookSettings)}


async def test_the_template_that_it_shows_is_taken(stage: Stage) -> None:
    annotations = yaml.safe_load(blocks("yaml")[3])
    given = {name.partition("/")[2]: text for name, text in annotations.items()}
    await stage.tell(template=given["template"])
    assert stage.last.body.startswith(b'{"text": "build-x7k2p: Succeeded')
